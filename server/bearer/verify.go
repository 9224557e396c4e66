package bearer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server/pass"
)

// claims are what a token says. Before its signature is verified they are worth nothing.
type claims struct{ jwt.MapClaims }

var errTwice = errors.New("a name twice in one object")

// UnmarshalJSON takes over the claims. A name that is there twice is an error: another reader might take the other value
// (RFC 7519 section 4).
func (c *claims) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &c.MapClaims); err != nil {
		return err
	}
	if members(text) != count(map[string]any(c.MapClaims)) {
		return errTwice
	}
	return nil
}

// members returns the number of members of all objects in valid JSON.
func members(text []byte) (n int) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			n++
		}
	}
	return n
}

// count returns the number of members of all objects in a value that was read from JSON.
func count(value any) (n int) {
	switch v := value.(type) {
	case map[string]any:
		n = len(v)
		for _, member := range v {
			n += count(member)
		}
	case []any:
		for _, element := range v {
			n += count(element)
		}
	}
	return n
}

// verify returns the claims of a token whose signature is right.
func (g *Guard) verify(ctx context.Context, text string) (jwt.MapClaims, *pass.Refusal) {
	c := &claims{}
	token, err := g.parser.ParseWithClaims(text, c, func(t *jwt.Token) (any, error) { return g.keyFor(ctx, t) })
	if err != nil {
		return nil, refuse(whyNot(token, err))
	}
	return c.MapClaims, nil
}

// methods are the algorithms that are accepted, if there is a key for them.
var methods = []string{"HS256", "RS256", "ES256", "EdDSA"}

// whyNot returns why a token could not be verified.
func whyNot(token *jwt.Token, err error) model.RefusalLimit {
	if token == nil {
		return model.TokenMalformed
	}
	why, known := errors.AsType[keyError](err)
	switch method, named := token.Header["alg"].(string); {
	case known:
		return why.why
	case errors.Is(err, jwt.ErrTokenMalformed), errors.Is(err, errTwice):
		return model.TokenMalformed
	case !named || !slices.Contains(methods, method):
		return model.TokenAlgorithm
	}
	return model.TokenSignature
}

// soundHeader reports whether the header of a token names nothing twice, and asks for nothing that is not understood
// (RFC 7515 sections 4 and 4.1.11).
func soundHeader(t *jwt.Token) bool {
	if _, critical := t.Header["crit"]; critical {
		return false
	}
	segment, _, _ := strings.Cut(t.Raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(segment)
	return err == nil && members(text) == count(t.Header)
}

// check returns when a token expires whose signature is right, the zero Time for never, or why it is refused.
func (rs *rules) check(c jwt.MapClaims, now time.Time) (expires time.Time, refused *pass.Refusal) {
	expires, expiring, ok := moment(c, "exp")
	from, early, ok2 := moment(c, "nbf")
	issuer, err := c.GetIssuer()
	audience, err2 := c.GetAudience()
	switch {
	case c == nil || !ok || !ok2 || err != nil || err2 != nil:
		return expires, refuse(model.TokenMalformed)
	case !expiring && !rs.Unlimited:
		return expires, refuseClaim("it never expires (exp), which --jwt-unlimited allows")
	case expiring && !now.Before(expires.Add(rs.Leeway)):
		return expires, refuse(model.TokenExpired)
	case early && now.Before(from.Add(-rs.Leeway)):
		return expires, refuse(model.TokenEarly)
	case len(rs.Issuer) > 0 && !slices.Contains(rs.Issuer, issuer):
		return expires, refuse(model.TokenIssuer)
	case len(rs.Audience) > 0 && !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(rs.Audience, a) }):
		return expires, refuse(model.TokenAudience)
	}
	for _, r := range rs.require {
		if !r.holds(c[r.claim]) {
			return expires, refuseClaim("--jwt-require " + r.String())
		}
	}
	return expires, nil
}

// lastMoment is the end of the year 9999, in seconds since 1970. What is beyond it has no date, and would overflow.
const lastMoment = 253402300799

// moment returns a time among claims. The last result is false if it is there and is none.
func moment(c jwt.MapClaims, name string) (at time.Time, there, ok bool) {
	value, there := c[name]
	if !there {
		return time.Time{}, false, true
	}
	seconds, ok := value.(float64)
	if !ok || seconds < 0 || seconds > lastMoment {
		return time.Time{}, true, false
	}
	return time.UnixMicro(int64(math.Round(seconds * 1e6))), true, true
}

// String is r as it is written.
func (r requirement) String() string {
	if r.any {
		return r.claim
	}
	return r.claim + "=" + r.value
}

// holds reports whether a claim meets a requirement: it is that text, number or truth value, a list with it, or a text of
// words, as a scope is, with it.
func (r requirement) holds(value any) bool {
	if r.any {
		return value != nil
	}
	switch v := value.(type) {
	case string:
		return v == r.value || slices.Contains(strings.Fields(v), r.value)
	case bool, float64:
		text, _ := json.Marshal(v)
		return string(text) == r.value
	case []any:
		return slices.ContainsFunc(v, func(element any) bool {
			if text, ok := element.(string); ok {
				return text == r.value
			}
			_, list := element.([]any)
			return !list && r.holds(element)
		})
	}
	return false
}

// spread returns when a connection is closed whose token expires then: a moment within the leeway that is left, so that
// connections with tokens of one moment do not all come back in one moment.
func spread(expires time.Time, leeway time.Duration, now time.Time) time.Time {
	from := expires
	if now.After(from) {
		from = now
	}
	if left := expires.Add(leeway).Sub(from); left > 0 {
		return from.Add(rand.N(left))
	}
	return from
}
