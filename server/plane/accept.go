package plane

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"holter/probe/lease"
	"holter/probe/process"
	"holter/probe/sock"
)

const (
	// queueLength is how many accepted connections may wait for their handshake. The kernel's own
	// queue is shorter (net.core.somaxconn). It drops what it cannot hold, and the client sends its SYN again
	// a second later.
	queueLength = 1 << 14

	// handshakes is how many handshakes may run at a time if each is little work. More of them would only keep
	// the accepting goroutine from running.
	handshakes = 4

	// patience is how long a handshake holds its place. If it takes longer, it is waiting for a slow client, and
	// other clients may go ahead.
	patience = time.Millisecond
)

// acceptQueue is a listener that accepts every connection at once, into a queue of its own. Accept returns a
// connection from the queue when one of a few places is free. A place becomes free by release, or after patience.
// Accept returns the connection itself, with nothing around it.
type acceptQueue struct {
	net.Listener
	log   *slog.Logger
	conns chan net.Conn

	close   sync.Once
	closing chan struct{}
	done    chan struct{} // closed when fill has returned
	places  *lease.Pool[net.Conn]
}

func newAcceptQueue(l net.Listener, places int, log *slog.Logger) *acceptQueue {
	q := &acceptQueue{
		Listener: l,
		log:      log,
		conns:    make(chan net.Conn, queueLength),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		places:   lease.NewPool[net.Conn](places, patience),
	}
	process.Go(q.fill)
	return q
}

// Accept waits for a connection and then for a place.
func (q *acceptQueue) Accept() (net.Conn, error) {
	select {
	case <-q.closing:
		return nil, net.ErrClosed
	case c := <-q.conns:
		if !q.places.Acquire(q.closing, c) {
			c.Close()
			return nil, net.ErrClosed
		}
		return c, nil
	}
}

// Close ends Accept, closes the connections that still wait, and returns when no more are accepted.
func (q *acceptQueue) Close() error {
	var err error
	q.close.Do(func() {
		close(q.closing)
		err = q.Listener.Close()
	})
	<-q.done
	return err
}

// release gives the place of a connection back when its handshake is over. It is an
// http.Server.ConnState.
func (q *acceptQueue) release(c net.Conn, state http.ConnState) {
	if state == http.StateNew || state == http.StateActive {
		return
	}
	q.places.Release(sock.Bottom(c)) // c may be the TLS connection around the one that was accepted
}

// fill accepts until the listener is closed.
func (q *acceptQueue) fill() {
	defer close(q.done)
	defer q.empty()
	for q.acceptOne() {
	}
}

func (q *acceptQueue) acceptOne() bool {
	c, err := q.Listener.Accept()
	switch {
	case err == nil:
		q.enqueue(c)
		return true
	case errors.Is(err, net.ErrClosed):
		return false
	}
	// The likely reason is that no file descriptor is left, which passes when a connection ends.
	q.log.Warn("cannot accept connections", "error", err)
	select {
	case <-q.closing:
		return false
	case <-time.After(time.Second):
		return true
	}
}

func (q *acceptQueue) enqueue(c net.Conn) {
	select {
	case q.conns <- c:
	default:
		c.Close()
	}
}

func (q *acceptQueue) empty() {
	for {
		select {
		case c := <-q.conns:
			c.Close()
		default:
			return
		}
	}
}
