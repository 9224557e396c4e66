package bearer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server/pass"
)

// methods are the algorithms that are accepted, if there is a key for them.
var methods = []string{"HS256", "RS256", "ES256", "EdDSA"}

// encoding is that of the parts of a token. It takes line breaks too, so these are looked for apart.
var encoding = base64.RawURLEncoding.Strict()

// verify returns the claims of a token whose signature is right.
func (g *Guard) verify(ctx context.Context, text string) (jwt.MapClaims, *pass.Refusal) {
	known, id := g.keys.Load(), sha256.Sum256([]byte(text))
	if c := g.cache.get(known, id); c != nil {
		return c, nil
	}
	c, refused := g.parse(ctx, text)
	if refused != nil {
		return nil, refused
	}
	if len(text) <= maxKept { // if there are other keys meanwhile, those of before are not asked for again
		g.cache.put(known, id, c)
	}
	return c, nil
}

// parse verifies a token, and then reads its claims (RFC 7519 section 7.2). What its text says is not believed before, but
// for the algorithm and the name of the key, of which both must be known.
func (g *Guard) parse(ctx context.Context, text string) (jwt.MapClaims, *pass.Refusal) {
	header, rest, _ := strings.Cut(text, ".")
	payload, signature, whole := strings.Cut(rest, ".")
	if !whole || strings.ContainsAny(text, "\r\n") || strings.Contains(signature, ".") {
		return nil, refuse(model.TokenMalformed)
	}
	t := g.cache.head(header)
	if t == nil {
		var refused *pass.Refusal
		if t, refused = parseHeader(header); refused != nil {
			return nil, refused
		}
	}
	seal, err := encoding.DecodeString(signature)
	if err != nil {
		return nil, refuse(model.TokenMalformed)
	}
	keys, otherwise := g.keyFor(ctx, t)
	if !slices.ContainsFunc(keys, func(key any) bool { return t.Method.Verify(text[:len(header)+1+len(payload)], seal, key) == nil }) {
		return nil, refuse(otherwise)
	}
	g.cache.keepHead(header, t)
	return object(payload)
}

// parseHeader parses the first part of a token. It must ask for nothing that is not understood here (RFC 7515 section 4.1.11).
func parseHeader(segment string) (*jwt.Token, *pass.Refusal) {
	header, refused := object(segment)
	if refused != nil {
		return nil, refused
	}
	if _, critical := header["crit"]; critical {
		return nil, malformed("the header of the token asks for an extension (crit)", "leave crit out: none is known here")
	}
	method, _ := header["alg"].(string)
	if !slices.Contains(methods, method) {
		return nil, refuse(model.TokenAlgorithm)
	}
	if name, named := header["kid"]; named {
		if _, text := name.(string); !text {
			return nil, malformed("the token's kid is no text", "write the name of the key as a text")
		}
	}
	return &jwt.Token{Header: header, Method: jwt.GetSigningMethod(method)}, nil
}

// object decodes a part of a token, and parses the object of JSON in it. A name that is there twice is refused: another reader
// might take the other value (RFC 7515 section 4, RFC 7519 section 4). So is text that is not UTF-8: a reader replaces it, and then
// two tokens say the same that do not.
func object(segment string) (map[string]any, *pass.Refusal) {
	text, err := encoding.DecodeString(segment)
	var o map[string]any
	if err != nil || json.Unmarshal(text, &o) != nil || o == nil {
		return nil, refuse(model.TokenMalformed)
	}
	switch {
	case !utf8.Valid(text), halved(text):
		return nil, malformed("the text of the token is not valid UTF-8", "write it in UTF-8 (RFC 7519 section 7.1)")
	case members(text) != count(o):
		return nil, malformed("the token says something twice", "write each claim and each field of the header once: readers differ in which of the two they take")
	}
	return o, nil
}

// halved reports whether there is half of a character in valid JSON, written as \ud83d without the other half.
func halved(text []byte) bool {
	var half rune
	for i := 0; i < len(text); i++ {
		var unit rune
		if text[i] == '\\' {
			if i++; text[i] == 'u' {
				code, _ := strconv.ParseUint(string(text[i+1:i+5]), 16, 16)
				unit, i = rune(code), i+4
			}
		}
		switch {
		case half != 0 && utf16.DecodeRune(half, unit) == utf8.RuneError:
			return true
		case half != 0:
			half = 0
		case utf16.IsSurrogate(unit):
			half = unit
		}
	}
	return false
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

// check returns when a token expires whose signature is right, the zero Time for never, or why it is refused.
func (rs *rules) check(c jwt.MapClaims, now time.Time) (expires time.Time, refused *pass.Refusal) {
	expires, expiring, ok := moment(c, "exp")
	from, early, ok2 := moment(c, "nbf")
	issuer, err := c.GetIssuer()
	audience, err2 := c.GetAudience()
	switch {
	case !ok:
		return expires, noTime("exp")
	case !ok2:
		return expires, noTime("nbf")
	case err != nil:
		return expires, malformed("the token's iss is no text", "write its own name as a text")
	case err2 != nil:
		return expires, malformed("the token's aud is no text, nor a list of texts", "write the services that the token is for as texts")
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

// noTime refuses a token of which a claim is no time.
func noTime(claim string) *pass.Refusal {
	return malformed("the token's "+claim+" is no time", "write "+claim+" as a number: the seconds since 1970, up to the year 9999")
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
