package plane

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"holter/probe/lease"
)

// A place is given back when the handshake is over, and not before.
func TestAcceptQueuePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &acceptQueue{places: lease.NewPool[net.Conn](1, patience)}
		first, second := &net.TCPConn{}, &net.TCPConn{}
		q.places.Acquire(t.Context().Done(), first)
		start := time.Now()
		go func() {
			for _, state := range []http.ConnState{http.StateNew, http.StateActive} {
				q.release(first, state)
			}
			time.Sleep(patience / 4)
			q.release(first, http.StateHijacked)
		}()
		q.places.Acquire(t.Context().Done(), second)
		if waited := time.Since(start); waited != patience/4 {
			t.Errorf("the place was free after %v, want with the end of the handshake after %v", waited, patience/4)
		}
	})
}

func TestAcceptQueueHandsOutWhatItAccepted(t *testing.T) {
	q := newAcceptQueue(listenLoopback(t), handshakes, silent)
	defer q.Close()
	client := dial(t, q.Addr())
	c, err := q.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, ok := c.(*net.TCPConn); !ok || c.RemoteAddr().String() != client.LocalAddr().String() {
		t.Errorf("got a %T from %v", c, c.RemoteAddr())
	}
}

// Clients that say nothing must not keep others waiting for longer than patience.
func TestSilentClientsDelayNoOthers(t *testing.T) {
	q := newAcceptQueue(listenLoopback(t), handshakes, silent)
	server := &http.Server{
		ConnState: q.release,
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") }),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(q) }()
	for range 100 {
		dial(t, q.Addr())
	}
	for range 3 {
		c := dial(t, q.Addr())
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if answer, err := io.ReadAll(c); err != nil || len(answer) == 0 {
			t.Errorf("answer %q, error %v", answer, err)
		}
	}
	server.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestAcceptQueueClose(t *testing.T) {
	q := newAcceptQueue(listenLoopback(t), handshakes, silent)
	waiting := dial(t, q.Addr())
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	q.Close() // as net/http does
	if _, err := waiting.Read(make([]byte, 1)); err == nil {
		t.Error("a waiting connection was not closed")
	}
	if _, err := q.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

func TestAcceptQueueIsBounded(t *testing.T) {
	q := &acceptQueue{conns: make(chan net.Conn, 1)}
	ours, theirs := net.Pipe()
	q.enqueue(ours)
	beyond, refused := net.Pipe()
	q.enqueue(beyond)
	if _, err := refused.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the newcomer beyond the bound was not closed: %v", err)
	}
	if <-q.conns != ours {
		t.Error("the queue lost who was in it")
	}
	theirs.Close()
}

// flaky is a listener that fails as one does when no file descriptor is left.
type flaky struct {
	net.Listener
	failures int
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.failures--; f.failures >= 0 {
		return nil, errors.New("too many open files")
	}
	return f.Listener.Accept()
}

func TestAcceptQueueOutlivesErrors(t *testing.T) {
	q := newAcceptQueue(&flaky{listenLoopback(t), 1}, handshakes, silent)
	defer q.Close()
	client := dial(t, q.Addr())
	accepted := make(chan error, 1)
	go func() {
		c, err := q.Accept()
		if err == nil {
			c.Close()
		}
		accepted <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	select {
	case err := <-accepted:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("no connection is accepted any more")
	}
	client.Close()
}
