package hub

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holter/model"
)

func TestHandshakeKeepsNoSecrets(t *testing.T) {
	r := httptest.NewRequest("GET", "http://x/ws?client=a", nil)
	r.Header.Set("Sec-WebSocket-Key", "nonce")
	for _, name := range []string{"Authorization", "Cookie", "X-Auth-Token", "X-Api-Key"} {
		r.Header.Set(name, "s3cret")
	}
	r.Header.Set("Origin", "http://x\x1b[31m")
	r.Header.Set("X-Long", strings.Repeat("x", maxHeader))
	fields := handshakeOf(r).fields()
	for _, want := range []model.HeaderField{{Name: "Host", Value: "x"}, {Name: "Cookie", Value: "(not shown)"}, {Name: "Origin", Value: "http://x\uFFFD[31m"}} {
		if !slices.Contains(fields, want) {
			t.Errorf("no %v in %v", want, fields)
		}
	}
	for _, f := range fields {
		if f.Value == "s3cret" || f.Value == "nonce" || f.Name == "X-Long" {
			t.Errorf("kept %v", f)
		}
	}
}
