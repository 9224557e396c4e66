package tap

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// written is a writer that records what it got.
type written struct {
	bytes.Buffer
	fail  error
	wrote chan struct{}
}

func (w *written) Write(b []byte) (int, error) {
	if w.fail != nil {
		return 0, w.fail
	}
	n, err := w.Buffer.Write(b)
	w.wrote <- struct{}{}
	return n, err
}

// CopyTo writes what Read would return: early bytes first, and no pong of ours.
func TestCopyTo(t *testing.T) {
	for name, bare := range map[string]bool{"a bare socket": true, "a wrapped one": false} {
		t.Run(name, func(t *testing.T) {
			server, peer := loopback(t)
			peer.SetDeadline(time.Now().Add(10 * time.Second))
			var below net.Conn = server
			if !bare {
				below = struct{ net.Conn }{server}
			}
			r := newRecord()
			c := New(below, []byte("\x81\x81\x00\x00\x00\x00e"), r, clock())
			c.phase = phaseFrames
			c.reportOpened("")
			var got bytes.Buffer
			over := make(chan error, 2)
			go func() {
				more, read, write := c.CopyTo(&got)
				for more {
					more, read, write = c.CopyTo(&got)
				}
				over <- read
				over <- write
			}()
			c.Ping(1)
			ping, err := readFrame(peer)
			if err != nil {
				t.Fatal(err)
			}
			pong := ws.MustCompileFrame(ws.MaskFrame(ws.NewPongFrame(ping.Payload)))
			long := ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("x"), 100_000))))
			for _, b := range [][]byte{pong[:7], pong[7:], long, []byte("\x8a\x80abcd")} {
				peer.Write(b)
			}
			r.until(t, "the pong", func(d calls) bool { return len(d.pongs) == 1 })
			peer.CloseWrite()
			if read, write := <-over, <-over; read != nil || write != nil {
				t.Errorf("errors %v and %v at the end of the stream", read, write)
			}
			if want := "\x81\x81\x00\x00\x00\x00e" + string(long) + "\x8a\x80abcd"; got.String() != want {
				t.Errorf("%d bytes came, want %d", got.Len(), len(want))
			}
		})
	}
}

func TestCopyToReturnsTheSideThatFailed(t *testing.T) {
	c, peer, _ := tapped(t)
	full := errors.New("full")
	peer.Write([]byte("\x81\x80abcd"))
	if _, read, write := c.CopyTo(&written{fail: full}); read != nil || write != full {
		t.Errorf("a write that fails: %v, %v", read, write)
	}
	c.SetReadDeadline(time.Now().Add(-time.Second))
	if _, read, write := c.CopyTo(io.Discard); !errors.Is(read, os.ErrDeadlineExceeded) || write != nil {
		t.Errorf("a deadline: %v, %v", read, write)
	}
	c.SetReadDeadline(time.Time{})
	c.Close()
	if _, read, write := c.CopyTo(io.Discard); !errors.Is(read, net.ErrClosed) || write != nil {
		t.Errorf("a closed socket: %v, %v", read, write)
	}
}

// A close from another goroutine, or a deadline, wakes a CopyTo that waits.
func TestCopyToWakes(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(*Conn)
		want error
	}{
		"close":    {func(c *Conn) { c.Close() }, net.ErrClosed},
		"drop":     {func(c *Conn) { c.Drop(Ending{}, true) }, net.ErrClosed},
		"deadline": {func(c *Conn) { c.SetReadDeadline(time.Now()) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer, _ := tapped(t)
			w := &written{wrote: make(chan struct{})}
			over := make(chan error, 1)
			go func() { _, read, _ := c.CopyTo(w); over <- read }()
			peer.Write([]byte("\x81\x80abcd"))
			<-w.wrote // so it waits now, or is about to
			tc.do(c)
			select {
			case err := <-over:
				if !errors.Is(err, tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
			case <-time.After(5 * time.Second):
				t.Error("sleeps on")
			}
		})
	}
}

// A CopyTo that waits holds no buffer.
func TestIdleCopyToIsSmall(t *testing.T) {
	const conns = 200
	before := inUse()
	var over [conns]chan struct{}
	var taps [conns]*Conn
	for i := range conns {
		c, peer, _ := tapped(t)
		w := &written{wrote: make(chan struct{}, 1)}
		over[i], taps[i] = make(chan struct{}), c
		go func() { defer close(over[i]); c.CopyTo(w) }()
		peer.Write([]byte("\x81\x80abcd"))
		<-w.wrote
	}
	if each := (inUse() - before) / conns; each > 8<<10 {
		t.Errorf("%d bytes for each", each)
	}
	for i := range conns {
		taps[i].Close()
		<-over[i]
	}
}

func inUse() int {
	runtime.GC()
	runtime.GC() // the second one frees what is in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// A peer that ends its TLS stream without a close notification has ended it too.
func TestCopyToOfTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	config := srv.TLS.Clone()
	srv.Close()
	server, peer := loopback(t)
	done := make(chan error, 1)
	client := tls.Client(peer, &tls.Config{InsecureSkipVerify: true})
	go func() { done <- client.Handshake() }()
	secure := tls.Server(server, config)
	if err := errors.Join(secure.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	c := New(secure, nil, newRecord(), clock())
	var got bytes.Buffer
	want := bytes.Repeat([]byte("0123456789"), 20_000)
	go func() {
		client.Write(want)
		peer.CloseWrite()
	}()
	if _, read, write := c.CopyTo(&got); read != nil || write != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d bytes, %v, %v", got.Len(), read, write)
	}
}
