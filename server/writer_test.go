package server_test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

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
