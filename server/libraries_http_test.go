package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gobwas/ws"

	"holter/server"
	"holter/server/ginmonitor"
)

// What is no WebSocket gets the very writer that it would get without a monitor, and so all that this
// writer can do.
func TestMonitorLeavesOtherRequestsAlone(t *testing.T) {
	m := newMonitor(t)
	for name, header := range map[string]http.Header{
		"plain":                 {},
		"another protocol":      {"Connection": {"Upgrade"}, "Upgrade": {"h2c"}},
		"Upgrade by itself":     {"Upgrade": {"websocket"}},
		"Connection by itself":  {"Connection": {"Upgrade"}},
		"a name that begins so": {"Connection": {"Upgrade"}, "Upgrade": {"websocket2"}},
	} {
		t.Run(name, func(t *testing.T) {
			var inner http.ResponseWriter
			h := m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { inner = w }))
			outer := &hijacker{unwrapper{httptest.NewRecorder()}}
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = header
			if h.ServeHTTP(outer, r); inner != outer {
				t.Errorf("net/http: the handler got a %T", inner)
			}
			e := gin.New()
			var before, after gin.ResponseWriter
			e.Use(func(c *gin.Context) { before = c.Writer }, ginmonitor.Middleware(m))
			e.GET("/", func(c *gin.Context) { after = c.Writer })
			if e.ServeHTTP(httptest.NewRecorder(), r); before != after {
				t.Errorf("Gin: the handler got a %T", after)
			}
		})
	}
}

// A writer that cannot be hijacked must not look as if it could: libraries have an answer for that.
func TestMonitorBehindTimeoutHandler(t *testing.T) {
	for _, l := range libraries[:2] { // the others panic, or say what gorilla says
		t.Run(l.name, func(t *testing.T) {
			answers := map[bool]string{}
			for _, monitored := range []bool{false, true} {
				h := l.handler(t)
				if monitored {
					h = newMonitor(t).Wrap(h)
				}
				s := serve(t, http.TimeoutHandler(h, patience, "too slow"), false)
				r, _ := http.NewRequest("GET", s.URL, nil)
				for name, value := range map[string]string{
					"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
					"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
				} {
					r.Header.Set(name, value)
				}
				answers[monitored] = answer(t, r)
			}
			if answers[true] != answers[false] || !strings.HasPrefix(answers[true], "50") {
				t.Errorf("with a monitor %q, without %q", answers[true], answers[false])
			}
		})
	}
}

// Gin takes for granted that its connections can be hijacked. What it then does must stay its own.
func TestMonitorPassesPanics(t *testing.T) {
	recovered := make(chan any, 1)
	r := gin.New()
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(_ *gin.Context, why any) { recovered <- why }), ginmonitor.Middleware(newMonitor(t)))
	r.GET("/", func(c *gin.Context) { c.Writer.Hijack() })
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "websocket")
	r.ServeHTTP(&unwrapper{httptest.NewRecorder()}, request)
	select {
	case <-recovered:
	default:
		t.Error("Gin recovered nothing")
	}
}

func answer(t *testing.T, r *http.Request) string {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Status + " " + string(body)
}

// everything is an application with what breaks first behind a careless writer.
func everything(t *testing.T) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done() // the client has seen all three by now
	})
	mux.HandleFunc("/controller", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		for name, err := range map[string]error{
			"EnableFullDuplex": c.EnableFullDuplex(), "SetReadDeadline": c.SetReadDeadline(time.Now().Add(time.Minute)),
			"SetWriteDeadline": c.SetWriteDeadline(time.Now().Add(time.Minute)), "Flush": c.Flush(),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	mux.HandleFunc("/duplex", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		c.EnableFullDuplex()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintf(w, "%s\n", bytes.ToUpper(lines.Bytes()))
			c.Flush()
		}
	})
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, bare := c.(*net.TCPConn); !bare {
			t.Errorf("a hijack for %s got a %T", r.Header.Get("Upgrade"), c)
		}
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n")
		line, _ := rw.ReadString('\n')
		rw.WriteString(strings.ToUpper(line))
		rw.Flush()
	})
	return mux
}

