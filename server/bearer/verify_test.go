package bearer

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server/pass"
)

func TestEachAlgorithm(t *testing.T) {
	for name, p := range pairs() {
		g := guard(t, Options{Key: []string{file(t, p.file)}})
		if subject, refused := check(g, bearing(sign(t, p, fresh()))); subject != "ann" {
			t.Errorf("%s: refused for %s", name, refused)
		}
		for other, q := range pairs() {
			_, refused := check(g, bearing(sign(t, q, fresh())))
			if other != name && refused != string(model.TokenAlgorithm) {
				t.Errorf("%s with the key of %s: refused for %q", other, name, refused)
			}
		}
	}
}

// A token that was changed in any place is refused.
func TestEveryByteCounts(t *testing.T) {
	for name, p := range pairs() {
		g := guard(t, Options{Key: []string{file(t, p.file)}})
		token := []byte(sign(t, p, fresh()))
		for i := range token {
			for _, c := range []byte{token[i] ^ 1, token[i] ^ 2, 'A', '.', '=', 0} {
				changed := append([]byte(nil), token...)
				if changed[i] = c; c == token[i] {
					continue
				}
				r := bearing("")
				r.Header["Authorization"] = []string{"Bearer " + string(changed)}
				if _, refused := check(g, r); refused == "" {
					t.Fatalf("%s: byte %d of %d may be %q", name, i, len(token), c)
				}
			}
			broken := request("/ws")
			broken.Header["Authorization"] = []string{"Bearer " + string(token[:i]) + "\n" + string(token[i:])}
			if _, refused := check(g, broken); refused == "" && i > 0 {
				t.Fatalf("%s: a line may break before byte %d", name, i)
			}
			if _, refused := check(g, bearing(string(token[:i]))); refused == "" {
				t.Fatalf("%s: %d bytes of %d are enough", name, i, len(token))
			}
		}
	}
}

func raw(header, payload string, p pair, t *testing.T) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := p.method.Sign(text, p.private)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// publicAsSecret is a token that was signed with HS256 and the public key as the secret.
func publicAsSecret(t *testing.T, public []byte) string {
	return sign(t, pair{jwt.SigningMethodHS256, public, nil}, fresh())
}

func unsigned(t *testing.T, claims jwt.Claims) string {
	return sign(t, pair{jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil}, claims)
}

