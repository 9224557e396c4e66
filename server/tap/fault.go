package tap

import (
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
)

// SetFaults replaces the faults that disturb the connection; the zero Faults ends them. Bytes that the old
// faults held and the new ones do not go on at once, in order. Faults that end a connection have no effect
// here: see Shut and Drop. SetFaults never waits.
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

// Faults returns those on the connection, nil for none. The value never changes.
func (c *Conn) Faults() *model.Faults {
	if w := c.wire.Load(); w != nil {
		return w.faults.Load()
	}
	return nil
}

// Disturbed reports whether there are faults on the connection, or were some.
func (c *Conn) Disturbed() bool { return c.wire.Load() != nil }

// wire is a bad line between a Conn and its socket. A connection gets one with its first fault and keeps
// it. While a fault engages a direction, its bytes pass through a queue here, which a goroutine fills or
// empties. Meanwhile the socket's deadlines are the wire's; the Conn keeps the application's.
//
// A direction is engaged at once, but a read or write of the application may already be blocked in the
// socket. The wire interrupts it with a deadline in the past, and it goes on here. Later, the first
// operation that finds no fault and nothing in the queue returns to the socket. The Conn's readLock and
// writeLock allow only one operation at a time in each direction.
//
// Its lock is mu. Methods of Conn take it, and those of wire that say so; all other methods of wire and
// those of line run under it. It is never held while a goroutine waits in the socket.
type wire struct {
	conn   *Conn
	faults atomic.Pointer[model.Faults] // nil for none; changed under mu
	sieve  sieve                        // protected by conn.readLock

	mu      sync.Mutex    // protects all following
	change  chan struct{} // closed and replaced at each change
	since   model.Instant // when the faults were set
	in, out line
	closed  bool        // by the application or by holter
	keeps   bool        // closed, but the socket stays open until the queue is empty
	limit   *time.Timer // ends that
}

// past is a deadline that interrupts a goroutine which waits in the socket.
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

// stopped reports whether the faults stop all bytes.
func (w *wire) stopped() bool {
	f := w.faults.Load()
	return f != nil && (f.Freeze || f.HalfOpen)
}

func (w *wire) wake() {
	close(w.change)
	w.change = make(chan struct{})
}

// wait releases mu until something changes, or until the earlier of the two moments. A moment of 0 never
// comes.
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

// head returns the first chunk of l if it may go on now, and the moment since which it may. Otherwise next
// is the moment to ask again, 0 for after the next change.
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
