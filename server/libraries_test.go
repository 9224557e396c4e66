package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
	"holter/server/ginmonitor"
)

// door is a way to put a monitor in front of a handler for /ws.
type door struct {
	name string
	open func(m *server.Monitor, ws http.Handler) http.Handler
	tls  bool
}

var doors = []door{
	{name: "Gin", open: func(m *server.Monitor, h http.Handler) http.Handler {
		r := gin.New()
		r.Use(ginmonitor.Middleware(m))
		r.GET("/ws", gin.WrapH(h))
		return r
	}},
	{name: "nethttp", open: func(m *server.Monitor, h http.Handler) http.Handler { return m.Wrap(h) }},
	{name: "TLS", open: func(m *server.Monitor, h http.Handler) http.Handler { return m.Wrap(h) }, tls: true},
	{name: "ServeMux", open: func(m *server.Monitor, h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /ws", h)
		return m.Wrap(mux)
	}},
	{name: "around Gin", open: func(m *server.Monitor, h http.Handler) http.Handler {
		r := gin.New()
		r.GET("/ws", gin.WrapH(h))
		return m.Wrap(r)
	}},
	{name: "behind a middleware", open: func(m *server.Monitor, h http.Handler) http.Handler {
		h = m.Wrap(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(&unwrapper{w}, r) })
	}},
	{name: "before a middleware", open: func(m *server.Monitor, h http.Handler) http.Handler {
		return m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(&hijacker{unwrapper{w}}, r)
		}))
	}},
}

// unwrapper is the least that a middleware's writer must be.
type unwrapper struct{ http.ResponseWriter }

func (u *unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// hijacker is what it must be for libraries that do not look further.
type hijacker struct{ unwrapper }

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// beat is the interval of holter's pings in these tests.
const beat = 20 * time.Millisecond

// newMonitor makes a monitor that beats until the end of the test.
func newMonitor(t testing.TB) *server.Monitor {
	m := server.New(server.Options{Interval: beat, OnFail: model.OnFailObserve, Logger: slog.New(slog.DiscardHandler)})
	runUntilEnd(t, m.Run)
	return m
}

// serve serves a handler until the end of the test, by when all of its connections must have ended.
func serve(t testing.TB, h http.Handler, tls bool) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// watched is an application on one library behind one door.
type watched struct {
	library
	monitor  *server.Monitor
	server   *httptest.Server
	handlers atomic.Int64 // that have not returned
}

func watch(t *testing.T, l library, d door) *watched {
	a := &watched{library: l, monitor: newMonitor(t)}
	handler := l.handler(t)
	a.server = serve(t, d.open(a.monitor, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.handlers.Add(1)
		defer a.handlers.Add(-1)
		handler.ServeHTTP(w, r)
	})), d.tls)
	return a
}

// dial opens a WebSocket of a client whom the monitor knows by the test's name.
func (a *watched) dial(t *testing.T, query string, early ...ws.Frame) *peer {
	t.Helper()
	header := http.Header{"Sec-Websocket-Protocol": {"chat"}, "X-Client-Id": {t.Name()}}
	return dial(t, a.server, "/ws?"+query, header, early...)
}

// seen is what the monitor shows of that connection.
func (a *watched) seen(t *testing.T) (model.Connection, bool) {
	s, err := a.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Connections {
		if c.Client == t.Name() {
			return c, true
		}
	}
	return model.Connection{}, false
}

func TestLibraries(t *testing.T) {
	for _, l := range libraries {
		for _, d := range doors {
			t.Run(l.name+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				a := watch(t, l, d)
				t.Run("listed", a.testListed)
				t.Run("echo", a.testEcho)
				t.Run("early bytes", a.testEarlyBytes)
				t.Run("pings of the client", a.testPeerPings)
				t.Run("pings of the application", a.testOwnPings)
				t.Run("closed by the client", a.testPeerClose)
				t.Run("closed by the application", a.testOwnClose)
			})
		}
	}
}

// A connection is listed from its 101 on, although neither end says anything, and is watched after its
// handler has returned.
func (a *watched) testListed(t *testing.T) {
	p := a.dial(t, "")
	eventually(t, "three beats", func() bool {
		c, ok := a.seen(t)
		return ok && c.PongsReceived >= 3 && c.RTT > 0
	})
	c, _ := a.seen(t)
	if c.Subprotocol != "chat" || c.Path != "/ws" || c.State != model.Normal {
		t.Errorf("shown as %+v", c)
	}
	if p.head.Header.Get("Sec-Websocket-Protocol") != "chat" {
		t.Errorf("told the client %v", p.head.Header)
	}
	if a.returns {
		eventually(t, "the handler's end", func() bool { return a.handlers.Load() == 0 })
		before := c.PongsReceived
		eventually(t, "beats after it", func() bool { c, _ := a.seen(t); return c.Open() && c.PongsReceived > before+2 })
	}
}