func TestBadTokens(t *testing.T) {
	hs, rs := pairs()["HS256"], pairs()["RS256"]
	g := guard(t, Options{
		Key: []string{file(t, hs.file), file(t, rs.file)}, Issuer: []string{"https://id.example"}, Audience: []string{"chat", "games"},
		Require: []string{"sub", "role=admin"}, Leeway: 10 * time.Second,
	})
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ok := func(others ...any) jwt.MapClaims { return fresh(append([]any{"role", "admin"}, others...)...) }
	at := func(d time.Duration) float64 { return float64(time.Now().Add(d).Unix()) }
	head, exp := `{"alg":"HS256"}`, fmt.Sprintf(`"exp":%v,"iss":"https://id.example","aud":"chat","sub":"ann"`, int(at(time.Hour)))
	for name, c := range map[string]struct {
		token string
		want  model.RefusalLimit
	}{
		"good":                    {sign(t, hs, ok()), ""},
		"good by RSA":             {sign(t, rs, ok()), ""},
		"a list of audiences":     {sign(t, hs, ok("aud", []string{"x", "games"})), ""},
		"a role of several":       {sign(t, hs, ok("role", []string{"x", "admin"})), ""},
		"a role among words":      {sign(t, hs, ok("role", "read admin")), ""},
		"expired within leeway":   {sign(t, hs, ok("exp", at(-5*time.Second))), ""},
		"early within leeway":     {sign(t, hs, ok("nbf", at(5*time.Second))), ""},
		"empty":                   {"", model.TokenMissing},
		"junk":                    {"junk", model.TokenMalformed},
		"points":                  {"..", model.TokenMalformed},
		"four parts":              {sign(t, hs, ok()) + ".x", model.TokenMalformed},
		"encrypted":               {"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d", model.TokenMalformed},
		"padded":                  {sign(t, hs, ok()) + "=", model.TokenMalformed},
		"claims are a list":       {raw(head, `[]`, hs, t), model.TokenMalformed},
		"claims are null":         {raw(head, `null`, hs, t), model.TokenMalformed},
		"claims are a text":       {raw(head, `"ann"`, hs, t), model.TokenMalformed},
		"header is null":          {raw(`null`, `{`+exp+`}`, hs, t), model.TokenMalformed},
		"header without alg":      {raw(`{}`, `{`+exp+`}`, hs, t), model.TokenAlgorithm},
		"alg is a number":         {raw(`{"alg":1}`, `{`+exp+`}`, hs, t), model.TokenAlgorithm},
		"alg twice":               {raw(`{"alg":"none","alg":"HS256"}`, `{`+exp+`,"role":"admin"}`, hs, t), model.TokenMalformed},
		"kid is a number":         {raw(`{"alg":"HS256","kid":1}`, `{`+exp+`,"role":"admin"}`, hs, t), model.TokenMalformed},
		"crit":                    {raw(`{"alg":"HS256","crit":["b64"],"b64":false}`, `{`+exp+`,"role":"admin"}`, hs, t), model.TokenMalformed},
		"a claim twice":           {raw(head, `{`+exp+`,"role":"user","role":"admin"}`, hs, t), model.TokenMalformed},
		"a claim twice, escaped":  {raw(head, `{`+exp+`,"role":"user","r\u006fle":"admin"}`, hs, t), model.TokenMalformed},
		"a claim twice below":     {raw(head, `{`+exp+`,"role":"admin","x":[{"a":1,"a":2}]}`, hs, t), model.TokenMalformed},
		"a subject not in UTF-8":  {raw(head, `{`+exp+`,"role":"admin","sub":"`+"\xff"+`"}`, hs, t), model.TokenMalformed},
		"half a character":        {raw(head, `{`+exp+`,"role":"admin","sub":"\ud83d"}`, hs, t), model.TokenMalformed},
		"its other half":          {raw(head, `{`+exp+`,"role":"admin","sub":"\ude00x"}`, hs, t), model.TokenMalformed},
		"halves in wrong order":   {raw(head, `{`+exp+`,"role":"admin","sub":"\ude00\ud83d"}`, hs, t), model.TokenMalformed},
		"half, then another":      {raw(head, `{`+exp+`,"role":"admin","sub":"\ud83d\n"}`, hs, t), model.TokenMalformed},
		"two halves":              {raw(head, `{`+exp+`,"role":"admin","x":"\ud83d\uDE00 \\ud83d \" \u00e9"}`, hs, t), ""},
		"header not in UTF-8":     {raw(`{"alg":"HS256","x":"`+"\xff"+`"}`, `{`+exp+`,"role":"admin"}`, hs, t), model.TokenMalformed},
		"colons and quotes":       {raw(head, `{`+exp+`,"role":"admin","x":"a:\"b\":{c:","y":{"a":{"b":":"}}}`, hs, t), ""},
		"claims in other case":    {raw(head, `{`+exp+`,"ROLE":"admin"}`, hs, t), model.TokenClaim},
		"deep":                    {raw(head, `{`+exp+`,"x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`, hs, t), model.TokenClaim},
		"oversized":               {sign(t, hs, ok("x", strings.Repeat("x", maxToken))), model.TokenOversized},
		"unsigned":                {unsigned(t, ok()), model.TokenAlgorithm},
		"signature cut off":       {sign(t, hs, ok())[:strings.LastIndexByte(sign(t, hs, ok()), '.')+1], model.TokenSignature},
		"none, with a signature":  {raw(`{"alg":"none"}`, `{`+exp+`}`, hs, t), model.TokenAlgorithm},
		"None":                    {raw(`{"alg":"None"}`, `{`+exp+`}`, hs, t), model.TokenAlgorithm},
		"public key as secret":    {publicAsSecret(t, rs.file), model.TokenSignature},
		"HS384":                   {sign(t, pair{jwt.SigningMethodHS384, secret, nil}, ok()), model.TokenAlgorithm},
		"PS256":                   {sign(t, pair{jwt.SigningMethodPS256, rs.private, nil}, ok()), model.TokenAlgorithm},
		"ES512":                   {sign(t, pair{jwt.SigningMethodES512, p521, nil}, ok()), model.TokenAlgorithm},
		"a key of no kind here":   {sign(t, pair{jwt.SigningMethodEdDSA, other, nil}, ok()), model.TokenAlgorithm},
		"another secret":          {sign(t, pair{jwt.SigningMethodHS256, []byte("0123456789abcdef0123456789abcdeX"), nil}, ok()), model.TokenSignature},
		"no expiry":               {sign(t, hs, ok("exp", nil)), model.TokenClaim},
		"expiry is null":          {raw(head, `{"exp":null,"iss":"https://id.example","aud":"chat","sub":"ann","role":"admin"}`, hs, t), model.TokenMalformed},
		"expiry is a text":        {sign(t, hs, ok("exp", "4102444800")), model.TokenMalformed},
		"expiry beyond all":       {sign(t, hs, ok("exp", 1e300)), model.TokenMalformed},
		"expiry beyond int64":     {sign(t, hs, ok("exp", 9.3e18)), model.TokenMalformed},
		"expiry in milliseconds":  {sign(t, hs, ok("exp", at(time.Hour)*1000)), model.TokenMalformed},
		"expiry negative":         {sign(t, hs, ok("exp", -1)), model.TokenMalformed},
		"expired":                 {sign(t, hs, ok("exp", at(-11*time.Second))), model.TokenExpired},
		"expired in 1970":         {sign(t, hs, ok("exp", 0)), model.TokenExpired},
		"not yet valid":           {sign(t, hs, ok("nbf", at(20*time.Second))), model.TokenEarly},
		"another issuer":          {sign(t, hs, ok("iss", "https://id.example/")), model.TokenIssuer},
		"no issuer":               {sign(t, hs, ok("iss", nil)), model.TokenIssuer},
		"issuer is a list":        {sign(t, hs, ok("iss", []string{"https://id.example"})), model.TokenMalformed},
		"another audience":        {sign(t, hs, ok("aud", "chat2")), model.TokenAudience},
		"no audience":             {sign(t, hs, ok("aud", nil)), model.TokenAudience},
		"audience of numbers":     {sign(t, hs, ok("aud", []any{1})), model.TokenMalformed},
		"no role":                 {sign(t, hs, ok("role", nil)), model.TokenClaim},
		"another role":            {sign(t, hs, ok("role", "administrator")), model.TokenClaim},
		"a role within a list":    {sign(t, hs, ok("role", []any{[]any{"admin"}})), model.TokenClaim},
		"a role in a list's text": {sign(t, hs, ok("role", []any{"not admin"})), model.TokenClaim},
		"no subject":              {sign(t, hs, ok("sub", nil)), model.TokenClaim},
	} {
		p, bad := g.Check(bearing(c.token))
		switch {
		case c.want == "" && bad != nil:
			t.Errorf("%s: refused for %s: %s", name, bad.Limit, bad.Diagnosis.Detail)
		case c.want == "" && p.Claim("sub") != "ann":
			t.Errorf("%s: let in as %q", name, p.Claim("sub"))
		case c.want != "" && (bad == nil || bad.Limit != c.want):
			t.Errorf("%s: %+v, want %s", name, bad, c.want)
		case bad != nil:
			wantSilence(t, name, bad, c.token)
		}
	}
}

