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

// closeWait is how long a peer has to answer a close frame before the socket goes.
const closeWait = time.Second

// CodeTimeout is the close code for a connection that is given up: registered with IANA as Timeout.
const CodeTimeout = 3008

// calm reports whether nothing but a beat is due on c.
func (c *connection) calm() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tap != nil && c.orders == nil && !c.heart.Alert()
}

// visit brings c to now and puts it back into the schedule. Only the scheduler calls it.
func (c *connection) visit(now model.Instant) {
	c.mu.Lock()
	t := c.tap
	if t == nil {
		c.mu.Unlock()
		return
	}
	a := c.heart.Tick(now, &c.hub.late, t)
	c.next, c.visiting = a.Next, true
	c.changed(a.From, a.To, a.Changed)
	end := c.judge(now)
	c.mu.Unlock()

	if end != nil {
		end(t)
	} else if a.Ping != 0 {
		t.Ping(a.Ping)
	} else {
		t.Retry()
	}

	c.mu.Lock()
	c.visiting = false
	if c.tap != nil {
		c.hub.schedule.set(c, c.nextVisit(now))
	}
	c.mu.Unlock()
}

// judge decides whether c has to go, and how. It runs under mu; what it returns does not.
func (c *connection) judge(now model.Instant) func(*tap.Conn) {
	o := &c.hub.o
	switch w := c.tap.Writing(); {
	case c.leaving() && now >= c.orders.dropAt:
		return func(t *tap.Conn) { t.Drop(tap.Ending{}, false) }
	case c.orders != nil && c.orders.kickAt != 0 && now >= c.orders.kickAt:
		k := c.orders.kick
		c.orders.kickAt = 0
		return func(*tap.Conn) { c.kick(k) }
	case c.heart.State() == model.Failed && o.OnFail == model.OnFailClose:
		c.heart.End(model.Reaped)
		return giveUp("heartbeat timeout")
	case o.WriteTimeout > 0 && w != 0 && since(now, w) >= o.WriteTimeout:
		return giveUp(fmt.Sprintf("write timeout: nothing taken for %s", o.WriteTimeout))
	case o.MaxIdle > 0 && !c.leaving() && since(now, max(c.opened, c.tap.Data())) >= o.MaxIdle:
		return func(*tap.Conn) { c.kick(kick{code: 1000, reason: fmt.Sprintf("no message for %s", o.MaxIdle)}) }
	}
	return nil
}

// giveUp closes the socket of a peer that will not answer a close frame. One that was only frozen
// finds the frame when it wakes up.
func giveUp(reason string) func(*tap.Conn) {
	return func(t *tap.Conn) {
		t.Shut(CodeTimeout, reason)
		t.Drop(tap.Ending{}, false)
	}
}

// nextVisit is when c is due again, for its heart or for a limit. It runs under mu.
func (c *connection) nextVisit(now model.Instant) model.Instant {
	o := &c.hub.o
	next := c.next
	sooner := func(i model.Instant) {
		if i != 0 {
			next = min(next, max(i, now+1))
		}
	}
	if c.orders != nil {
		sooner(c.orders.kickAt)
		sooner(c.orders.dropAt)
	}
	if w := c.tap.Writing(); w != 0 && o.WriteTimeout > 0 {
		sooner(w + model.Instant(o.WriteTimeout))
	}
	if o.MaxIdle > 0 && !c.leaving() {
		sooner(max(c.opened, c.tap.Data()) + model.Instant(o.MaxIdle))
	}
	return next
}
