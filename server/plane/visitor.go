package plane

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holter/probe/sock"
)

// visitor is an accepted connection that has not sent a whole request yet. Package http itself answers a request
// that it cannot parse, and reports it to no handler and no log. So a visitor remembers the beginning of each head
// while it comes in. If package http writes before a handler runs, that write is such an answer.
//
// A visitor is also the context of its requests (see link), so that it needs only the allocation that a context with
// the connection in it would need.
//
// The goroutine of package http that serves the connection reads heads, writes such answers and changes the phase.
// Other goroutines only load the phase: package http has one that reads while a handler runs, and a handler may write
// from any goroutine.
type visitor struct {
	net.Conn
	context  context.Context // of the server
	turnAway *turnAway       // of the plane
	head     *[]byte         // from the pool heads; nil before the first byte, and while a handler runs
	phase    atomic.Uint32

	crowd      *crowd // that it stands in until a handler has it
	place      place  // protected by the crowd's lock
	size       int    // bytes of the head so far
	crowdedOut atomic.Bool
}

const (
	phaseHead    = iota // the head of a request is coming in, or has not begun
	phaseRead           // package http has read a head, or given up
	phaseHandled        // a handler has the request, and may hijack the connection: writes are its own
	phaseOver           // this package turned the request away, and writes of package http are dropped
)

// longestKept is how many bytes of a head are remembered: usually enough to include the wrong line.
const longestKept = 4 << 10

var heads = sync.Pool{New: func() any { b := make([]byte, 0, longestKept); return &b }}

// NetConn returns the connection below.
func (v *visitor) NetConn() net.Conn { return v.Conn }

// Hijacked returns the connection that a handler should use after it has hijacked v: there is no head left to watch.
func (v *visitor) Hijacked() net.Conn { return v.Conn }

// CloseWrite is for package http: after it, package http waits until the client has read the answer, and then closes.
func (v *visitor) CloseWrite() error {
	if c, ok := v.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (v *visitor) Read(b []byte) (int, error) {
	n, err := v.Conn.Read(b)
	if v.phase.Load() != phaseHead {
		return n, err
	}
	if v.head == nil && n > 0 {
		v.crowd.begins(v)
	}
	v.remember(b[:n])
	switch {
	case !v.crowd.grew(v, n):
		v.phase.Store(phaseOver)
		v.turnAway.crowdedOut(v)
		return 0, errCrowdedOut
	case err != nil && (v.head != nil || v.crowdedOut.Load()):
		v.broke(err)
	}
	return n, err
}

var errCrowdedOut = errors.New("too many heads of requests are coming in")

// broke reports a head that broke off in a way that package http does not answer. Package http answers a head that
// ends with a FIN.
func (v *visitor) broke(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && v.crowdedOut.Load():
		v.phase.Store(phaseOver)
		v.turnAway.crowdedOut(v)
	case errors.Is(err, os.ErrDeadlineExceeded):
		v.phase.Store(phaseOver)
		v.turnAway.late(v)
	case errors.Is(err, syscall.ECONNRESET):
		v.phase.Store(phaseOver)
		v.turnAway.gone(v)
	}
}

func (v *visitor) remember(b []byte) {
	if len(b) == 0 {
		return
	}
	if v.head == nil {
		v.head = heads.Get().(*[]byte)
		*v.head = (*v.head)[:0]
	}
	*v.head = append(*v.head, b[:min(len(b), longestKept-len(*v.head))]...)
}

// Write adds a sentence to an answer of package http's own.
func (v *visitor) Write(b []byte) (int, error) {
	switch v.phase.Load() {
	case phaseHandled:
		return v.Conn.Write(b)
	case phaseOver:
		return len(b), nil
	}
	v.phase.Store(phaseHandled)
	return v.turnAway.answered(v, b)
}

// forget gives the memory of the head back.
func (v *visitor) forget() {
	if v.head != nil {
		heads.Put(v.head)
		v.head = nil
	}
}

// self lets visitorOf find the visitor that another type embeds.
func (v *visitor) self() *visitor { return v }

// visitorOf returns nil for a connection of another kind.
func visitorOf(c net.Conn) *visitor {
	if v, ok := c.(interface{ self() *visitor }); ok {
		return v.self()
	}
	return nil
}

// enter is an http.Server.ConnContext.
func enter(ctx context.Context, c net.Conn) context.Context {
	v := visitorOf(c)
	if v == nil {
		return context.WithValue(ctx, sock.ContextKey, c)
	}
	v.context = ctx
	return (*link)(v)
}

// proceed is an http.Server.ConnState.
func proceed(c net.Conn, state http.ConnState) {
	v := visitorOf(c)
	switch {
	case v == nil:
	case state == http.StateActive:
		v.phase.CompareAndSwap(phaseHead, phaseRead)
	case state == http.StateIdle:
		v.crowdedOut.Store(false)
		v.crowd.rest(v)
		v.phase.Store(phaseHead)
	case state == http.StateClosed:
		v.forget()
		v.crowd.leave(v)
	}
}

// handled records that a handler has the request. The caller calls it before the handler.
func handled(r *http.Request) {
	if v := visitorOf(sock.FromContext(r.Context())); v != nil {
		v.phase.Store(phaseHandled)
		v.forget()
		v.crowd.leave(v)
		if v.crowdedOut.Load() { // the rest of the head came in the same moment
			v.Conn.SetReadDeadline(time.Time{})
		}
	}
}

// link is the context of a visitor's requests: the context of the server, with the connection as a value.
type link visitor

func (l *link) Deadline() (deadline time.Time, ok bool) { return l.context.Deadline() }
func (l *link) Done() <-chan struct{}                   { return l.context.Done() }
func (l *link) Err() error                              { return l.context.Err() }

func (l *link) Value(key any) any {
	if key == sock.ContextKey {
		return (*visitor)(l)
	}
	return l.context.Value(key)
}

// visitors is a listener whose connections are visitors.
type visitors struct {
	net.Listener
	turnAway *turnAway
	crowd    *crowd
	closing  <-chan struct{} // closed when the listener is
}

// Accept waits for a connection, and then until there is room for it.
func (l visitors) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	v := &visitor{Conn: c, turnAway: l.turnAway, crowd: l.crowd}
	var accepted net.Conn = v
	if secure, ok := c.(*tls.Conn); ok {
		s := &secureVisitor{visitor: visitor{Conn: c, turnAway: l.turnAway, crowd: l.crowd}, secure: secure}
		v, accepted = &s.visitor, s
	}
	for !l.crowd.enter(v) {
		select {
		case <-l.closing:
			sock.Bottom(c).Close()
			return nil, net.ErrClosed
		case <-time.After(pauseForPlace):
		}
	}
	return accepted, nil
}
