package server_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// patience is how long a test waits for what must come.
const patience = 5 * time.Second

// peer is a client of raw frames, which answers holter's pings by itself and hands out all else.
type peer struct {
	conn   net.Conn
	reader *bufio.Reader
	head   *http.Response
	frames chan ws.Frame // closed at the end of the stream
	over   chan struct{} // closed after it
	beats  atomic.Int64  // pings of holter's that were answered
	write  sync.Mutex    // orders frames
}

// pingSize tells holter's pings from those that applications send in these tests.
const pingSize = 12

// dial opens a WebSocket until the end of the test. Frames in early go out with the request.
func dial(t testing.TB, s *httptest.Server, target string, header http.Header, early ...ws.Frame) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if s.TLS != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	p, err := shakeHands(conn, target, header, early...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// shakeHands opens a WebSocket on conn, which close closes.
func shakeHands(conn net.Conn, target string, header http.Header, early ...ws.Frame) (*peer, error) {
	conn.SetDeadline(time.Now().Add(3 * patience))
	request := httptest.NewRequest("GET", target, nil)
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Origin", "http://"+request.Host)
	request.Header.Set("Sec-WebSocket-Version", "13")
	request.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	var out bytes.Buffer
	request.Write(&out)
	for _, f := range early {
		out.Write(masked(f))
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		return nil, err
	}
	p := &peer{conn: conn, reader: bufio.NewReader(conn), frames: make(chan ws.Frame, 1024), over: make(chan struct{})}
	var err error
	if p.head, err = http.ReadResponse(p.reader, request); err != nil {
		return nil, err
	}
	if p.head.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(p.head.Body)
		return nil, fmt.Errorf("status %s: %s", p.head.Status, body)
	}
	go func() {
		defer close(p.over)
		defer close(p.frames)
		p.receive()
	}()
	return p, nil
}

func (p *peer) close() {
	p.conn.Close()
	for range p.frames { // so that receive ends
	}
	<-p.over
}

func (p *peer) receive() {
	for {
		h, err := ws.ReadHeader(p.reader)
		if err != nil {
			return
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(p.reader, payload); err != nil {
			return
		}
		if h.OpCode == ws.OpPing && len(payload) == pingSize {
			p.send(ws.NewPongFrame(payload))
			p.beats.Add(1)
			continue
		}
		p.frames <- ws.Frame{Header: h, Payload: payload}
	}
}

// masked are the bytes of f as a client sends it. f stays as it is.
func masked(f ws.Frame) []byte { return ws.MustCompileFrame(ws.MaskFrame(f)) }

func (p *peer) send(frames ...ws.Frame) {
	p.write.Lock()
	defer p.write.Unlock()
	for _, f := range frames {
		p.conn.Write(masked(f))
	}
}

func (p *peer) text(s string) { p.send(ws.NewTextFrame([]byte(s))) }

// next is the next frame that is not holter's.
func (p *peer) next(t testing.TB) ws.Frame {
	t.Helper()
	select {
	case f, ok := <-p.frames:
		if !ok {
			t.Fatal("the connection ended")
		}
		return f
	case <-time.After(patience):
		t.Fatal("no frame came")
	}
	panic("unreachable")
}

// want reads the next message, however it is fragmented.
func (p *peer) want(t testing.TB, op ws.OpCode, payload []byte) {
	t.Helper()
	f := p.next(t)
	got := f.Payload
	for last := f; !last.Header.Fin; got = append(got, last.Payload...) {
		last = p.next(t)
	}
	if f.Header.OpCode != op || !bytes.Equal(got, payload) {
		t.Fatalf("got opcode %x with %d bytes %.80q, want %x with %d bytes %.80q",
			f.Header.OpCode, len(got), got, op, len(payload), payload)
	}
}

// wantEnd reads a close frame and the end.
func (p *peer) wantEnd(t testing.TB) {
	t.Helper()
	if f := p.next(t); f.Header.OpCode != ws.OpClose {
		t.Fatalf("got opcode %x %.80q, want a close frame", f.Header.OpCode, f.Payload)
	}
	select {
	case f, ok := <-p.frames:
		if ok {
			t.Fatalf("after the close frame came opcode %x %.80q", f.Header.OpCode, f.Payload)
		}
	case <-time.After(patience):
		t.Fatal("the connection goes on after the close frame")
	}
}

// awaitBeat waits for the next ping of holter's.
func (p *peer) awaitBeat(t testing.TB) {
	t.Helper()
	before := p.beats.Load()
	eventually(t, "a ping of holter's", func() bool { return p.beats.Load() > before })
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never saw %s", what)
		}
	}
}
