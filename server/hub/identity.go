package hub

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server/pass"
	"holter/server/redact"
)

// Identity finds the name of the client in a request: the same in each of its reconnects. It names the client
// and does not authenticate it: the signature of a token is not checked, unless there is a guard, which does so. See
// verified.
//
// A value that works as a credential is not shown as a name: the value of a cookie, the value of a field, parameter
// or claim with a name for secrets (redact.Secret), any value that looks like a credential (redact.Token), and the
// user of Basic authentication without a password. A hash replaces the value: session-3f9a0c41d2b7. The hash has a
// random key, so that a reader cannot find the value by trial. The price is that the hash changes when the process
// restarts.
type Identity struct {
	of    func(*http.Request) (value string, secret bool)
	claim string // of a token, empty for what is no identity of jwt
	label string // of a hash
	key   []byte // of the hash; nil to show values as they come
}

// maxClient bounds a client's name, in bytes.
const maxClient = 128

// ParseIdentity parses query:NAME, header:NAME, cookie:NAME, jwt:CLAIM, path:N, basic or ip. N counts the segments
// of the path from 1, or from the end if it is negative. basic is the user of Basic authentication. The empty text
// stands for the query parameter client or, in a request without it, the header X-Client-ID or, of a charger, the last
// segment of the path.
func ParseIdentity(s string) (Identity, error) {
	kind, name, named := strings.Cut(s, ":")
	switch {
	case s == "":
		return identify("client", false, func(r *http.Request) string {
			if q := fromQuery(r, "client"); q != "" {
				return q
			}
			if h := r.Header.Get("X-Client-ID"); h != "" || !isCharger(r) {
				return h
			}
			return fromPath(r, -1)
		}), nil
	case s == "ip":
		return identify("ip", false, address), nil
	case s == "basic":
		return Identity{of: fromBasic, label: "basic", key: newKey()}, nil
	case kind == "path":
		n, err := strconv.Atoi(name)
		if err != nil || n == 0 {
			return Identity{}, model.Errorf(model.Invalid, "identity %q names no segment of the path: write path:1 for the first one, path:-1 for the last", s)
		}
		return identify("path", false, func(r *http.Request) string { return fromPath(r, n) }), nil
	case !named || name == "":
	case kind == "query":
		return identify(name, redact.Secret(name), func(r *http.Request) string { return fromQuery(r, name) }), nil
	case kind == "header":
		return identify(name, redact.Secret(name), func(r *http.Request) string { return r.Header.Get(name) }), nil
	case kind == "cookie":
		return identify(name, true, func(r *http.Request) string { return fromCookie(r, name) }), nil
	case kind == "jwt":
		i := identify(name, redact.Secret(name), func(r *http.Request) string { return fromToken(r, name) })
		i.claim = name
		return i, nil
	}
	return Identity{}, model.Errorf(model.Invalid, "unknown identity %q: write query:NAME, header:NAME, cookie:NAME, jwt:CLAIM, path:N, basic or ip", s)
}

// identify makes an identity from where its values are, and whether all of them are secret.
func identify(label string, secret bool, of func(*http.Request) string) Identity {
	return Identity{of: func(r *http.Request) (string, bool) { return of(r), secret }, label: strings.ToLower(label), key: newKey()}
}

func newKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return key
}

// revealing returns an identity that shows all values as they come.
func (i Identity) revealing() Identity {
	i.key = nil
	return i
}

// verified returns an identity that takes its names only from tokens that a guard has verified: no client can use the name
// of another one then, not even to be refused.
func (i Identity) verified() Identity {
	if i.claim != "" {
		claim, secret := i.claim, redact.Secret(i.claim)
		i.of = func(r *http.Request) (string, bool) { return pass.Of(r).Claim(claim), secret }
	}
	return i
}

// name returns the name of the client that sent r, "" if r has none.
func (i Identity) name(r *http.Request) string {
	if i.of == nil {
		return ""
	}
	value, secret := i.of(r)
	if i.key == nil || strings.TrimSpace(value) == "" || !secret && !redact.Token(value) {
		return value
	}
	sum := hmac.New(sha256.New, i.key)
	io.WriteString(sum, value)
	return fmt.Sprintf("%s-%x", i.label, sum.Sum(nil)[:6])
}

// Of returns the name of the client that sent r. A client without a name is known by its address and user
// agent. The result has at most maxClient bytes, and no control characters.
func (i Identity) Of(r *http.Request) string {
	if name := model.Clean(i.name(r), maxClient); strings.TrimSpace(name) != "" {
		return name
	}
	return model.Clean(strings.TrimSpace(address(r)+" "+r.UserAgent()), maxClient)
}

// counted returns the name by which the connections of the client of r are counted, "" if it has none of its own: many
// clients may have one address and user agent.
func (i Identity) counted(r *http.Request) string {
	return strings.Clone(strings.TrimSpace(model.Clean(i.name(r), maxClient)))
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

// isCharger reports whether a request offers a version of OCPP: its URL ends in the identity of the charging station
// (OCPP-J 1.6, section 3.1.1; OCPP 2.0.1 part 4, section 3.1.1).
func isCharger(r *http.Request) bool {
	for _, offer := range r.Header["Sec-Websocket-Protocol"] {
		for name := range strings.SplitSeq(offer, ",") {
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "ocpp") {
				return true
			}
		}
	}
	return false
}

// fromBasic returns the user of Basic authentication. A user without a password is a credential: some
// APIs take their keys that way.
func fromBasic(r *http.Request) (user string, secret bool) {
	user, password, _ := r.BasicAuth()
	return user, password == ""
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
			if name, err := url.PathUnescape(s); err == nil {
				s = name
			}
			return redact.Path(s)
		}
	}
	return ""
}

// segments are those of the path of r, escaped, without the empty ones.
func segments(r *http.Request) iter.Seq[string] {
	return strings.FieldsFuncSeq(r.URL.EscapedPath(), func(c rune) bool { return c == '/' })
}

// fromToken reads a claim of the token.
func fromToken(r *http.Request, claim string) string {
	value, _ := claimsOf(r, false)[claim].(string)
	return value
}

// claimsOf returns the claims of the token in the Authorization header or in the query, nil if there is none: a browser
// cannot set a header on a WebSocket. Of a guarded monitor they are those that the guard has verified.
func claimsOf(r *http.Request, guarded bool) jwt.MapClaims {
	if p := pass.Of(r); p != nil {
		return p.Claims
	}
	if guarded {
		return nil
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if token = fromQuery(r, "access_token"); token == "" {
			token = fromQuery(r, "token")
		}
	}
	if token == "" {
		return nil
	}
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return nil
	}
	return claims
}
