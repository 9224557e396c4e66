package server_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gobwas/ws"
	"github.com/golang-jwt/jwt/v5"

	"holter/model"
	"holter/server"
	"holter/server/bearer"
	"holter/server/ginmonitor"
	"holter/server/pass"
)

var silent = slog.New(slog.DiscardHandler)

var secret = []byte("0123456789abcdef0123456789abcdef")

func newGuard(t *testing.T, o bearer.Options) *bearer.Guard {
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
	return g
}

// tokenOf is a valid token.
func tokenOf(t *testing.T, subject string, expires time.Time) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": subject, "exp": float64(expires.UnixMilli()) / 1000}).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func forged(t *testing.T, subject string) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": subject, "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte("forged"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// authorized is a header with a token.
func authorized(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// ask sends a handshake word for word, with more lines of the header, and returns the answer.
func ask(t *testing.T, s *httptest.Server, first string, lines ...string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, first+"\r\nHost: x\r\n"+strings.Join(append(slices.Clip(lines), ""), "\r\n")+"\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	return r
}

// The guard of a middleware lets in clients that it knows by the name in the token, and no handler sees the others: whatever
// library reads the handshake, however often the handler is wrapped, and if the monitor itself watches nothing.
func TestGuard(t *testing.T) {
	reached := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ws" && pass.Of(r).Claim("sub") != "ann" {
				t.Errorf("a request of %q reached the application: %v", pass.Of(r).Claim("sub"), r.Header)
			}
			h.ServeHTTP(w, r)
		})
	}
	echo := libraries[0].handler(t)
	for name, open := range map[string]func(guarded *server.Monitor) http.Handler{
		"Wrap": func(m *server.Monitor) http.Handler { return m.Wrap(reached(echo)) },
		"Gin": func(m *server.Monitor) http.Handler {
			r := gin.New()
			r.Use(ginmonitor.Middleware(m))
			r.Any("/ws", gin.WrapH(reached(echo)))
			r.GET("/page", gin.WrapH(reached(http.NotFoundHandler())))
			return r
		},
		"wrapped twice": func(m *server.Monitor) http.Handler { return m.Wrap(m.Wrap(reached(echo))) },
		"in a monitor without guard": func(m *server.Monitor) http.Handler {
			return server.New(server.Options{Logger: silent}).Wrap(m.Wrap(reached(echo)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := server.New(server.Options{Guard: newGuard(t, bearer.Options{}), Identity: "jwt:sub", Logger: silent})
			runUntilEnd(t, m.Run)
			s := serve(t, open(m), false)
			upgrade := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
			for what, lines := range map[string][]string{
				"no token":        upgrade,
				"a forged token":  append([]string{"Authorization: Bearer " + forged(t, "ann")}, upgrade...),
				"an expired one":  append([]string{"Authorization: Bearer " + tokenOf(t, "ann", time.Now().Add(-time.Second))}, upgrade...),
				"no Connection":   append([]string{upgrade[0]}, upgrade[2:]...),
				"no Upgrade":      upgrade[1:],
				"no key":          upgrade[:3],
				"a list":          append([]string{"Upgrade: h2c, WebSocket"}, upgrade[1:]...),
				"only a key":      upgrade[3:],
				"only a version":  upgrade[2:3],
				"only an upgrade": upgrade[:1],
			} {
				if r := ask(t, s, "GET /ws HTTP/1.1", lines...); r.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: %s, %q", what, r.Status, r.Header.Get("WWW-Authenticate"))
				}
			}
			if r := ask(t, s, "GET /page HTTP/1.1"); r.StatusCode == http.StatusUnauthorized {
				t.Errorf("a plain request: %s", r.Status)
			}
			p := dial(t, s, "/ws", authorized(tokenOf(t, "ann", time.Now().Add(time.Hour))))
			p.text("hello")
			p.want(t, ws.OpText, []byte("hello"))
		})
	}
	m := server.New(server.Options{Guard: newGuard(t, bearer.Options{}), Interval: -1, Logger: silent}) // which is invalid
	s := serve(t, m.Wrap(reached(echo)), false)
	if r := ask(t, s, "GET /ws HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("a monitor with invalid options: %s", r.Status)
	}
}

