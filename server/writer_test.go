package server_test

import (
	"bufio"
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/ginmonitor"
)

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// complaints returns what package http logs of a handler that misuses its writer, and the answer.
func complaints(t *testing.T, h http.Handler) (logged, answer string) {
	t.Helper()
	var out lockedBuffer
	over := make(chan struct{}) // of the handler: a server does not wait for one that has hijacked
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		h.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(&out, "", 0)
	s.Start()
	r, err := http.NewRequest("GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	<-over
	s.Close()
	return out.String(), res.Status + " " + string(body)
}

// What an application does wrong with its writer, the log of its server says in the same words as without a
// monitor: with the line of the application.
func TestMonitorLeavesComplaintsAsTheyAre(t *testing.T) {
	const bye = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	hijack := func(w http.ResponseWriter) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, bye)
		c.Close()
	}
	for name, tc := range map[string]struct {
		handle http.HandlerFunc
		logs   int // lines
	}{
		"once":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 0},
		"twice": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden); w.WriteHeader(500) }, 1},
		"thrice": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			w.WriteHeader(500)
			w.WriteHeader(500)
		}, 2},
		"after a body": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "no")
			http.Error(w, "really", http.StatusForbidden)
		}, 1},
		"after a flush": {func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusForbidden)
		}, 1},
		"after a hint": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.WriteHeader(103)
			w.WriteHeader(http.StatusForbidden)
		}, 0},
		"hijacked": {func(w http.ResponseWriter, _ *http.Request) {
			hijack(w)
			w.WriteHeader(http.StatusForbidden)
			http.Error(w, "too late", http.StatusForbidden)
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantAnswer := complaints(t, tc.handle)
			got, gotAnswer := complaints(t, newMonitor(t).Wrap(tc.handle))
			if got != want || gotAnswer != wantAnswer || strings.Count(want, "\n") != tc.logs {
				t.Errorf("logged %q and answered %q\nwithout a monitor %q and %q", got, gotAnswer, want, wantAnswer)
			}
		})
	}
}

// An upgrade that the application itself refuses is told, through net/http and through Gin.
func TestMonitorTellsWhatTheApplicationRefuses(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	for name, wrap := range map[string]func(m *server.Monitor, h http.HandlerFunc) http.Handler{
		"net/http": func(m *server.Monitor, h http.HandlerFunc) http.Handler { return m.Wrap(h) },
		"Gin": func(m *server.Monitor, h http.HandlerFunc) http.Handler {
			r := gin.New()
			r.Use(ginmonitor.Middleware(m))
			r.GET("/", gin.WrapF(h))
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMonitor(t)
			h := wrap(m, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Upgrade") != "" {
					http.Error(w, "foreign origin", http.StatusForbidden)
				}
			})
			for _, upgrade := range []bool{false, true} {
				r := httptest.NewRequest("GET", "/", nil)
				if upgrade {
					r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Origin": {"https://evil.example"}}
				}
				h.ServeHTTP(&hijacker{unwrapper{httptest.NewRecorder()}}, r)
			}
			var told []model.Refusal
			for seq := uint64(0); len(told) == 0; {
				events, err := m.Source().Events(t.Context(), seq)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					if seq = e.Seq; e.Refusal != nil {
						told = append(told, *e.Refusal)
					}
				}
			}
			got := told[0]
			if len(told) != 1 || got.Status != 403 || got.By != model.RefusedByApp || !strings.Contains(got.Diagnosis.Detail, "https://evil.example") {
				t.Errorf("told %+v", got)
			}
		})
	}
}

// A handshake that a proxy in front broke reaches the application as a plain request, and the preface of HTTP/2 as one that
// nothing knows. What the application makes of them is told with what broke them, once, and nothing is told of requests
// that are no handshakes.
func TestMonitorTellsOfBrokenHandshakes(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	upgrade := func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		if c, err := upgrader.Upgrade(w, r, nil); err == nil {
			c.Close()
		}
	}
	for name, wrap := range map[string]func(m *server.Monitor) http.Handler{
		"net/http": func(m *server.Monitor) http.Handler { return m.Wrap(http.HandlerFunc(upgrade)) },
		"twice":    func(m *server.Monitor) http.Handler { return m.Wrap(m.Wrap(http.HandlerFunc(upgrade))) },
		"Gin": func(m *server.Monitor) http.Handler {
			r := gin.New()
			r.Use(ginmonitor.Middleware(m))
			r.GET("/", gin.WrapF(upgrade))
			return r
		},
	} {
		for what, tc := range map[string]struct{ request, says string }{
			"no Upgrade":    {"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", "without Upgrade: websocket and Connection: Upgrade"},
			"no Connection": {"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "without Connection: Upgrade"},
			"HTTP/2":        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "preface of HTTP/2"},
			"a page":        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				m := newMonitor(t)
				s := httptest.NewServer(wrap(m))
				defer s.Close()
				c, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				io.WriteString(c, tc.request)
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				s.Close() // and with it the handler has returned
				m.Door().Refused(httptest.NewRequest("GET", "/end", nil), model.Refusal{Reason: "the end of the test"})
				var told []model.Refusal
				for seq := uint64(0); len(told) == 0 || told[len(told)-1].Reason != "the end of the test"; {
					events, err := m.Source().Events(t.Context(), seq)
					if err != nil {
						t.Fatal(err)
					}
					for _, e := range events {
						if seq = e.Seq; e.Refusal != nil {
							told = append(told, *e.Refusal)
						}
					}
				}
				told = told[:len(told)-1]
				if tc.says == "" {
					if len(told) > 0 {
						t.Errorf("told %+v of %s", told, res.Status)
					}
					return
				}
				if len(told) != 1 || told[0].Status != res.StatusCode || told[0].By != model.RefusedByApp ||
					told[0].Diagnosis.Cause != model.CauseHandshakeBroken || !strings.Contains(told[0].Diagnosis.Detail, tc.says) {
					t.Errorf("told %+v of %s", told, res.Status)
				}
			})
		}
	}
}
