package hub

import (
	"context"
	"slices"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/server/tap"
)

// kick is how a connection is ended.
type kick struct {
	code   int
	reason string
	reset  bool
}

// Kick ends connections and answers how many: at once, or spread over k.Over by the schedule. A kick
// of connections by id fails if one of them is not there any more, and then ends the others all the same.
func (h *Hub) Kick(_ context.Context, k model.Kick) (int, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	targets, err := h.targets(k)
	how := kick{code: k.Code, reason: k.Reason, reset: k.Reset}
	if how.code == 0 {
		how.code = 1001
	}
	now, n := h.now(), 0
	step := k.Over / time.Duration(max(1, len(targets)))
	for i, c := range targets {
		delay := step * time.Duration(i)
		if delay > 0 && c.order(how, now+model.Instant(delay)) || delay == 0 && c.kick(how) {
			n++
		}
	}
	return n, err
}

func (h *Hub) targets(k model.Kick) (targets []*connection, err error) {
	if len(k.IDs) == 0 {
		return h.matching(k.Query)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(k.IDs))) {
		c, e := h.find(id)
		if e == nil && !c.open() {
			e = model.Errorf(model.Gone, "connection %s is closed already", id)
		}
		if e != nil {
			err = e
			continue
		}
		targets = append(targets, c)
	}
	return targets, err
}

func (h *Hub) matching(query string) (matching []*connection, err error) {
	f, err := filter.ParseSelection(query)
	if err != nil {
		return nil, err
	}
	now := h.now()
	for _, c := range h.all() {
		c.mu.Lock()
		if c.tap != nil {
			var s model.Connection
			if c.snapshot(&s, now); f.Match(&s, h.time(now)) {
				matching = append(matching, c)
			}
		}
		c.mu.Unlock()
	}
	return matching, nil
}

func (c *connection) open() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tap != nil
}

// order has c kicked at that moment.
func (c *connection) order(k kick, at model.Instant) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tap == nil {
		return false
	}
	c.obey().kick, c.orders.kickAt = k, at
	c.reschedule()
	return true
}

// kick ends c, on both legs if it has two. Where the peer or the application did so before and left the
// socket, that one goes. It reports false if there is nothing left to be done.
func (c *connection) kick(k kick) bool {
	t, up := c.taps()
	if t == nil {
		return false
	}
	if k.reset {
		e := tap.Ending{By: model.ByHolter, Code: 1006, Reason: k.reason}
		t.Drop(e, true)
		if up != nil {
			up.Drop(e, true)
		}
		return true
	}
	first := t.Shut(k.code, k.reason)
	if up != nil {
		up.Shut(k.code, k.reason)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tap == nil || c.leaving() {
		return first
	}
	c.obey().dropAt = c.hub.now() + model.Instant(closeWait)
	c.reschedule()
	return true
}

// taps are those of both legs, nil where one is closed or was never there.
func (c *connection) taps() (client, upstream *tap.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.upstream != nil {
		upstream = c.upstream.tap
	}
	return c.tap, upstream
}

// leaving reports whether the peer is being waited for to close. It runs under mu.
func (c *connection) leaving() bool { return c.orders != nil && c.orders.dropAt != 0 }

func (c *connection) obey() *orders {
	if c.orders == nil {
		c.orders = new(orders)
	}
	return c.orders
}

// closeAll ends what is open when the monitor stops: close frames to all, a second for their
// answers, and then the sockets. Whoever is in the middle of a handshake comes in meanwhile.
func (h *Hub) closeAll() {
	h.endFaults() // or what they hold would live on
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for limit := time.Now().Add(closeWait); h.Size() > 0 && time.Now().Before(limit); <-poll.C {
		for _, c := range h.all() {
			c.kick(kick{code: 1001, reason: "holter is shutting down"})
		}
	}
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	for _, c := range h.all() {
		c.drop(tap.Ending{By: model.ByHolter, Code: 1001})
	}
}

// drop closes what sockets there are left.
func (c *connection) drop(e tap.Ending) {
	t, up := c.taps()
	if t != nil {
		t.Drop(e, false)
	}
	if up != nil {
		up.Drop(e, false)
	}
}
