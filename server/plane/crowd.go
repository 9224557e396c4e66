package plane

import (
	"sync"
	"sync/atomic"
	"time"

	"holter/probe/sock"
)

// crowd bounds the connections of a plane that no handler has: those whose request has not come in whole, and those that
// are idle between two requests. Each costs some memory, and a stranger may open any number of them and say nothing. The
// connections that handlers have taken are not its business.
//
// If there are too many, the crowd closes one that is idle, or the one that has waited for the rest of its request for
// longest. A client that goes on as usual is through long before that.
//
// All methods may be called on a nil crowd, which bounds nothing, and by any goroutine.
type crowd struct {
	most  int           // connections
	keeps time.Duration // how long a connection keeps its place in any case
	bytes atomic.Int64  // of all heads that are coming in

	mu          sync.Mutex // protects the following, and the place of each visitor
	heads, idle line
}

const (
	// yieldAfter is how long a connection usually keeps its place. A client that is quick needs less, even while many others do
	// their TLS handshakes.
	yieldAfter = 2 * time.Second

	// pauseForPlace is how long a new connection waits before it looks for a place again.
	pauseForPlace = 5 * time.Millisecond

	mostHeadBytes = 64 << 20 // of all heads together, beyond which those are turned away that are longer than usual
	usualHead     = 16 << 10
)

// line is a list of visitors, in the order in which they came.
type line struct {
	first, last *visitor
	n           int
}

// place is where a visitor stands.
type place struct {
	line         *line // nil while it stands in none
	before, then *visitor
	since        time.Time
}

// enter lets a new connection in if there is room, or if another one can make room for it. It closes or wakes the other one
// under the lock, so that no handler has it yet.
func (c *crowd) enter(v *visitor) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch out := c.heads.first; {
	case c.heads.n+c.idle.n < c.most:
	case c.idle.first != nil:
		out = c.idle.first
		out.stepOut()
		sock.Bottom(out.Conn).Close()
	case out != nil && now.Sub(out.place.since) >= c.keeps:
		out.stepOut()
		out.crowdedOut.Store(true)
		out.Conn.SetReadDeadline(time.Unix(1, 0)) // wakes the goroutine that waits for the rest, which answers
	default:
		return false
	}
	v.stepInto(&c.heads, now)
	return true
}

// rest records that a connection is idle until its next request.
func (c *crowd) rest(v *visitor) { c.move(v, false) }

// begins records that a request has begun to come in.
func (c *crowd) begins(v *visitor) { c.move(v, true) }

func (c *crowd) move(v *visitor, head bool) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if head && v.place.line != &c.idle {
		return
	}
	to := &c.idle
	if head {
		to = &c.heads
	}
	v.stepOut()
	v.stepInto(to, time.Now())
}

// grew counts bytes of a head. It reports false if there is no room for such a long one.
func (c *crowd) grew(v *visitor, n int) bool {
	if c == nil {
		return true
	}
	v.size += n
	return c.bytes.Add(int64(n)) <= mostHeadBytes || v.size <= usualHead
}

// leave takes a connection out, and forgets its head. The goroutine that reads from it calls leave.
func (c *crowd) leave(v *visitor) {
	if c == nil {
		return
	}
	c.bytes.Add(int64(-v.size))
	v.size = 0
	c.mu.Lock()
	defer c.mu.Unlock()
	v.stepOut()
}

// stepInto and stepOut run under crowd.mu.
func (v *visitor) stepInto(l *line, now time.Time) {
	v.place = place{line: l, before: l.last, since: now}
	if l.last != nil {
		l.last.place.then = v
	} else {
		l.first = v
	}
	l.last = v
	l.n++
}

func (v *visitor) stepOut() {
	l := v.place.line
	if l == nil {
		return
	}
	if v.place.before != nil {
		v.place.before.place.then = v.place.then
	} else {
		l.first = v.place.then
	}
	if v.place.then != nil {
		v.place.then.place.before = v.place.before
	} else {
		l.last = v.place.before
	}
	l.n--
	v.place = place{}
}
