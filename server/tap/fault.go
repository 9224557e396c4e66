package tap

import (
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
)

// SetFaults disturbs the connection in this way instead of any other, the zero Faults in none. What was
// held and is held no more goes on at once, in order. Faults without effect here are those that end a
// connection: see Shut and Drop. SetFaults never waits.
func (c *Conn) SetFaults(f model.Faults) {
	w := c.wire.Load()
	if w == nil {
		if f.None() {
			return
		}
		w = &wire{conn: c, change: make(chan struct{})}
		if !c.wire.CompareAndSwap(nil, w) {
			w = c.wire.Load()
		}
	}
	w.set(f)
}

// Faults are those on the connection, nil for none. They are never changed.
func (c *Conn) Faults() *model.Faults {
	if w := c.wire.Load(); w != nil {
		return w.faults.Load()
	}
	return nil
}

// wire is a bad line between a Conn and its socket. A connection gets one with its first fault and
// keeps it. While a fault engages a direction, its bytes go through a queue here that a goroutine
// fills or empties, and the socket's deadlines are the wire's; the application's are kept in the Conn.
//
// A direction is engaged at once, but an operation may be at the socket by then. It is called back by
// a deadline that has passed, and goes on here. The way back is taken by the next operation that finds
// nothing left in the queue. The Conn's locks make sure that there is only one at a time.
type wire struct {
	conn   *Conn
	faults atomic.Pointer[model.Faults] // nil for none; changed under mu
	sieve  sieve                        // conn.readLock's

	mu      sync.Mutex    // protects all following
	change  chan struct{} // closed and replaced at each change
	since   model.Instant // of the faults
	in, out line
	closed  bool        // for the application
	keeps   bool        // closed, and the socket is to go when the queue is empty
	limit   *time.Timer // of that
}

// past is a deadline that calls back whoever waits for the socket.
var past = time.Unix(1, 0)

func (w *wire) set(f model.Faults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults.Store(nil)
	if !f.None() {
		w.faults.Store(&f)
	}
	w.since = w.conn.now()
	w.in.set(f.Up, f.Freeze || f.HalfOpen)
	w.out.set(f.Down, f.Freeze || f.HalfOpen || f.SlowClose > 0)
	if w.in.wanted && !w.in.engaged.Load() {
		w.in.engaged.Store(true)
		w.ownReadDeadline()
	} else if w.in.running {
		w.ownReadDeadline()
	}
	if w.out.wanted && !w.out.engaged.Load() {
		w.out.engaged.Store(true)
		w.ownWriteDeadline()
	}
	w.flow()
	w.wake()
}

// stopped reports whether nothing moves. It runs under mu, as do all below.
func (w *wire) stopped() bool {
	f := w.faults.Load()
	return f != nil && (f.Freeze || f.HalfOpen)
}

func (w *wire) wake() {
	close(w.change)
	w.change = make(chan struct{})
}

// wait lets go of mu until something changes, or until the first of these moments that is not 0.
func (w *wire) wait(a, b model.Instant) {
	if a == 0 || b != 0 && b < a {
		a = b
	}
	change := w.change
	w.mu.Unlock()
	defer w.mu.Lock()
	if a == 0 {
		<-change
		return
	}
	timer := time.NewTimer(time.Duration(a - w.conn.now()))
	defer timer.Stop()
	select {
	case <-change:
	case <-timer.C:
	}
}

// head is the first chunk of l if it may go on now, and since when. Otherwise it says when to look
// again, 0 for after the next change.
func (w *wire) head(l *line) (first *chunk, due, next model.Instant) {
	if len(l.chunks) == 0 || w.stopped() {
		return nil, 0, 0
	}
	first = &l.chunks[0]
	due = max(first.at+model.Instant(w.delay(l, first)), l.passed, w.since)
	now := w.conn.now()
	if due > now {
		return nil, 0, due
	}
	if wait := l.tokens(len(first.bytes)); wait > 0 {
		return nil, 0, now + model.Instant(wait)
	}
	if l.limiter != nil {
		due = now
	}
	return first, due, 0
}

func (w *wire) delay(l *line, c *chunk) time.Duration {
	d := l.bad.Latency + time.Duration(c.stray*float64(l.bad.Jitter))
	if f := w.faults.Load(); c.slow && f != nil {
		d += f.SlowClose
	}
	return d
}
