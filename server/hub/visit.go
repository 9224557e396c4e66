package hub

import (
	"fmt"
	"time"

	"holter/model"
	"holter/server/tap"
)

// orders are what is to be done to a connection at a time other than now.
type orders struct {
	kick   kick
	kickAt model.Instant // 0 for never
	dropAt model.Instant // close the socket; 0 for never
}

// stuck is a write that waits for its peer.
type stuck struct {
	taken uint64        // bytes that the peer had acknowledged
	since model.Instant // then
}

// closeWait is how long a peer has to answer a close frame before the socket goes.
const closeWait = time.Second

// CodeTimeout is the close code for a connection that is given up: registered with IANA as Timeout.
const CodeTimeout = 3008

// calm reports whether nothing but a beat is due on l.
func (l *leg) calm() bool {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	return l.tap != nil && l.conn.orders == nil && !l.heart.Alert()
}

// visit brings l to now and puts it back into the schedule. Only the scheduler calls it.
func (l *leg) visit(now model.Instant) {
	c := l.conn
	c.mu.Lock()
	t := l.tap
	if t == nil {
		c.mu.Unlock()
		return
	}
	a := l.heart.Tick(now, &c.hub.late, t)
	l.next, l.visiting = a.Next, true
	l.changed(a.From, a.To, a.Changed)
	end := l.judge(now)
	c.mu.Unlock()

	if end != nil {
		end(t)
	} else if a.Ping != 0 {
		t.Ping(a.Ping)
	} else {
		t.Retry()
	}

	c.mu.Lock()
	l.visiting = false
	if l.tap != nil {
		c.hub.schedule.set(l, l.nextVisit(now))
	}
	c.mu.Unlock()
}

// judge decides whether l has to go, and how. It runs under mu; what it returns does not. What is
// asked of the connection as a whole is done at its client's leg.
func (l *leg) judge(now model.Instant) func(*tap.Conn) {
	c, o := l.conn, &l.conn.hub.o
	whole := l.side == model.ClientSide
	switch w := l.tap.Writing(); {
	case whole && c.leaving() && now >= c.orders.dropAt:
		return func(t *tap.Conn) { t.Drop(tap.Ending{}, false) }
	case whole && c.orders != nil && c.orders.kickAt != 0 && now >= c.orders.kickAt:
		k := c.orders.kick
		c.orders.kickAt = 0
		return func(*tap.Conn) { c.kick(k) }
	case l.heart.State() == model.Failed && o.OnFail == model.OnFailClose:
		l.heart.End(model.Reaped)
		return giveUp("heartbeat timeout")
	case o.WriteTimeout > 0 && w != 0 && since(now, l.stuckSince(w, now)) >= o.WriteTimeout:
		return giveUp(fmt.Sprintf("write timeout: nothing taken for %s", o.WriteTimeout))
	case whole && o.MaxIdle > 0 && !c.leaving() && since(now, max(c.opened, l.tap.Data())) >= o.MaxIdle:
		return func(*tap.Conn) { c.kick(kick{code: 1000, reason: fmt.Sprintf("no message for %s", o.MaxIdle)}) }
	}
	return nil
}

// stuckSince is since when the peer has taken nothing of the write that began at w: a long message may
// be on its way to a slow peer for as long as it likes. Where the kernel does not tell what the peer
// has acknowledged, that is w. It runs under mu.
func (l *leg) stuckSince(w, now model.Instant) model.Instant {
	taken, known := l.tap.Taken()
	if !known {
		return w
	}
	if l.stuck == nil {
		l.stuck = new(stuck)
	}
	if s := l.stuck; taken != s.taken || s.since < w {
		s.taken, s.since = taken, now
	}
	return l.stuck.since
}

// giveUp closes the socket of a peer that will not answer a close frame. One that was only frozen
// finds the frame when it wakes up.
func giveUp(reason string) func(*tap.Conn) {
	return func(t *tap.Conn) {
		t.Shut(CodeTimeout, reason)
		t.Drop(tap.Ending{}, false)
	}
}

// beatGrid is when calm connections are visited: together, since every run of the scheduler and every
// wake-up for an answer costs as much as a ping. A connection in doubt does not wait for it.
const beatGrid = model.Instant(40 * time.Millisecond)

// nextVisit is when l is due again, for its heart or for a limit. It runs under mu.
func (l *leg) nextVisit(now model.Instant) model.Instant {
	c, o := l.conn, &l.conn.hub.o
	next := l.next
	if l.heart.State() == model.Normal {
		next = (next + beatGrid - 1) / beatGrid * beatGrid
	}
	sooner := func(i model.Instant) {
		if i != 0 {
			next = min(next, max(i, now+1))
		}
	}
	if w := l.tap.Writing(); w != 0 && o.WriteTimeout > 0 {
		sooner(l.stuckSince(w, now) + model.Instant(o.WriteTimeout))
	}
	if l.side == model.UpstreamSide {
		return next
	}
	if c.orders != nil {
		sooner(c.orders.kickAt)
		sooner(c.orders.dropAt)
	}
	if o.MaxIdle > 0 && !c.leaving() {
		sooner(max(c.opened, l.tap.Data()) + model.Instant(o.MaxIdle))
	}
	return next
}

// reschedule runs under mu.
func (l *leg) reschedule() {
	if l.tap != nil && !l.visiting {
		l.conn.hub.schedule.set(l, l.nextVisit(l.conn.hub.now()))
	}
}
