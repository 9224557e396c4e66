package proxy

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server"
	"holter/server/bearer"
)

// The upstream sees only handshakes with a token that was verified, as they are; plain requests are its own. A request that
// looks like none to holter and that it takes for one comes to no connection either.
func TestProxyWithGuard(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := bearer.New(bearer.Options{Key: []string{path}}, silent)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "ann", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	var seen atomic.Value
	seen.Store("")
	app := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			io.WriteString(w, "page")
			return
		}
		seen.Store(r.Header.Get("Authorization"))
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, accepted)
		io.Copy(io.Discard, c)
		c.Close()
	})
	p := runProxy(t, app.URL, func(o *server.Options, _ *Options) { o.Guard, o.Identity = g, "jwt:sub" })
	address := p.Addr().String()
	if answer := recite(t, address, strings.Replace(chatRequest, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)); !strings.HasPrefix(answer, "HTTP/1.1 401 ") || !strings.Contains(answer, "Www-Authenticate: Bearer\r\n") {
		t.Errorf("without a token: %s", answer)
	}
	if seen.Load() != "" {
		t.Error("the upstream has seen a handshake without a token")
	}
	if answer := recite(t, address, "GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); !strings.HasSuffix(answer, "page") {
		t.Errorf("a plain request: %s", answer)
	}
	if answer := recite(t, address, "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); strings.HasPrefix(answer, "HTTP/1.1 101 ") {
		t.Errorf("a request that only the upstream takes for a handshake: %s", answer)
	}
	res, _ := shake(t, connectTo(t, address), "", "Authorization: Bearer "+token)
	if res.StatusCode != http.StatusSwitchingProtocols || seen.Load() != "Bearer "+token {
		t.Errorf("with a token: %s, the upstream sees %q", res.Status, seen.Load())
	}
	waitFor(t, "the connection", func() bool { return p.monitor.Source().Size() == 1 })
	now, err := p.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(now.Connections) != 1 || now.Connections[0].Client != "ann" || now.Connections[0].Expires.IsZero() {
		t.Errorf("%+v", now.Connections)
	}
	events, err := p.monitor.Source().Events(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if r := events[0].Refusal; r == nil || r.Limit != model.TokenMissing || r.By != model.RefusedByHolter {
		t.Errorf("%+v", events[0])
	}
}
