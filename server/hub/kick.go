package hub

import (
	"context"
	"slices"
	"time"

	"holter/model"
	"holter/model/filter"
	"holter/server/tap"
)

// kick is how a connection is closed.
type kick struct {
	code   int
	reason string
	reset  bool
}

// Kick closes connections and returns their number: at once or, by the schedule, spread over k.Over. If one
// of the ids is no longer open, it closes the others and returns an error too.
func (h *Hub) Kick(_ context.Context, k model.Kick) (int, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	targets, err := h.targets(k.IDs, k.Query)
	how := kick{code: k.Code, reason: k.Reason, reset: k.Reset}
	if how.code == 0 {
		how.code = 1001
	}
	now, n := h.now(), 0
	step := k.Over / time.Duration(max(1, len(targets)))
	for i, c := range targets {
		delay := step * time.Duration(i)
		if delay > 0 && h.closeLater(c, how, now+model.Instant(delay)) || delay == 0 && h.close(c, how) {
			n++
		}
	}
	return n, err
}

// Targets returns the open connections with these ids or, if there are no ids, those that match query. They are
// sorted by id. If some of the ids are not open, it returns an error too.
func (h *Hub) Targets(_ context.Context, ids []model.ID, query string) ([]model.ID, error) {
	targets, err := h.targets(ids, query)
	found := make([]model.ID, len(targets))
	for i, c := range targets {
		found[i] = c.id
	}
	slices.Sort(found)
	return found, err
}

// targets returns the open connections with these ids or, if there are no ids, those that match query. The error
// names an id that is not open.
func (h *Hub) targets(ids []model.ID, query string) (targets []*connection, err error) {
	if len(ids) == 0 {
		return h.matching(query)
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		c, e := h.find(id)
		if e == nil && !h.isOpen(c) {
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

// matching returns the open connections that match a selection.
func (h *Hub) matching(query string) (matching []*connection, err error) {
	f, err := filter.ParseSelection(query)
	if err != nil {
		return nil, err
	}
	now := h.now()
	for _, c := range h.all() {
		c.mu.Lock()
		if c.held() {
			var s model.Connection
			if c.snapshot(&s, now); f.Match(&s, h.time(now)) {
				matching = append(matching, c)
			}
		}
		c.mu.Unlock()
	}
	return matching, nil
}

func (h *Hub) isOpen(c *connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held()
}

// closeLater makes the scheduler close c at that moment. It reports false if c is not open.
func (h *Hub) closeLater(c *connection, k kick, at model.Instant) bool {
	c.mu.Lock()
	ended := c.toClient.end != nil
	if !ended {
		o := c.ordered()
		o.kick, o.kickAt = k, at
		c.toClient.reschedule()
	}
	c.mu.Unlock()
	return !ended || h.close(c, k) // the scheduler does not visit a leg that has ended
}

// close closes c, on both legs if it has two: it sends a close frame, and after closeWait the scheduler closes the
// sockets. If a close frame was sent already, the scheduler only closes the sockets after closeWait. If the leg to
// the client has ended, close closes the sockets at once. It reports false if there is nothing left to do.
func (h *Hub) close(c *connection, k kick) bool {
	t, up := h.taps(c)
	if t == nil && up == nil {
		return false
	}
	if k.reset || t == nil || h.hasEnded(c) {
		h.drop(c, tap.Ending{By: model.ByHolter, Code: 1006, Reason: k.reason}, k.reset)
		return true
	}
	first := t.Shut(k.code, k.reason)
	if up != nil {
		up.Shut(k.code, k.reason)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toClient.end != nil || c.leaving() {
		return first
	}
	c.ordered().dropAt = h.now() + model.Instant(closeWait)
	c.toClient.reschedule()
	return true
}

// taps returns those of both legs, nil where a leg is closed or was never there.
func (h *Hub) taps(c *connection) (client, upstream *tap.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toUpstream != nil {
		upstream = c.toUpstream.tap
	}
	return c.toClient.tap, upstream
}

// closeAll closes all open connections when the monitor stops: it sends close frames to all peers, waits a second
// for their answers, and then closes the sockets. A connection in the middle of its handshake may still be added
// during that second.
func (h *Hub) closeAll() {
	h.endFaults() // otherwise connections would stay open for the bytes that faults hold back
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for limit := time.Now().Add(closeWait); h.Size() > 0 && time.Now().Before(limit); <-poll.C {
		for _, c := range h.all() {
			h.close(c, kick{code: 1001, reason: "holter is shutting down"})
		}
	}
	h.mu.Lock()
	h.registry.stopped = true
	h.mu.Unlock()
	for _, c := range h.all() {
		h.drop(c, tap.Ending{By: model.ByHolter, Code: 1001}, false)
	}
}

// drop closes the sockets of c that are still open, with a reset if reset is set.
func (h *Hub) drop(c *connection, e tap.Ending, reset bool) {
	t, up := h.taps(c)
	if t != nil {
		t.Drop(e, reset)
	}
	if up != nil {
		up.Drop(e, reset)
	}
}

// hasEnded reports whether the leg to the client of c has ended.
func (h *Hub) hasEnded(c *connection) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.toClient.end != nil
}
