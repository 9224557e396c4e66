package endpoint

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/bearer"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

// guarded lets a server in the test let in only clients with a token.
func guarded(t testing.TB, o bearer.Options) func(*server.Options, *Options) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Key = []string{path}
	g, err := bearer.New(o, silent)
	if err != nil {
		t.Fatal(err)
	}
	return func(s *server.Options, _ *Options) { s.Guard, s.Identity = g, "jwt:sub" }
}

func tokenOf(t testing.TB, subject string) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": subject, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A browser sends its token as a subprotocol, and takes an answer only if one of those that it offered is chosen: not the
// token, which would be in the answer then.
func TestTokenOfABrowser(t *testing.T) {
	s := runServer(t, guarded(t, bearer.Options{}))
	for name, c := range map[string]struct {
		offer  []string
		chosen string
	}{
		"two":          {[]string{"bearer", tokenOf(t, "ann")}, "bearer"},
		"among others": {[]string{"chat", "bearer", tokenOf(t, "ann")}, "bearer"},
		"with a point": {[]string{"bearer." + tokenOf(t, "ann"), "chat"}, "chat"},
	} {
		d := websocket.Dialer{Subprotocols: c.offer}
		ws, _, err := d.Dial(s.URL(), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if ws.Subprotocol() != c.chosen {
			t.Errorf("%s: chosen is %q", name, ws.Subprotocol())
		}
		ws.Close()
	}
	e := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened })
	if e.Connection.Client != "ann" || e.Connection.Expires.IsZero() {
		t.Errorf("%+v", e.Connection)
	}
}

// A script in a browser sees no status of a handshake. It can ask why.
func TestWhyTokensAreRefused(t *testing.T) {
	s := runServer(t, guarded(t, bearer.Options{Audience: []string{"chat"}}))
	for token, want := range map[string]int{"": 401, tokenOf(t, "ann"): 401, "junk": 401} {
		r, err := http.NewRequest("GET", s.PageURL()+"ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != want || !strings.Contains(string(text), "token") {
			t.Errorf("status %d, %s", response.StatusCode, text)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if events, err := s.monitor.Source().Events(t.Context(), 0); err == nil && len(events) > 0 && events[0].Refusal != nil {
		t.Errorf("a question is counted: %+v", events[0].Refusal)
	}
}

// No part of a token is in the log, in events, in the API, or on the screen's data, wherever it comes.
func TestTokensAreSecret(t *testing.T) {
	s := runServer(t, guarded(t, bearer.Options{From: []string{"header", "header:X-Token", "protocol", "cookie:session", "query:token"}}))
	token := tokenOf(t, "ann")
	for name, header := range map[string]http.Header{
		"header":   {"Authorization": {"Bearer " + token}},
		"field":    {"X-Token": {token}},
		"protocol": {"Sec-WebSocket-Protocol": {"bearer, " + token}},
		"cookie":   {"Cookie": {"session=" + token}},
		"query":    nil,
	} {
		url := s.URL()
		if name == "query" {
			url += "?token=" + token
		}
		if protocol := header.Get("Sec-WebSocket-Protocol"); protocol != "" {
			header.Set("Sec-WebSocket-Protocol", protocol)
		}
		ws, _, err := websocket.DefaultDialer.Dial(url, header)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer ws.Close()
		bad := token[:len(token)-8] + "AAAAAAAA"
		if _, response, err := websocket.DefaultDialer.Dial(s.URL()+"?token="+bad, nil); err == nil || response.StatusCode != 401 {
			t.Fatal("a forged token is let in")
		}
	}
	s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened && e.Connection.ID == 5 })
	var all strings.Builder
	for _, path := range []string{"/api/v1/connections", "/api/v1/connections/c1", "/api/v1/connections/c2", "/api/v1/connections/c3", "/api/v1/connections/c4", "/api/v1/connections/c5", "/api/v1/clients", "/api/v1/summary", "/api/v1/paths"} {
		_, answer, _ := call(t, s.AdminURL(), "GET", path, "")
		all.WriteString(answer)
	}
	events, err := s.monitor.Source().Events(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Refusal != nil {
			all.WriteString(e.Refusal.Client + e.Refusal.Reason + e.Refusal.Diagnosis.Detail)
		}
	}
	for part := range strings.SplitSeq(token, ".") {
		if strings.Contains(all.String(), part[:12]) {
			t.Errorf("a part of the token is shown: %.12s in %s", part, all.String())
		}
	}
	if !strings.Contains(all.String(), `"client":"ann"`) || !strings.Contains(all.String(), `"expires_at":"2`) {
		t.Errorf("%.2000s", all.String())
	}
}

// BenchmarkHandshakeGuarded is BenchmarkHandshake with a token that is verified (HS256).
func BenchmarkHandshakeGuarded(b *testing.B) {
	benchmarkHandshake(b, guarded(b, bearer.Options{Audience: nil}), "Authorization: Bearer "+tokenOf(b, "ann")+"\r\n")
}
