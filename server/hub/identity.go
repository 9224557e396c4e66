package hub

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
)

// Identity says who is behind a request: a client, who is the same over reconnects. It names, it
// does not authenticate: a claim is taken from a token without its signature being checked.
type Identity struct {
	of func(*http.Request) string
}

// maxClient bounds a client's name, in bytes.
const maxClient = 128

// ParseIdentity reads query:NAME, header:NAME, cookie:NAME, jwt:CLAIM or ip. The empty text stands for
// the query parameter client, else the header X-Client-ID.
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

// Of names the client of r. Requests that carry no name are known by address and user agent. The
// result is bounded and clean.
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

// fromToken looks where browsers and others put a token: the Authorization header, or the query,
// since a browser cannot set a header on a WebSocket.
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
