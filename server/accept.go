package server

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"holter/probe/crash"
)

const (
	// queueLength is how many accepted connections may wait for their handshake. The kernel's own
	// queue is shorter (net.core.somaxconn) and loses what it cannot hold, at the price of a second
	// for the client whose SYN that was.
	queueLength = 1 << 14

	// handshakes is how many may run at a time. Each is little work, so that more of them at once only
	// keep the accepting goroutine from its turn. Those of a proxy spend most of their time waiting for
	// the upstream.
	handshakes        = 4
	proxiedHandshakes = 32

	// patience is how long a handshake holds its place. By then it is waiting for its client, who must
	// not keep others out.
	patience = time.Millisecond
)

// acceptQueue is a listener that accepts at once, into a queue of its own, and hands a connection out
// when one of few places is free. It gets a place back through release, or after patience. Accept
// returns what the listener below has accepted, unwrapped.
type acceptQueue struct {
	net.Listener
	log   *slog.Logger
	conns chan net.Conn

	close   sync.Once
	closing chan struct{}
	done    chan struct{} // nobody accepts any more

	mu     sync.Mutex
	places []place
	freed  chan struct{} // a place became free since somebody looked
	timer  *time.Timer   // of the one goroutine that is in Accept
}

// place is one handshake under way, or none if there is no connection.
type place struct {
	conn  net.Conn
	taken time.Time
}

func newAcceptQueue(l net.Listener, places int, log *slog.Logger) *acceptQueue {
	q := &acceptQueue{
		Listener: l,
		log:      log,
		places:   make([]place, places),
		conns:    make(chan net.Conn, queueLength),
		closing:  make(chan struct{}),
		done:     make(chan struct{}),
		freed:    make(chan struct{}, 1),
		timer:    time.NewTimer(patience),
	}
	go q.fill()
	return q
}

// Accept waits for a connection and then for a place. Only one goroutine may be in it.
func (q *acceptQueue) Accept() (net.Conn, error) {
	select {
	case <-q.closing:
		return nil, net.ErrClosed
	case c := <-q.conns:
		return q.seat(c)
	}
}

// Close ends Accept, and returns when nothing is accepted any more. Connections that still wait are
// closed.
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
	c = rawConn(c)
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.places {
		if q.places[i].conn == c {
			q.places[i] = place{}
			select {
			case q.freed <- struct{}{}:
			default:
			}
			return
		}
	}
}

// rawConn is the connection under a TLS one: the one that was accepted.
func rawConn(c net.Conn) net.Conn {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return c
}

// seat gives c a place as soon as there is one.
func (q *acceptQueue) seat(c net.Conn) (net.Conn, error) {
	for {
		wait := q.take(c, time.Now())
		if wait <= 0 {
			return c, nil
		}
		q.timer.Reset(wait)
		select {
		case <-q.freed:
		case <-q.timer.C:
		case <-q.closing:
			c.Close()
			return nil, net.ErrClosed
		}
	}
}

// take gives c a place that is free or whose holder has had its time. If there is none, it answers how
// long until then.
func (q *acceptQueue) take(c net.Conn, now time.Time) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	oldest := &q.places[0]
	for i := range q.places {
		p := &q.places[i]
		if p.conn == nil {
			oldest = p
			break
		}
		if p.taken.Before(oldest.taken) {
			oldest = p
		}
	}
	if oldest.conn != nil {
		if wait := patience - now.Sub(oldest.taken); wait > 0 {
			return wait
		}
	}
	*oldest = place{c, now}
	return 0
}

// fill accepts until the listener is closed.
func (q *acceptQueue) fill() {
	defer crash.Tidy()
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