// A token that is refused for what it says is told what that is, so that its issuer can mend it.
func TestFlawsAreNamed(t *testing.T) {
	hs := pairs()["HS256"]
	g := guard(t, Options{Key: []string{file(t, hs.file)}})
	const head, exp = `{"alg":"HS256"}`, `"exp":4102444800`
	for token, want := range map[string]string{
		raw(head, `{`+exp+`,"sub":"ann","sub":"ben"}`, hs, t):                 "twice",
		raw(`{"alg":"HS256","alg":"none"}`, `{`+exp+`}`, hs, t):               "twice",
		raw(`{"alg":"HS256","crit":["b64"],"b64":false}`, `{`+exp+`}`, hs, t): "crit",
		raw(`{"alg":"HS256","kid":1}`, `{`+exp+`}`, hs, t):                    "kid is no text",
		raw(head, `{"exp":"4102444800"}`, hs, t):                              "exp is no time",
		raw(head, `{"exp":null}`, hs, t):                                      "exp is no time",
		raw(head, `{"exp":-1}`, hs, t):                                        "exp is no time",
		raw(head, `{"exp":1e18}`, hs, t):                                      "exp is no time",
		raw(head, `{`+exp+`,"nbf":"now"}`, hs, t):                             "nbf is no time",
		raw(head, `{`+exp+`,"iss":1}`, hs, t):                                 "iss is no text",
		raw(head, `{`+exp+`,"aud":[1]}`, hs, t):                               "aud is no text",
		raw(head, `{`+exp+`,"sub":"`+"\xff"+`"}`, hs, t):                      "UTF-8",
		raw(head, `[]`, hs, t):                                                "no JSON Web Token",
	} {
		_, bad := g.Check(bearing(token))
		if bad == nil || bad.Limit != model.TokenMalformed {
			t.Errorf("%s: %+v", want, bad)
			continue
		}
		for _, said := range []string{bad.Reason, bad.Challenge, bad.Diagnosis.Detail} {
			if !strings.Contains(said, want) {
				t.Errorf("%q instead of %s", said, want)
			}
		}
		wantSilence(t, want, bad, token)
	}
}

