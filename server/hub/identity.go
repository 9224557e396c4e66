package hub

import (
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
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

// ParseIdentity parses query:NAME, header:NAME, cookie:NAME, jwt:CLAIM, path:N, basic or ip. N counts the segments
// of the path from 1, or from the end if it is negative. basic is the user of Basic authentication. The empty text
// stands for the query parameter client or, in a request without it, the header X-Client-ID.
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
	case s == "basic":
		return Identity{fromBasic}, nil
	case kind == "path":
		n, err := strconv.Atoi(name)
		if err != nil || n == 0 {
			return Identity{}, model.Errorf(model.Invalid, "identity %q names no segment of the path: write path:1 for the first one, path:-1 for the last", s)
		}
		return Identity{func(r *http.Request) string { return fromPath(r, n) }}, nil
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
	return Identity{}, model.Errorf(model.Invalid, "unknown identity %q: write query:NAME, header:NAME, cookie:NAME, jwt:CLAIM, path:N, basic or ip", s)
}

// Of returns the name of the client that sent r. A client without a name is known by its address and user
// agent. The result has at most maxClient bytes, and no control characters.
func (i Identity) Of(r *http.Request) string {
	if i.of != nil {
		if name := model.Clean(i.of(r), maxClient); strings.TrimSpace(name) != "" {
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

func fromBasic(r *http.Request) string {
	user, _, _ := r.BasicAuth()
	return user
}

// fromPath returns the n-th segment of the path, from the end if n is negative. An empty segment, as after the
// slash at the end, does not count. A slash that is written as %2F is part of a segment.
func fromPath(r *http.Request, n int) string {
	if n < 0 {
		all := 0
		for range segments(r) {
			all++
		}
		n += all + 1
	}
	for s := range segments(r) {
		if n--; n == 0 {
			name, err := url.PathUnescape(s)
			if err != nil {
				return s
			}
			return name
		}
	}
	return ""
}

// segments are those of the path of r, escaped, without the empty ones.
func segments(r *http.Request) iter.Seq[string] {
	return strings.FieldsFuncSeq(r.URL.EscapedPath(), func(c rune) bool { return c == '/' })
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