func (a *watched) testEcho(t *testing.T) {
	p := a.dial(t, "")
	for _, size := range []int{0, 1, 125, 126, 4096, 65_535, 65_536, 1 << 20} {
		data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		p.send(ws.NewTextFrame(data))
		p.want(t, ws.OpText, data)
		if size > 4096 {
			p.awaitBeat(t)
		}
		p.send(ws.NewBinaryFrame(data))
		p.want(t, ws.OpBinary, data)
	}
	if a.name == "xnet" {
		return // it takes each fragment for a message
	}
	p.send(ws.NewFrame(ws.OpText, false, []byte("in ")))
	p.awaitBeat(t)
	p.send(ws.NewFrame(ws.OpContinuation, false, []byte("three ")))
	p.awaitBeat(t)
	p.send(ws.NewFrame(ws.OpContinuation, true, []byte("pieces")))
	p.want(t, ws.OpText, []byte("in three pieces"))
}

func (a *watched) testEarlyBytes(t *testing.T) {
	p := a.dial(t, "", ws.NewTextFrame([]byte("early")), ws.NewTextFrame([]byte("bird")))
	p.want(t, ws.OpText, []byte("early"))
	p.want(t, ws.OpText, []byte("bird"))
}

// The pings of a client are the application's to answer.
func (a *watched) testPeerPings(t *testing.T) {
	p := a.dial(t, "")
	for i := range 3 {
		payload := fmt.Appendf(nil, "client %d", i)
		p.send(ws.NewPingFrame(payload))
		p.want(t, ws.OpPong, payload)
		p.awaitBeat(t)
	}
	if c, _ := a.seen(t); c.PingsReceived != 3 {
		t.Errorf("the monitor counts %d pings of the client's", c.PingsReceived)
	}
}

// Every pong that is not for holter reaches the application, asked for or not, and none of holter's does.
func (a *watched) testOwnPings(t *testing.T) {
	p := a.dial(t, "")
	for i, payload := range []string{"", "one-way", "8 bytes.", strings.Repeat("x", pingSize), strings.Repeat("y", 125)} {
		p.send(ws.NewPongFrame([]byte(payload)))
		a.wantPong(t, p, payload)
		p.awaitBeat(t)
		if a.mute {
			continue // it pings by the clock
		}
		p.text(fmt.Sprintf("ping %d", i))
		ping := p.next(t)
		if ping.Header.OpCode != ws.OpPing {
			t.Fatalf("got opcode %x %q, want a ping", ping.Header.OpCode, ping.Payload)
		}
		p.send(ws.NewPongFrame(ping.Payload))
		a.wantPong(t, p, string(ping.Payload))
	}
	p.text("over")
	p.want(t, ws.OpText, []byte("over"))
}

func (a *watched) wantPong(t *testing.T, p *peer, payload string) {
	t.Helper()
	switch {
	case !a.pongs:
	case a.mute:
		p.want(t, ws.OpText, []byte("pong "))
	default:
		p.want(t, ws.OpText, []byte("pong "+payload))
	}
}

func (a *watched) testPeerClose(t *testing.T) {
	p := a.dial(t, "")
	p.awaitBeat(t)
	p.send(ws.NewCloseFrame(ws.NewCloseFrameBody(4000, "bye")))
	p.wantEnd(t)
	a.wantClosed(t, model.ByPeer, 4000)
}

func (a *watched) testOwnClose(t *testing.T) {
	p := a.dial(t, "")
	p.awaitBeat(t)
	p.text("close")
	if f := p.next(t); f.Header.OpCode != ws.OpClose || int(f.Payload[0])<<8|int(f.Payload[1]) != a.code {
		t.Fatalf("got opcode %x %q, want a close frame with %d", f.Header.OpCode, f.Payload, a.code)
	}
	p.send(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(a.code), "")))
	for f := range p.frames {
		t.Errorf("after the close frame came opcode %x %q", f.Header.OpCode, f.Payload)
	}
	a.wantClosed(t, model.ByApp, a.code)
}

func (a *watched) wantClosed(t *testing.T, by model.Closer, code int) {
	t.Helper()
	eventually(t, "the end", func() bool { c, _ := a.seen(t); return !c.Open() })
	if c, _ := a.seen(t); c.Close.By != by || c.Close.Code != code {
		t.Errorf("shown as closed by %v with %d, want %v with %d", c.Close.By, c.Close.Code, by, code)
	}
}
