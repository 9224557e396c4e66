package hub

import (
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/tap"
)

// straw is a connection that takes or sends a little at a time, as over a thin line.
type straw struct {
	net.Conn
	tick    *time.Ticker
	sip     int // bytes at a tick
	stopped atomic.Bool
}

func (s *straw) Read(b []byte) (int, error) {
	for <-s.tick.C; s.stopped.Load(); <-s.tick.C {
	}
	return s.Conn.Read(b[:min(len(b), s.sip)])
}

func (s *straw) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var part int
		part, err = s.Conn.Write(b[n:min(len(b), n+s.sip)])
		n += part
		if n < len(b) {
			for <-s.tick.C; s.stopped.Load(); <-s.tick.C {
			}
		}
	}
	return n, err
}

// strawed is a client of e whose messages go through a straw, and the straw.
func (e *endpoint) strawed(t *testing.T, client string, sip int) (*websocket.Conn, *straw) {
	t.Helper()
	s := &straw{tick: time.NewTicker(10 * ms), sip: sip}
	t.Cleanup(s.tick.Stop)
	d := websocket.Dialer{ReadBufferSize: sip, WriteBufferSize: 1 << 10, NetDial: func(network, address string) (net.Conn, error) {
		c, err := net.Dial(network, address)
		if err == nil {
			c.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		s.Conn = c
		return s, err
	}}
	c, response, err := d.Dial(e.url+"?client="+client, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	t.Cleanup(func() { c.Close() })
	return c, s
}

// wantCause waits until the diagnosis of a client has a cause and some words.
func wantCause(t *testing.T, h *Hub, client string, cause model.Cause, words string) {
	t.Helper()
	eventually(t, string(cause), func() bool {
		s := snapshot(t, h)
		for i := range s.Connections {
			if c := &s.Connections[i]; c.Client == client && c.Diagnosis.Cause == cause && strings.Contains(c.Diagnosis.Detail, words) {
				return true
			}
		}
		return false
	})
}

func changes(h *Hub, client string) (lines []string) {
	for _, e := range events(h) {
		if e.Type == model.StateChanged && e.Connection.Client == client {
			lines = append(lines, e.From.String()+" to "+e.To.String()+": "+e.Connection.Diagnosis.Detail)
		}
	}
	return lines
}

// flood writes messages until it is told to stop, or until the connection ends. A busy machine gives beats more time, so
// the data must not end before a beat is late. About half a megabyte waits in the socket at any time.
func flood(t *testing.T, app *websocket.Conn, stop <-chan struct{}) {
	if err := app.NetConn().(*tap.Conn).NetConn().(*net.TCPConn).SetWriteBuffer(512 << 10); err != nil {
		t.Error(err)
	}
	message := make([]byte, 64<<10)
	for {
		select {
		case <-stop:
			return
		default:
		}
		if app.WriteMessage(websocket.BinaryMessage, message) != nil {
			return
		}
	}
}

// A slow client reads much before it comes to the ping: it is late, and well all the time.
func TestPingBehindDataToThePeer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell how far bytes have come")
	}
	t.Parallel()
	h, _ := start(t, quick())
	found := make(chan struct{})
	e := listen(t, h, false, func(app *websocket.Conn) {
		flood(t, app, found)
		echo(app)
	})
	c, _ := e.strawed(t, "thin", 4<<10)
	read := make(chan int)
	go func() {
		n := 0
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				read <- n
				return
			}
			n++
		}
	}()
	wantCause(t, h, "thin", model.CausePingBehindData, "late, not dead")
	close(found)
	wantCause(t, h, "thin", model.CausePingBehindData, "the peer was well meanwhile")
	if got := changes(h, "thin"); len(got) > 0 {
		t.Errorf("the state changed: %q", got)
	}
	c.Close()
	if n := <-read; n < 4 {
		t.Errorf("the client had read %d messages", n)
	}
}

// A client that is stopped in the middle of its data takes nothing any more, and that is another thing.
func TestStoppedPeerBehindData(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell how far bytes have come")
	}
	t.Parallel()
	h, _ := start(t, quick())
	e := listen(t, h, false, func(app *websocket.Conn) { flood(t, app, nil) })
	c, s := e.strawed(t, "stopped", 4<<10)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}()
	wantCause(t, h, "stopped", model.CausePingBehindData, "late, not dead")
	s.stopped.Store(true)
	at := time.Now()
	wantCause(t, h, "stopped", model.CauseBackpressure, "")
	t.Logf("suspect %v after it was stopped", time.Since(at).Round(ms))
	s.stopped.Store(false)
	c.Close()
	<-over
}

// A client that sends one long message has no place for a pong before its end.
func TestPingBehindDataFromThePeer(t *testing.T) {
	t.Parallel()
	h, _ := start(t, quick())
	e := listen(t, h, false, func(app *websocket.Conn) {
		for {
			_, message, err := app.ReadMessage()
			if err != nil || app.WriteMessage(websocket.TextMessage, message[:1]) != nil {
				return
			}
		}
	})
	c, _ := e.strawed(t, "uploads", 4<<10)
	var whole sync.Mutex // a frame, in which nothing else has a place
	c.SetPingHandler(func(payload string) error {
		whole.Lock()
		defer whole.Unlock()
		return c.WriteControl(websocket.PongMessage, []byte(payload), time.Time{})
	})
	c.WriteMessage(websocket.TextMessage, []byte("a frame, as pings wait for one"))
	if _, _, err := c.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	got, sent := make(chan error), make(chan error)
	whole.Lock()
	go func() {
		defer whole.Unlock()
		sent <- ws.WriteFrame(c.NetConn(), ws.MaskFrame(ws.NewBinaryFrame(make([]byte, 3<<19))))
	}()
	go func() {
		_, _, err := c.ReadMessage()
		got <- err
	}()
	wantCause(t, h, "uploads", model.CausePingBehindData, "the peer is sending a message of 1.6 MB")
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if got := changes(h, "uploads"); len(got) > 0 {
		t.Errorf("the state changed: %q", got)
	}
	for _, e := range events(h) {
		if e.Connection != nil && e.Connection.Diagnosis.Cause == model.CauseNoPong {
			t.Errorf("%s: %s", e.Type, e.Connection.Diagnosis.Detail)
		}
	}
}