func TestMonitorPassesHTTP(t *testing.T) {
	for name, open := range map[string]func(*server.Monitor, http.Handler) http.Handler{
		"nethttp": func(m *server.Monitor, h http.Handler) http.Handler { return m.Wrap(h) },
		"Gin": func(m *server.Monitor, h http.Handler) http.Handler {
			r := gin.New()
			r.Use(ginmonitor.Middleware(m))
			r.Any("/*path", gin.WrapH(h))
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, open(newMonitor(t), everything(t)), false)
			t.Run("events", func(t *testing.T) { testEvents(t, s) })
			t.Run("controller", func(t *testing.T) {
				r, _ := http.NewRequest("GET", s.URL+"/controller", nil)
				if got := answer(t, r); got != "200 OK " {
					t.Error(got)
				}
			})
			t.Run("duplex", func(t *testing.T) { testDuplex(t, s) })
			t.Run("another protocol", func(t *testing.T) { testOtherProtocol(t, s) })
		})
	}
}

func testEvents(t *testing.T, s *httptest.Server) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/events", nil)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	want := "data: 0\n\ndata: 1\n\ndata: 2\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != want {
		t.Errorf("got %q, error %v", got, err)
	}
}

func testDuplex(t *testing.T, s *httptest.Server) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	body, out := io.Pipe()
	defer out.Close()
	r, _ := http.NewRequestWithContext(ctx, "POST", s.URL+"/duplex", body)
	go io.WriteString(out, "first\n")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	in := bufio.NewReader(response.Body)
	for _, want := range []string{"FIRST\n", "SECOND\n"} {
		if got, err := in.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, error %v", got, err)
		}
		go io.WriteString(out, "second\n")
	}
}

func testOtherProtocol(t *testing.T, s *httptest.Server) {
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, "GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhello\n")
	got, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(string(got), "\r\n\r\nHELLO\n") {
		t.Errorf("got %q, error %v", got, err)
	}
}

// A mistake in the options costs an application its monitor, and nothing else: also if it does not call Run,
// and if it ignores the error of Run.
func TestInvalidOptionsWatchNothing(t *testing.T) {
	for name, o := range map[string]server.Options{
		"detector":  {Detector: "oracle"},
		"scheme":    {Scheme: "all"},
		"on-fail":   {OnFail: "kill"},
		"interval":  {Interval: -time.Second},
		"timeouts":  {MinTimeout: time.Minute, MaxTimeout: time.Second},
		"identity":  {Identity: "name"},
		"max conns": {MaxConns: -1},
		"admin":     {Admin: "everywhere"},
	} {
		for _, d := range doors[:2] {
			t.Run(name+"/"+d.name, func(t *testing.T) {
				var log bytes.Buffer
				o.Logger = slog.New(slog.NewTextHandler(&log, nil))
				m := server.New(o)
				s := serve(t, d.open(m, gorillaApp(t)), d.tls)
				for _, message := range []string{"before Run", "after it"} {
					p := dial(t, s, "/ws", nil)
					p.text(message)
					p.want(t, ws.OpText, []byte(message))
					if err := m.Run(t.Context()); err == nil {
						t.Error("Run is content")
					}
				}
				if s, err := m.Source().Snapshot(t.Context()); err != nil || len(s.Connections) > 0 {
					t.Errorf("listed: %+v, error %v", s.Connections, err)
				}
				if lines := strings.Count(log.String(), "\n"); lines != 1 {
					t.Errorf("%d lines in the log: %s", lines, &log)
				}
			})
		}
	}
}

// A handshake that the application refuses is neither a connection nor a reason to change its answer.
func TestMonitorPassesRefusals(t *testing.T) {
	m := newMonitor(t)
	for _, l := range libraries[:4] {
		t.Run(l.name, func(t *testing.T) {
			answers := map[bool]string{}
			for _, monitored := range []bool{false, true} {
				h := l.handler(t)
				if monitored {
					h = m.Wrap(h)
				}
				c, err := net.Dial("tcp", serve(t, h, false).Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.SetDeadline(time.Now().Add(patience))
				io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\n\r\n")
				response, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(io.LimitReader(response.Body, max(response.ContentLength, 0)))
				response.Header.Del("Date")
				answers[monitored] = fmt.Sprint(response.Status, response.Header, string(body))
			}
			if answers[true] != answers[false] {
				t.Errorf("with a monitor %s\nwithout %s", answers[true], answers[false])
			}
		})
	}
	if s, _ := m.Source().Snapshot(t.Context()); len(s.Connections) > 0 {
		t.Errorf("listed: %+v", s.Connections)
	}
}
