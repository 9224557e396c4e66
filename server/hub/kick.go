package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
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
	drain  *drain // instead of a reason: the peer is told when to come back; nil for none
}

// drain is a restart of the server that is under way.
type drain struct {
	until model.Instant // when no connection is left, and the next server may come
	over  time.Duration // over which the connections are closed, and over which they are asked to come back
}

const (
	// codeRestart is the close code for a restart of the server, in the registry of RFC 6455 section 11.7.
	codeRestart = 1012
	// drainGap is the longest time between two closes of a drain: a longer one would spare the next server nothing.
	drainGap = time.Second
	// drainPoll is how often a drain looks whether all connections have ended.
	drainPoll = 20 * time.Millisecond
	// restartTime is how long the next server may take to start.
	restartTime = time.Second
	// leastSpread is the shortest time over which clients are asked to come back.
	leastSpread = 5 * time.Second
)

// words is the reason of a close frame at an instant. Each peer of a drain is told another time to wait, in seconds, in a form
// that a client can read without a parser: all come back after the next server is there, and as slowly as they were closed.
func (k *kick) words(now model.Instant) string {
	if k.drain == nil {
		return k.reason
	}
	wait, spread := k.drain.wait(now)
	return model.RestartReason(wait + time.Duration(rand.Float64()*float64(spread)))
}

// wait returns the shortest time after which a client should come back, and over how long clients should spread themselves
// after that.
func (d *drain) wait(now model.Instant) (wait, spread time.Duration) {
	return max(0, time.Duration(d.until-now)) + restartTime, max(leastSpread, d.over)
}

// Kick closes connections and returns their number: at once or, by the schedule, spread over k.Over. If one
// of the ids is no longer open, it closes the others and returns an error too.
func (h *Hub) Kick(ctx context.Context, k model.Kick) (int, error) {
	if err := k.Validate(); err != nil {
		return 0, err
	}
	targets, err := h.targets(ctx, k.IDs, k.Query)
	how := kick{code: k.Code, reason: k.Reason, reset: k.Reset}
	if how.code == 0 {
		how.code = 1001
	}
	return h.spread(targets, how, k.Over), err
}

// spread closes connections evenly over a time, and returns how many: it does not wait.
func (h *Hub) spread(targets []*connection, how kick, over time.Duration) (n int) {
	now := h.now()
	step := over / time.Duration(max(1, len(targets)))
	for i, c := range targets {
		delay := step * time.Duration(i)
		if delay > 0 && h.closeLater(c, how, now+model.Instant(delay)) || delay == 0 && h.close(c, how) {
			n++
		}
	}
	return n
}

// Drain prepares for a restart of the server. It closes all open connections with 1012, evenly over a time, or sooner if there are
// so few that a second lies between two closes. The reason of each close frame asks the client to come back at another time:
// "restart; retry-after=12.3", in seconds. From now on upgrades should be refused: see Draining. Drain returns when no
// connection is left. It returns an error if some have not ended two seconds after that time, or if ctx ends: Run closes them
// when it ends. Run must run meanwhile.
func (h *Hub) Drain(ctx context.Context, over time.Duration) error {
	targets := h.allOpen()
	over = min(max(0, over), time.Duration(len(targets))*drainGap)
	d := &drain{until: h.now() + model.Instant(over), over: over}
	h.draining.Store(d)
	how := kick{code: codeRestart, drain: d}
	h.spread(targets, how, over)
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for h.Size() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
		late := h.now() - d.until
		if late < 0 {
			continue
		}
		if late > model.Instant(2*closeWait) {
			return fmt.Errorf("%d connections have not ended", h.Size())
		}
		for _, c := range h.allOpen() { // also those whose handshake ended after the drain began
			h.close(c, how)
		}
	}
	return nil
}

// Draining reports whether Drain was called. Then it returns the shortest time after which a client should come back, and over
// how long clients should spread themselves after that.
func (h *Hub) Draining() (wait, spread time.Duration, draining bool) {
	d := h.draining.Load()
	if d == nil {
		return 0, 0, false
	}
	wait, spread = d.wait(h.now())
	return wait, spread, true
}

// drainingUntil returns when a drain ends, or the zero Time without one.
func (h *Hub) drainingUntil() time.Time {
	if d := h.draining.Load(); d != nil {
		return h.time(d.until)
	}
	return time.Time{}
}

// Targets returns the open connections with these ids or, if there are no ids, those that match query. They are
// sorted by id. If some of the ids are not open, it returns an error too.
func (h *Hub) Targets(ctx context.Context, ids []model.ID, query string) ([]model.ID, error) {
	targets, err := h.targets(ctx, ids, query)
	found := make([]model.ID, len(targets))
	for i, c := range targets {
		found[i] = c.id
	}
	slices.Sort(found)
	return found, err
}

// targets returns the open connections with these ids or, if there are no ids, those that match query. The error
// names an id that is not open.
func (h *Hub) targets(ctx context.Context, ids []model.ID, query string) (targets []*connection, err error) {
	if len(ids) == 0 {
		return h.matching(ctx, query)
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

// matching returns the open connections that match a selection, or none if the filter takes too long.
func (h *Hub) matching(ctx context.Context, query string) (matching []*connection, err error) {
	f, err := filter.ParseSelection(query)
	if err != nil {
		return nil, err
	}
	all := h.allOpen()
	now := h.now()
	err = h.filters.Select(ctx, f, len(all),
		func(i int) filter.Row {
			s := new(model.Connection)
			all[i].mu.Lock()
			all[i].snapshot(s, now)
			all[i].mu.Unlock()
			return filter.Row{Connection: s, Now: h.time(now)}
		},
		func(i int) { matching = append(matching, all[i]) })
	if err != nil {
		return nil, err
	}
	return matching, nil
}

// allOpen returns the connections that are open.
func (h *Hub) allOpen() []*connection {
	return slices.DeleteFunc(h.all(), func(c *connection) bool { return !h.isOpen(c) })
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
	reason := k.words(h.now())
	first := t.Shut(k.code, reason)
	if up != nil {
		up.Shut(k.code, reason)
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
