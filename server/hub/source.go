package hub

import (
	"cmp"
	"context"
	"slices"

	"holter/model"
)

// Snapshot returns the whole picture of this moment.
func (h *Hub) Snapshot(context.Context) (model.Snapshot, error) {
	now := h.now()
	s := model.Snapshot{
		Time: h.time(now),
		Monitor: model.Monitor{
			Version: h.o.Version, Started: h.started, Scheme: h.o.Rhythm.Scheme, Detector: h.o.Rhythm.Detector,
			Interval: h.o.Rhythm.Interval, OnFail: h.o.OnFail, Lateness: float64(h.late.Factor()),
			AcceptRate: h.o.AcceptRate, RefusingUntil: h.refusingUntil(now), DrainingUntil: h.drainingUntil(),
		},
	}
	if p := h.place.Load(); p != nil {
		s.Monitor.Address, s.Monitor.Upstream = p.address, p.upstream
	}
	if p := h.host.Load(); p != nil {
		s.Host = *p
	}
	all := h.all()
	s.Connections = make([]model.Connection, len(all))
	for i, c := range all {
		c.mu.Lock()
		c.snapshot(&s.Connections[i], now)
		c.mu.Unlock()
	}
	slices.SortFunc(s.Connections, func(a, b model.Connection) int { return cmp.Compare(a.ID, b.ID) })
	s.Clients = h.clients()
	s.Rates, s.Activity, s.Storms = h.activity()
	s.Refusals = h.refusals.counted()
	s.Paths = h.pathsNow()
	s.Warnings = h.warnings(s.Paths)
	s.Cohorts = h.cohorts.list()
	return s, nil
}

// clients returns a snapshot of each client, in the order of their ids.
func (h *Hub) clients() []model.Client {
	h.mu.Lock()
	defer h.mu.Unlock()
	clients := make([]model.Client, 0, len(h.registry.clients))
	for _, cl := range h.registry.clients {
		clients = append(clients, cl.snapshot(h))
	}
	slices.SortFunc(clients, func(a, b model.Client) int { return cmp.Compare(a.ID, b.ID) })
	return clients
}

// activity returns the present rates, the bins and the storms so far.
func (h *Hub) activity() (model.Rates, []model.Activity, []model.Storm) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.registry
	return r.rates.perSecond(), slices.Clone(r.recent.bins), r.storms.Storms()
}

// Detail returns all details of one connection, open or lingering, or a NotFound error.
func (h *Hub) Detail(_ context.Context, id model.ID) (model.Detail, error) {
	c, err := h.find(id)
	if err != nil {
		return model.Detail{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := h.now()
	shown := c.worse()
	d := shown.detail(now)
	c.tellCloser(&d.Connection, now)
	c.explain(&d.Connection, shown)
	for _, t := range c.transitions {
		d.Transitions = append(d.Transitions, model.Transition{At: h.time(t.at), Side: t.side, From: t.from, To: t.to, Diagnosis: t.diagnosis, Late: t.late})
	}
	if c.toUpstream != nil {
		for _, l := range c.legs() {
			d.Legs = append(d.Legs, l.detail(now))
		}
	}
	return d, nil
}

// Client returns a client and those of its connections that are on the list, by generation, or a NotFound
// error.
func (h *Hub) Client(id string) (model.Client, []model.Connection, error) {
	h.mu.Lock()
	cl := h.registry.clients[id]
	if cl == nil {
		h.mu.Unlock()
		return model.Client{}, nil, model.Errorf(model.NotFound, "there is no client %q, or it has been away for longer than the linger time", model.Clean(id, maxText))
	}
	client := cl.snapshot(h)
	h.mu.Unlock()

	now := h.now()
	var connections []model.Connection
	for _, c := range h.all() {
		c.mu.Lock()
		if c.client == cl {
			connections = append(connections, model.Connection{})
			c.snapshot(&connections[len(connections)-1], now)
		}
		c.mu.Unlock()
	}
	slices.SortFunc(connections, func(a, b model.Connection) int { return cmp.Compare(a.Generation, b.Generation) })
	return client, connections, nil
}

// Events returns those after a sequence number: see journal.Log.
func (h *Hub) Events(ctx context.Context, after uint64) ([]model.Event, error) {
	return h.log.After(ctx, after)
}