// wantSilence wants a refusal that follows RFC 6750 and shows nothing of the token.
func wantSilence(t *testing.T, name string, bad *pass.Refusal, token string) {
	t.Helper()
	status := http.StatusUnauthorized
	if bad.Limit == model.TokenClaim {
		status = http.StatusForbidden
	}
	if bad.Status != status || !strings.HasPrefix(bad.Challenge, "Bearer") || bad.Reason == "" || bad.By != model.RefusedByHolter {
		t.Errorf("%s: %+v", name, bad)
	}
	shown := bad.Reason + bad.Challenge + bad.Diagnosis.Detail
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(shown, part[:8]) {
			t.Errorf("%s: shows %s", name, shown)
		}
	}
}

func TestUnlimitedTokens(t *testing.T) {
	hs := pairs()["HS256"]
	g := guard(t, Options{Key: []string{file(t, hs.file)}, Unlimited: true, Warn: time.Minute})
	p, bad := g.Check(bearing(sign(t, hs, fresh("exp", nil))))
	if bad != nil || !p.Expires.IsZero() || p.Term() != nil {
		t.Errorf("%+v, refused %+v", p, bad)
	}
	if p, bad = g.Check(bearing(sign(t, hs, fresh()))); bad != nil || p.Expires.IsZero() || p.Warn != time.Minute {
		t.Errorf("%+v, refused %+v", p, bad)
	}
}

// Connections with tokens of one moment are closed within the leeway, and not all at once.
func TestSpread(t *testing.T) {
	now := time.Unix(1000, 0)
	seen := map[time.Time]bool{}
	for range 100 {
		at := spread(now.Add(time.Minute), 30*time.Second, now)
		if at.Before(now.Add(time.Minute)) || !at.Before(now.Add(90*time.Second)) {
			t.Fatalf("closed %v after now", at.Sub(now))
		}
		seen[at] = true
		if late := spread(now.Add(-20*time.Second), 30*time.Second, now); late.Before(now) || !late.Before(now.Add(10*time.Second)) {
			t.Fatalf("a token in its leeway: closed %v after now", late.Sub(now))
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d moments", len(seen))
	}
	if at := spread(now, 0, now.Add(-time.Second)); !at.Equal(now) {
		t.Errorf("without leeway: %v", at)
	}
}
