package hub

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
)

// Identity finds the name of the client in a request: the same in each of its reconnects. It names the client
// and does not authenticate it: the signature of a token is not checked.
type Identity struct {
	of func(*http.Request) string
}

// maxClient bounds a client's name, in bytes.
const maxClient = 128

// ParseIdentity parses query:NAME, header:NAME, cookie:NAME, jwt:CLAIM or ip. The empty text stands for the
// query parameter client or, in a request without it, the header X-Client-ID.
func ParseIdentity(s string) (Identity, error) {
	kind, name, named := strings.Cut(s, ":")
	switch {
	case s == "":
		return Identity{func(r *http.Request) string {
			if q := fromQuery(r, "client"); q != "" {
				return q
			}
			return r.Header.Get("X-Client-ID")
		}}, nil
	case s == "ip":
		return Identity{address}, nil
	case !named || name == "":
	case kind == "query":
		return Identity{func(r *http.Request) string { return fromQuery(r, name) }}, nil
	case kind == "header":
		return Identity{func(r *http.Request) string { return r.Header.Get(name) }}, nil
	case kind == "cookie":
		return Identity{func(r *http.Request) string { return fromCookie(r, name) }}, nil
	case kind == "jwt":
		return Identity{func(r *http.Request) string { return fromToken(r, name) }}, nil
	}
	return Identity{}, model.Errorf(model.Invalid, "unknown identity %q: write query:NAME, header:NAME, cookie:NAME, jwt:CLAIM or ip", s)
}

// Of returns the name of the client that sent r. A client without a name is known by its address and user
// agent. The result has at most maxClient bytes, and no control characters.
func (i Identity) Of(r *http.Request) string {
	if i.of != nil {
		if name := model.Clean(i.of(r), maxClient); name != "" {
			return name
		}
	}
	return model.Clean(strings.TrimSpace(address(r)+" "+r.UserAgent()), maxClient)
}

func address(r *http.Request) string {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return p.Addr().Unmap().String()
}

func fromQuery(r *http.Request, name string) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get(name)
}

func fromCookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// fromToken reads a claim of the token in the Authorization header or in the query: a browser cannot set a
// header on a WebSocket.
func fromToken(r *http.Request, claim string) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if token = fromQuery(r, "access_token"); token == "" {
			token = fromQuery(r, "token")
		}
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return ""
	}
	value, _ := claims[claim].(string)
	return value
}