// A client is named by its token, once that is verified. One that sends a forged token does not get the name of its victim, and
// uses up none of the limits.
func TestGuardNamesClients(t *testing.T) {
	m := server.New(server.Options{Guard: newGuard(t, bearer.Options{}), Identity: "jwt:sub", AcceptRate: 1.0 / 3600, Logger: silent})
	runUntilEnd(t, m.Run)
	s := serve(t, m.Wrap(libraries[0].handler(t)), false)
	for range 3 {
		refusedBy(t, s, authorized(forged(t, "ann")))
	}
	dial(t, s, "/ws", authorized(tokenOf(t, "ann", time.Now().Add(time.Hour)))) // all that the rate lets in
	refusedBy(t, s, authorized(tokenOf(t, "ben", time.Now().Add(time.Hour))))
	var got []string
	for _, e := range eventsOf(t, m, 5) {
		switch {
		case e.Refusal != nil:
			name, _, _ := strings.Cut(e.Refusal.Client, " ")
			got = append(got, name+" "+string(e.Refusal.Limit))
		case e.Type == model.ConnectionOpened:
			got = append(got, e.Connection.Client+" opened")
		}
	}
	want := "127.0.0.1 token-signature, 127.0.0.1 token-signature, 127.0.0.1 token-signature, ann opened, ben rate"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

// refusedBy wants a handshake to be refused.
func refusedBy(t *testing.T, s *httptest.Server, header http.Header) {
	t.Helper()
	lines := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	for name, values := range header {
		lines = append(lines, name+": "+values[0])
	}
	if r := ask(t, s, "GET /ws HTTP/1.1", lines...); r.StatusCode == http.StatusSwitchingProtocols {
		t.Error("let in")
	}
}

// eventsOf waits for the first events of a monitor that are not about the host.
func eventsOf(t *testing.T, m *server.Monitor, n int) (events []model.Event) {
	t.Helper()
	for seq := uint64(0); len(events) < n; {
		more, err := m.Source().Events(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range more {
			if seq = e.Seq; e.Host == nil && e.Late == nil {
				events = append(events, e)
			}
		}
	}
	return events
}

// A connection is closed when its token expires, not before, and an event has told that it will be.
func TestTokenExpires(t *testing.T) {
	m := server.New(server.Options{
		Guard: newGuard(t, bearer.Options{Leeway: 100 * time.Millisecond, Warn: 200 * time.Millisecond}), Identity: "jwt:sub", Interval: time.Hour, Logger: silent,
	})
	runUntilEnd(t, m.Run)
	s := serve(t, m.Wrap(libraries[0].handler(t)), false)
	expires := time.Now().Add(500 * time.Millisecond).Truncate(time.Millisecond)
	p := dial(t, s, "/ws", authorized(tokenOf(t, "ann", expires)))
	stays := dial(t, s, "/ws", authorized(tokenOf(t, "ben", time.Now().Add(time.Hour))))
	f := p.next(t)
	if code, reason := ws.ParseCloseFrameData(f.Payload); f.Header.OpCode != ws.OpClose || code != 4401 || reason != "the token has expired" {
		t.Fatalf("got opcode %x, %d %s", f.Header.OpCode, code, reason)
	}
	events := eventsOf(t, m, 3) // two that open, and the warning
	warning := events[2]
	if c := warning.Connection; warning.Type != model.TokenExpiring || c.Client != "ann" || !c.Expires.Equal(expires) || c.State != model.Normal {
		t.Fatalf("%+v", warning)
	}
	if early := expires.Sub(warning.Time); early > 205*time.Millisecond || early < 0 {
		t.Errorf("the warning came %v before", early)
	}
	var closed model.Event
	for _, e := range eventsOf(t, m, 4) {
		closed = e
	}
	if c := closed.Connection.Close; closed.Type != model.ConnectionClosed || c.Code != 4401 || c.By != model.ByHolter || c.At.Before(expires) {
		t.Errorf("%s, closed %+v, expired at %v", closed.Type, closed.Connection.Close, expires)
	}
	stays.text("hello")
	stays.want(t, ws.OpText, []byte("hello"))
}
