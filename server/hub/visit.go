package hub

import (
	"fmt"
	"time"

	"holter/model"
	"holter/server/tap"
)

// orders are actions on a connection at a later time.
type orders struct {
	kick   kick
	kickAt model.Instant // 0 for never
	dropAt model.Instant // when to close the socket; 0 for never
}

// stuck is what is known of bytes that wait for their peer.
type stuck struct {
	taken  uint64        // bytes that the peer's kernel had acknowledged
	since  model.Instant // when that number was first seen
	queued bool          // the kernel held bytes that it had not sent
}

// closeWait is how long a peer has to answer a close frame before its socket is closed.
const closeWait = time.Second

// CodeExpired is the close code for a connection whose token has expired, as many programs have it: 4000 and the status.
const CodeExpired = 4401

// CodeTimeout is the close code for a connection that holter gives up: registered with IANA as Timeout.
const CodeTimeout = 3008

// calm reports whether only a beat is due on l.
func (h *Hub) calm(l *leg) bool {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	return l.end == nil && l.conn.orders == nil && !l.heart.Alert()
}

// visit runs the actions that are due on l, and puts l back into the schedule. Only the scheduler calls it.
func (h *Hub) visit(l *leg, now model.Instant) {
	c := l.conn
	c.mu.Lock()
	t := l.tap
	if l.end != nil {
		c.mu.Unlock()
		return
	}
	missed := l.heart.Missed()
	a := l.heart.Tick(now, &h.late, (*opposite)(l))
	if l.heart.Missed() > missed {
		l.beat(BeatMissed)
	}
	l.next, l.visiting = a.Next, true
	l.changed(a.From, a.To, a.Changed)
	if l.side == model.ClientSide && c.term.Warn() {
		c.publish(model.Event{Type: model.TokenExpiring}, now)
	}
	end, trust := l.judge(now), l.trust(now)
	if end == nil && l.side == model.ClientSide {
		c.watchStream(now)
	}
	c.mu.Unlock()

	if trust != nil {
		trust()
	}
	if end != nil {
		end(t)
	} else if a.Ping != 0 {
		t.Ping(a.Ping)
	} else {
		t.Retry()
	}

	c.mu.Lock()
	l.visiting = false
	if l.end == nil {
		h.schedule.set(l, l.nextVisit(now))
	}
	c.mu.Unlock()
}

// judge decides whether l must be closed, and how: it returns a function that closes l, or nil. The
// caller calls the function without the lock. Limits of the whole connection are checked at its leg to the client.
func (l *leg) judge(now model.Instant) func(*tap.Conn) {
	c, h := l.conn, l.conn.hub
	o := &h.o
	whole := l.side == model.ClientSide
	switch {
	case whole && c.leaving() && now >= c.orders.dropAt:
		return func(t *tap.Conn) { t.Drop(tap.Ending{}, false) }
	case whole && c.orders != nil && c.orders.kickAt != 0 && now >= c.orders.kickAt:
		k := c.orders.kick
		c.orders.kickAt = 0
		return func(*tap.Conn) { h.close(c, k) }
	case c.term.Over() && !c.leaving():
		return func(*tap.Conn) { h.close(c, kick{code: CodeExpired, reason: "the token has expired"}) }
	case l.heart.State() == model.Failed && o.OnFail == model.OnFailClose:
		l.heart.End(model.Reaped)
		return giveUp("heartbeat timeout")
	case o.WriteTimeout > 0 && l.untakenFor(now) >= o.WriteTimeout:
		return giveUp(fmt.Sprintf("write timeout: nothing taken for %s", o.WriteTimeout))
	case whole && o.MaxIdle > 0 && !c.leaving() && since(now, max(c.opened, l.tap.Data())) >= o.MaxIdle:
		return func(*tap.Conn) { h.close(c, kick{code: 1000, reason: fmt.Sprintf("no message for %s", o.MaxIdle)}) }
	}
	return nil
}

// untaken returns since when the peer has taken nothing of what waits for it, 0 if nothing waits. A long message may take
// any time on its way to a slow peer, as long as there is progress. Where the kernel does not say what the peer has
// acknowledged, it returns when the write began that waits. Without doubt it asks the kernel only if a write waits.
func (l *leg) untaken(now model.Instant, doubt bool) model.Instant {
	if !doubt && l.tap.Writing() == 0 {
		return 0
	}
	out := l.tap.Outgoing()
	switch {
	case out.Writing == 0 && !out.Queued:
		l.stuck = nil
		return 0
	case !out.Known:
		return out.Writing
	case l.stuck == nil:
		l.stuck = &stuck{taken: out.Taken, since: now}
	}
	s := l.stuck
	emptied := !s.queued && (out.Writing == 0 || out.Writing > s.since) // what was written before had been taken
	if out.Taken != s.taken || emptied {
		s.taken, s.since = out.Taken, now
	}
	s.queued = out.Queued
	return s.since
}

// untakenFor returns how long a write has waited without progress, or any other bytes for a peer that is suspect because of
// that.
func (l *leg) untakenFor(now model.Instant) time.Duration {
	at := l.untaken(now, l.heart.Blocked())
	if at == 0 {
		return 0
	}
	return since(now, at)
}

// giveUp returns a function that closes the socket of a peer that will not answer a close frame. It still
// sends the frame first: a peer that was only frozen reads it when it wakes up.
func giveUp(reason string) func(*tap.Conn) {
	return func(t *tap.Conn) {
		t.Shut(CodeTimeout, reason)
		t.Drop(tap.Ending{}, false)
	}
}

// beatGrid is the grid of time on which calm connections are visited, so that many are visited together:
// each run of the scheduler, and each wake-up for an answer, costs as much as a ping. A connection in doubt
// is visited at its own time.
const beatGrid = model.Instant(40 * time.Millisecond)

// nextVisit returns when l is due again, for its heart or for a limit.
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
	if !l.tap.Proved() && l.tap.Quiet() {
		sooner(c.opened + l.quiet())
	}
	if o.WriteTimeout > 0 {
		if at := l.untaken(now, l.heart.Blocked()); at != 0 {
			sooner(at + model.Instant(o.WriteTimeout))
		}
	}
	if l.side == model.UpstreamSide {
		return next
	}
	if c.orders != nil {
		sooner(c.orders.kickAt)
		sooner(c.orders.dropAt)
	}
	if c.term != nil && !c.leaving() {
		sooner(l.conn.hub.now() + model.Instant(c.term.Next()))
	}
	if o.MaxIdle > 0 && !c.leaving() {
		sooner(max(c.opened, l.tap.Data()) + model.Instant(o.MaxIdle))
	}
	return next
}

// reschedule sets the next visit anew, after something about the leg has changed.
func (l *leg) reschedule() {
	if l.end == nil && !l.visiting {
		l.conn.hub.schedule.set(l, l.nextVisit(l.conn.hub.now()))
	}
}
