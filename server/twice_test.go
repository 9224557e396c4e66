package server_test

import (
	"bufio"
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
	"holter/server/ginmonitor"
)

// notes is a log that goroutines may share.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// opaqueWriter hides the writers below it, as those of some middleware do.
type opaqueWriter struct{ w http.ResponseWriter }

func (o opaqueWriter) Header() http.Header         { return o.w.Header() }
func (o opaqueWriter) Write(b []byte) (int, error) { return o.w.Write(b) }
func (o opaqueWriter) WriteHeader(status int)      { o.w.WriteHeader(status) }

func (o opaqueWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(o.w).Hijack()
}

// cloned is a middleware that hands on a copy of the request, and hides the writer.
func cloned(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(opaqueWriter{w}, r.Clone(r.Context()))
	})
}

func hidden(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(opaqueWriter{w}, r) })
}

// twice are the ways in which an application may wrap a handler twice. The first monitor is the outer one.
var twice = map[string]func(outer, inner *server.Monitor, h http.Handler) http.Handler{
	"Wrap in Wrap": func(outer, inner *server.Monitor, h http.Handler) http.Handler { return outer.Wrap(inner.Wrap(h)) },
	"behind a middleware": func(outer, inner *server.Monitor, h http.Handler) http.Handler {
		return outer.Wrap(hidden(inner.Wrap(h)))
	},
	"a part of the paths": func(outer, inner *server.Monitor, h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/ws", http.StripPrefix("/", inner.Wrap(h)))
		return outer.Wrap(mux)
	},
	"Gin in Wrap": func(outer, inner *server.Monitor, h http.Handler) http.Handler {
		r := gin.New()
		r.Use(ginmonitor.Middleware(inner))
		r.GET("/ws", gin.WrapH(h))
		return outer.Wrap(r)
	},
	"Wrap in Gin": func(outer, inner *server.Monitor, h http.Handler) http.Handler {
		r := gin.New()
		r.Use(ginmonitor.Middleware(outer))
		r.GET("/ws", gin.WrapH(inner.Wrap(h)))
		return r
	},
	"router and group": func(outer, inner *server.Monitor, h http.Handler) http.Handler {
		r := gin.New()
		r.Use(ginmonitor.Middleware(outer))
		r.Group("/", ginmonitor.Middleware(inner)).GET("/ws", gin.WrapH(h))
		return r
	},
}

// A handler that is wrapped twice by one monitor is watched once: one connection, one ping at a time, one of the
// rate used. The log says so once, and where.
func TestWrappedTwice(t *testing.T) {
	for name, open := range twice {
		for _, l := range libraries[:4] {
			t.Run(name+"/"+l.name, func(t *testing.T) {
				var log notes
				m := server.New(server.Options{
					Interval: beat, OnFail: model.OnFailObserve, AcceptRate: 20, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				runUntilEnd(t, m.Run)
				s := serve(t, open(m, m, l.handler(t)), false)
				// A burst of the rate is two: with each counted twice, the second is refused.
				for range 2 {
					p := dial(t, s, "/ws", nil)
					p.text("hello")
					p.want(t, ws.OpText, []byte("hello"))
				}
				list, err := m.Source().Snapshot(t.Context())
				if err != nil || len(list.Connections) != 2 {
					t.Errorf("%d connections on the list, want 2; error %v", len(list.Connections), err)
				}
				text := log.String()
				if strings.Count(text, "\n") != 1 || strings.Count(text, "twice_test.go:") != 2 || !strings.Contains(text, "level=WARN") {
					t.Errorf("logged %s", text)
				}
			})
		}
	}
}

// Of two monitors around one handler the outer one watches. The inner one stands back and says so: two would ping
// twice, and each would take the other's pings for the application's.
func TestTwoMonitors(t *testing.T) {
	for name, open := range twice {
		t.Run(name, func(t *testing.T) {
			var log notes
			outer := newMonitor(t)
			inner := server.New(server.Options{Interval: beat, MaxConns: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			runUntilEnd(t, inner.Run)
			s := serve(t, open(outer, inner, gorillaApp(t)), false)
			for range 3 {
				dial(t, s, "/ws", nil)
			}
			for m, want := range map[*server.Monitor]int{outer: 3, inner: 0} {
				if list, err := m.Source().Snapshot(t.Context()); err != nil || len(list.Connections) != want {
					t.Errorf("%d connections on the list, want %d; error %v", len(list.Connections), want, err)
				}
			}
			if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "another monitor") || !strings.Contains(text, "twice_test.go:") {
				t.Errorf("logged %s", text)
			}
		})
	}
}

// Behind a middleware that copies the request, that is noticed only with the connection in hand: it is still watched
// once.
func TestWrappedTwiceAroundACopy(t *testing.T) {
	var log notes
	m := server.New(server.Options{Interval: beat, OnFail: model.OnFailObserve, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	runUntilEnd(t, m.Run)
	s := serve(t, m.Wrap(cloned(m.Wrap(gorillaApp(t)))), false)
	for range 2 {
		p := dial(t, s, "/ws", nil)
		p.text("hello")
		p.want(t, ws.OpText, []byte("hello"))
	}
	if list, err := m.Source().Snapshot(t.Context()); err != nil || len(list.Connections) != 2 {
		t.Errorf("%d connections on the list, want 2; error %v", len(list.Connections), err)
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "twice_test.go:") {
		t.Errorf("logged %s", text)
	}
}

// A handler may do with the header of its request what it likes.
func TestHandlerTakesUpgradeOut(t *testing.T) {
	m := newMonitor(t)
	s := serve(t, m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := ws.UpgradeHTTP(r, w)
		if err == nil {
			c.Close()
		}
		r.Header.Del("Upgrade")
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			t.Error("hijacked twice")
		}
	})), false)
	for range dial(t, s, "/ws", nil).frames {
	}
	taken := serve(t, m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Upgrade")
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
		c.Close()
	})), false)
	for range dial(t, taken, "/ws", nil).frames {
	}
}

// An inner monitor watches where the outer one does not: on other paths, and if the outer one's options make no sense.
func TestInnerMonitorWatchesAlone(t *testing.T) {
	m := newMonitor(t)
	inner := m.Wrap(gorillaApp(t))
	mux := http.NewServeMux()
	mux.Handle("/ws", inner)
	mux.Handle("/twice/ws", m.Wrap(inner))
	invalid := server.New(server.Options{Detector: "oracle", Logger: slog.New(slog.DiscardHandler)})
	s := serve(t, invalid.Wrap(mux), false)
	for i, path := range []string{"/ws", "/twice/ws", "/ws"} {
		p := dial(t, s, path, nil)
		p.text("hello")
		p.want(t, ws.OpText, []byte("hello"))
		if list, err := m.Source().Snapshot(t.Context()); err != nil || len(list.Connections) != i+1 {
			t.Errorf("%d connections on the list, want %d; error %v", len(list.Connections), i+1, err)
		}
	}
}
