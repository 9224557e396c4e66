package bearer

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"holter/model"
)

func TestWhereTokensAre(t *testing.T) {
	hs := pairs()["HS256"]
	key := file(t, hs.file)
	token, other := sign(t, hs, fresh()), sign(t, hs, fresh("sub", "ben"))
	k8s := kubernetes + base64.RawURLEncoding.EncodeToString([]byte(token))
	usual := []string{"header", "protocol"}
	for name, c := range map[string]struct {
		from   []string
		target string
		header []string
		want   string // a subject, or why it is refused
		answer string
	}{
		"header":                    {usual, "/ws", []string{"Authorization", "Bearer " + token}, "ann", ""},
		"header in other letters":   {usual, "/ws", []string{"Authorization", "bearer  " + token + " "}, "ann", ""},
		"header of another scheme":  {usual, "/ws", []string{"Authorization", "Basic YTpi"}, "token-missing", ""},
		"header without a token":    {usual, "/ws", []string{"Authorization", "Bearer"}, "token-missing", ""},
		"header twice":              {usual, "/ws", []string{"Authorization", "Bearer " + token, "Authorization", "Bearer " + other}, "token-ambiguous", ""},
		"header and protocol":       {usual, "/ws", []string{"Authorization", "Bearer " + token, "Sec-WebSocket-Protocol", "bearer, " + other}, "token-ambiguous", ""},
		"the same in two places":    {usual, "/ws", []string{"Authorization", "Bearer " + token, "Sec-WebSocket-Protocol", "bearer, " + token}, "ann", ""},
		"field":                     {[]string{"header:x-token"}, "/ws", []string{"X-Token", token}, "ann", ""},
		"field with a scheme":       {[]string{"header:x-token"}, "/ws", []string{"X-Token", "Bearer " + token}, "ann", ""},
		"protocol":                  {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer, " + token}, "ann", "bearer"},
		"protocol among others":     {usual, "/ws", []string{"Sec-WebSocket-Protocol", "chat, Bearer," + token + ",x"}, "ann", "Bearer"},
		"protocol in two fields":    {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer", "Sec-WebSocket-Protocol", token}, "ann", "bearer"},
		"protocol with a point":     {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer." + token + ", chat"}, "ann", "chat"},
		"only a point":              {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer." + token}, "ann", ""},
		"protocol of Kubernetes":    {usual, "/ws", []string{"Sec-WebSocket-Protocol", k8s + ", v5.channel.k8s.io"}, "ann", "v5.channel.k8s.io"},
		"Kubernetes, no base64":     {usual, "/ws", []string{"Sec-WebSocket-Protocol", kubernetes + "!"}, "token-missing", ""},
		"protocol without a token":  {usual, "/ws", []string{"Sec-WebSocket-Protocol", "chat, bearer"}, "token-missing", ""},
		"protocol, two tokens":      {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer, " + token + ", bearer, " + other}, "token-ambiguous", ""},
		"protocol, other name":      {[]string{"protocol:access_token"}, "/ws", []string{"Sec-WebSocket-Protocol", "access_token, " + token}, "ann", "access_token"},
		"protocol, many offers":     {usual, "/ws", []string{"Sec-WebSocket-Protocol", strings.Repeat("x,", 1000) + "bearer," + token}, "ann", "bearer"},
		"protocol, another far on":  {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer," + token + strings.Repeat(",x", 1000) + ",bearer," + other}, "token-ambiguous", ""},
		"protocol, an empty one":    {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer.,bearer," + token + ",x,bearer," + other}, "token-ambiguous", ""},
		"protocol, the same again":  {usual, "/ws", []string{"Sec-WebSocket-Protocol", "bearer," + token + ",bearer," + token}, "ann", "bearer"},
		"cookie":                    {[]string{"cookie:session"}, "/ws", []string{"Cookie", "a=b; session=" + token}, "ann", ""},
		"cookie twice":              {[]string{"cookie:session"}, "/ws", []string{"Cookie", "session=" + token + "; session=" + other}, "token-ambiguous", ""},
		"cookie, not asked for":     {usual, "/ws", []string{"Cookie", "session=" + token}, "token-missing", ""},
		"query":                     {[]string{"query:token"}, "/ws?token=" + token, nil, "ann", ""},
		"query twice":               {[]string{"query:token"}, "/ws?token=" + token + "&token=" + other, nil, "token-ambiguous", ""},
		"query, not asked for":      {usual, "/ws?token=" + token + "&access_token=" + token, nil, "token-missing", ""},
		"query with a name like it": {[]string{"query:token"}, "/ws?Token=" + token, nil, "token-missing", ""},
		"none":                      {usual, "/ws", nil, "token-missing", ""},
	} {
		g := guard(t, Options{Key: []string{key}, From: c.from})
		p, bad := g.Check(request(c.target, c.header...))
		switch {
		case bad != nil && string(bad.Limit) != c.want:
			t.Errorf("%s: refused for %s, want %s", name, bad.Limit, c.want)
		case bad == nil && (p.Claim("sub") != c.want || p.Subprotocol != c.answer):
			t.Errorf("%s: let in as %q, answered with %q; want %q, %q", name, p.Claim("sub"), p.Subprotocol, c.want, c.answer)
		}
	}
}

// A client without a token hears nothing of others, and the operator where it was looked for.
func TestMissingToken(t *testing.T) {
	g := guard(t, Options{Key: []string{file(t, pairs()["HS256"].file)}, From: []string{"header", "cookie:session", "query:token"}})
	_, bad := g.Check(request("/ws"))
	if bad.Limit != model.TokenMissing || bad.Challenge != "Bearer" || bad.Status != 401 {
		t.Errorf("%+v", bad)
	}
	if want := "Authorization: Bearer, the cookie session or the parameter token"; !strings.Contains(bad.Diagnosis.Detail, want) {
		t.Errorf("%s, want %s", bad.Diagnosis.Detail, want)
	}
}

// Clients that are refused while there are no keys do not all come back at once.
func TestClientsComeBackAtDifferentTimes(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 200 {
		after := refuse(model.TokenUnavailable).RetryAfter
		if after < retryUnavailable || after > retryUnavailable+retrySpread || after%time.Second != 0 {
			t.Errorf("asked to wait for %v", after)
		}
		seen[after] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d different times", len(seen))
	}
}
