package hub

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holter/model"
)

func TestHandshakeKeepsNoSecrets(t *testing.T) {
	r := httptest.NewRequest("GET", "http://x/ws;jsessionid=s3cret%3Fkey=s3cret?client=a&token=s3cret", nil)
	for _, name := range []string{"Authorization", "Cookie", "X-Auth-Token", "X-Api-Key", "Apikey", "X-Password", "X-Session-Id", "X-Whatever"} {
		r.Header.Set(name, "s3cret")
	}
	r.Header.Set("Sec-WebSocket-Key", "s3cret")
	r.Header.Set("Sec-WebSocket-Protocol", "chat, s3cret")
	r.Header.Set("Referer", "https://ann:s3cret@x/?code=s3cret")
	r.Header.Set("Origin", "http://x\x1b[31m")
	r.Header.Set("User-Agent", strings.Repeat("x", maxHeader))
	hidden, all := New(quick()), quick()
	all.ShowSecrets = true
	shake := hidden.handshakeOf(r)
	if strings.Contains(shake.path+shake.header, "s3cret") {
		t.Errorf("kept %+v", shake)
	}
	for name, want := range map[string]string{
		"Host": "x", "Cookie": "(not shown)", "Origin": "http://x\uFFFD[31m", "Sec-Websocket-Protocol": "chat, (not shown)",
		"Referer": "https://x/?code=(not shown)", "X-Whatever": "(not shown)",
	} {
		if fields := shake.fields(); !slices.Contains(fields, model.HeaderField{Name: name, Value: want}) {
			t.Errorf("no %s: %s in %v", name, want, fields)
		}
	}
	for _, f := range shake.fields() {
		if f.Name == "Sec-Websocket-Key" || f.Name == "User-Agent" {
			t.Errorf("kept %v, which is a nonce or too long", f)
		}
	}
	shown := New(all).handshakeOf(r)
	if want := (model.HeaderField{Name: "Cookie", Value: "s3cret"}); !slices.Contains(shown.fields(), want) || shown.path != r.URL.Path {
		t.Errorf("asked for all, kept %+v", shown)
	}
}

// Masking costs a handshake no memory: most of them have nothing that must be looked into.
func TestHandshakeAllocations(t *testing.T) {
	r := request("ann")
	for name, value := range map[string]string{
		"Origin": "https://app.example", "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "de,en;q=0.5", "Cookie": "session=s3cret",
		"Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "bm9uY2U=",
		"Sec-WebSocket-Protocol": "graphql-transport-ws", "Connection": "Upgrade", "Upgrade": "websocket",
	} {
		r.Header.Set(name, value)
	}
	h, all := New(quick()), quick()
	all.ShowSecrets = true
	plain := New(all)
	masked := testing.AllocsPerRun(100, func() { h.handshakeOf(r) })
	if shown := testing.AllocsPerRun(100, func() { plain.handshakeOf(r) }); masked > shown {
		t.Errorf("%v allocations, without masking %v", masked, shown)
	}
}

// Clients that differ only in their secrets have equal handshakes, which are kept once.
func TestSecretsShareAHandshake(t *testing.T) {
	h := New(quick())
	a, b := request("ann"), request("ann")
	a.Header.Set("Cookie", "session=one")
	b.Header.Set("Cookie", "session=another")
	if h.handshakeOf(a) != h.handshakeOf(b) {
		t.Error("two handshakes are kept")
	}
}
