package hub

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"holter/model"
	"holter/model/habit"
	"holter/model/path"
	"holter/model/timers"
	"holter/server/tap"
)

// Connections to paths of one template make a route, which learns their clocks. Templates are found as package path
// does it: a route whose path turns out to be one of many with an id in it goes over into theirs.

// route is the connections to the paths of one template.
type route struct {
	id       int
	template string
	since    model.Instant

	picture model.Path // by reportPaths alone

	habits habit.Path // of its streams of data

	mu     sync.Mutex // protects timers; no other lock is taken under it
	timers *timers.Path
}

// routes are those of a registry, and run under Hub.mu as that does.
type routes struct {
	last       int
	byTemplate map[string]*route
	rest       *route // for which there was no room; nil until then
	learnt     *path.Routes
	fresh      int           // routes since the last learning
	learntAt   model.Instant // when that was
}

func newRoutes() routes {
	return routes{byTemplate: make(map[string]*route), learnt: path.Learn(slices.Values([]string(nil)))}
}

const (
	// mostCounted is the number of clients beyond which it does not matter how many a route has: see path.Learn.
	mostCounted = 8

	learnEvery = 10 * time.Second
	learnSoon  = 32 // fresh routes that are learnt from at once
)

// of returns the route of a path, a new one if there is none and there is room.
func (r *routes) of(p string, now model.Instant) *route {
	template := r.learnt.Of(p)
	if to := r.byTemplate[template]; to != nil {
		return to
	}
	if len(r.byTemplate) >= model.MaxPaths-1 {
		if r.rest == nil {
			r.last++
			r.rest = &route{id: r.last, since: now, timers: timers.New(now)}
		}
		return r.rest
	}
	r.last++
	r.fresh++
	to := &route{id: r.last, template: strings.Clone(template), since: now, timers: timers.New(now)}
	r.byTemplate[to.template] = to
	return to
}

// wantsLearning reports whether templates should be found anew.
func (r *routes) wantsLearning(now model.Instant) bool {
	return r.fresh >= learnSoon || r.fresh > 0 && time.Duration(now-r.learntAt) >= learnEvery
}

// learn finds templates, by how many clients each route has. It returns the routes that go over into others, with these.
func (r *routes) learn(clients map[*route]int, now model.Instant) map[*route]*route {
	r.fresh, r.learntAt = 0, now
	r.learnt = path.Learn(func(yield func(string) bool) {
		for template, of := range r.byTemplate {
			for range max(1, clients[of]) {
				if !yield(template) {
					return
				}
			}
		}
	})
	moved := make(map[*route]*route)
	for template, from := range r.byTemplate {
		if r.learnt.Of(template) != template {
			moved[from] = nil
			delete(r.byTemplate, template)
		}
	}
	for _, from := range slices.SortedFunc(keys(moved), func(a, b *route) int { return a.id - b.id }) {
		to := r.of(from.template, now)
		to.absorb(from)
		moved[from] = to
	}
	r.fresh = 0
	return moved
}

func keys(m map[*route]*route) func(func(*route) bool) {
	return func(yield func(*route) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// absorb takes over what another route has learnt.
func (r *route) absorb(o *route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.mu.Lock() // of no use to others any more, so this order meets no other
	defer o.mu.Unlock()
	r.since = min(r.since, o.since)
	r.timers.Merge(o.timers)
}

// all returns the routes by id.
func (r *routes) all() []*route {
	all := make([]*route, 0, len(r.byTemplate)+1)
	for _, to := range r.byTemplate {
		all = append(all, to)
	}
	if r.rest != nil {
		all = append(all, r.rest)
	}
	slices.SortFunc(all, func(a, b *route) int { return cmp.Compare(a.id, b.id) })
	return all
}

// forget removes a route on which nothing happens any more.
func (r *routes) forget(to *route) {
	switch {
	case to == r.rest:
		r.rest = nil
	case r.byTemplate[to.template] == to:
		delete(r.byTemplate, to.template)
	}
}

// enroute gives c its route. It runs under the connection's lock too.
func (r *registry) enroute(c *connection, now model.Instant) {
	shake := c.handshake.Value()
	to := r.routes.of(shake.path, now)
	to.mu.Lock()
	to.timers.Opened(shake.boxes | c.boxes)
	to.mu.Unlock()
	c.route = to
}

// beat notes a beat of one of the applications: of the server's if it was sent to the client.
func (c *connection) beat(at model.Instant, sent bool) {
	l := &c.toClient
	if c.route == nil || l.tap == nil || l.end != nil || l.tap.Disturbed() {
		return
	}
	last := &c.peerBeat
	if sent {
		last = &c.ownBeat
	}
	every := time.Duration(0)
	if *last != 0 {
		every = time.Duration(at - *last)
	}
	*last = at
	c.route.mu.Lock()
	defer c.route.mu.Unlock()
	c.route.timers.Beat(sent, at, every, since(at, l.tap.Flow().Active()))
}

// heldFor is how long a write must have waited for more than holter's own bytes to wait there.
const heldFor = time.Second

// clogged reports whether something has waited in holter for so long that it was no silence which passed, at a look or now.
func (c *connection) clogged(now model.Instant) bool {
	for _, l := range c.legs() {
		if l.tap != nil {
			at := l.tap.Writing()
			c.waited = c.waited || at != 0 && since(now, at) >= heldFor
		}
		c.waited = c.waited || l.heart != nil && l.heart.Diagnosis().Cause == model.CauseAppNotReading
	}
	return c.waited
}

// observation is what the clocks of c show now. Its leg to the client must have its tap.
func (c *connection) observation(now model.Instant) timers.Observation {
	l := &c.toClient
	flow := l.tap.Flow()
	calm := flow.Calm()
	in, out := l.tap.Lost()
	return timers.Observation{
		Age: since(now, c.opened), Silence: since(now, flow.Active()), Calm: calm.Longest, Near: calm.Near, Half: calm.Half,
		Lapse:   since(l.tap.Heard(), max(c.opened, l.tap.Data())),
		Beaten:  l.pings > 0,
		Beating: l.pings > 0 && since(now, l.heart.LastPing()) < 3*c.hub.o.Rhythm.Interval,
		Opaque:  in || out || c.clogged(now) || l.tap.Disturbed(),
		Via:     addressOf(l.tap),
	}
}

// depart tells the route of c that it has ended: see timers.End. The leg to the client has just ended.
func (c *connection) depart(now model.Instant) {
	if c.route == nil {
		return
	}
	e := timers.End{Kind: c.firstEnd(), At: now, Last: c.observation(now)}
	c.route.mu.Lock()
	defer c.route.mu.Unlock()
	c.route.timers.Ended(e, c.hub.mode())
}

// firstEnd is how a connection has ended: who closed it is told as the client has seen it, as everywhere, and why is known of
// the leg that ended first.
func (c *connection) firstEnd() timers.Kind {
	l := &c.toClient
	if up := c.toUpstream; up != nil && up.end != nil && up.heart != nil && !up.end.close.At.After(l.end.close.At) {
		l = up
	}
	kind := timers.Kind{PathEnd: model.PathEnd{Cause: l.diagnosis().Cause, Code: c.toClient.end.close.Code, By: c.toClient.end.close.By}}
	if l.end.verdict != nil {
		kind.Limit = l.end.verdict.Limit
	}
	return kind
}

// renamed tells the route of c that the cause of its end, which was counted as another, is known now.
func (c *connection) renamed(before timers.Kind) {
	if after := c.firstEnd(); c.route != nil && after != before {
		c.route.mu.Lock()
		defer c.route.mu.Unlock()
		c.route.timers.Named(before, after)
	}
}

// cuts are the limits that ends of connections have shown, with the route of all that each has cut the most on.
func (h *Hub) cuts(routes []*route) []timers.Cut {
	cuts := h.limits()
	if len(cuts) == 0 {
		return nil
	}
	for _, r := range routes {
		r.mu.Lock()
		by, of := r.timers.Cut()
		r.mu.Unlock()
		for i := range cuts {
			c := &cuts[i]
			if n := by[c.Cohort]; n > c.Ends {
				c.Ends, c.Of, c.Where = n, of, r.template
			}
		}
	}
	return cuts
}

// limits are those that cohorts show.
func (h *Hub) limits() (all []timers.Cut) {
	for _, c := range h.cohorts.list() {
		l := model.Limit{Kind: model.SilenceLimit, After: c.Length, Spread: c.Spread}
		switch {
		case c.Kind == model.CohortMoment, c.Kind == model.CohortSuspects, c.Kind == model.CohortTrait:
			continue
		case c.Cause == model.CauseUnknown:
			l.Either = true
		case c.Cause == model.CauseAgeCut:
			l.Kind = model.AgeLimit
		case c.Cause != model.CauseIdleCut:
			continue
		case c.Kind == model.CohortData:
			l.Kind = model.DataLimit
		}
		cut := timers.Cut{Limit: l, Cohort: c.ID, Side: c.Side}
		for _, t := range c.Traits {
			if t.Kind == model.TraitAddress {
				cut.Via, _ = netip.ParseAddr(t.Value)
			}
		}
		all = append(all, cut)
	}
	return all
}

// mode is how the hub is set, for the clocks of paths.
func (h *Hub) mode() timers.Mode {
	m := timers.Mode{Own: h.o.OnFail == model.OnFailClose, Idle: h.o.IdleCut, Age: h.o.AgeCut}
	if h.o.Rhythm.Scheme.ServerBeats() {
		m.Interval = h.o.Rhythm.Interval
	}
	return m
}

// reportPaths looks at the clocks of all paths, and publishes a warning for each thing that has come to be wrong there.
// Only maintain calls it.
func (h *Hub) reportPaths() {
	now, mode := h.now(), h.mode()
	all, conns := h.learnRoutes(now)
	for _, r := range all {
		r.mu.Lock()
		r.timers.Begin(now)
		r.mu.Unlock()
	}
	for _, c := range conns {
		c.look(now, mode)
	}
	pictures, cuts := make([]model.Path, 0, len(all)), h.cuts(all)
	turns := int(now/model.Instant(time.Second)) % (1 + len(all)/drawnAtOnce)
	for i, r := range all {
		r.mu.Lock()
		r.timers.Done()
		idle := r.timers.Idle(now)
		drawn := i/drawnAtOnce == turns || r.picture.ID == 0
		if drawn {
			r.picture = r.timers.Picture(now, mode, cuts)
		}
		r.picture.Open = r.timers.Open()
		r.mu.Unlock()
		if idle {
			h.forgetRoute(r)
			continue
		}
		if drawn {
			p := &r.picture
			p.ID, p.Template, p.Upstream, p.Since = r.id, r.template, h.upstream(), h.time(r.since)
			h.raiseOf(p, now)
		}
		pictures = append(pictures, r.picture)
	}
	h.paths.Store(&pictures)
}

// drawnAtOnce is the number of paths that are judged in one look. Of more, each has its turn every few seconds.
const drawnAtOnce = 32

// learnRoutes finds templates anew if that is due. It returns all routes and connections.
func (h *Hub) learnRoutes(now model.Instant) ([]*route, []*connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, conns := &h.registry.routes, h.registry.all()
	if r.wantsLearning(now) {
		clients := make(map[*route]int)
		for _, c := range conns {
			if c.client.newest == c && clients[c.route] < mostCounted {
				clients[c.route]++
			}
		}
		moved := r.learn(clients, now)
		for _, c := range conns {
			c.mu.Lock()
			if to := moved[c.route]; to != nil {
				c.route = to
			}
			c.mu.Unlock()
		}
	}
	return r.all(), conns
}

// forgetRoute forgets a route, unless a connection has come meanwhile.
func (h *Hub) forgetRoute(r *route) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timers.Idle(h.now()) {
		h.registry.routes.forget(r)
	}
}

func (h *Hub) upstream() string {
	if p := h.place.Load(); p != nil {
		return p.upstream
	}
	return ""
}

// look shows a connection to its route.
func (c *connection) look(now model.Instant, mode timers.Mode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.toClient
	if c.route == nil || l.end != nil || l.tap == nil {
		return
	}
	r := c.route
	gap := l.tap.Flow().Gap()
	r.mu.Lock()
	defer r.mu.Unlock()
	o := c.observation(now)
	r.timers.Observe(o, mode)
	if gap > 0 && !o.Opaque && since(now, l.tap.Data()) <= time.Second {
		r.timers.Gap(now, gap)
	}
}

// raiseOf completes the warnings about a path, and publishes those that are news.
func (h *Hub) raiseOf(p *model.Path, now model.Instant) {
	for i := range p.Warnings {
		w := &p.Warnings[i]
		w.Path, w.Upstream, w.At = p.Template, p.Upstream, model.Place{Page: model.PathsPage, Query: p.Template}
		h.raise(w, now)
	}
}

// pathsNow returns what is known of the paths, as of the last second.
func (h *Hub) pathsNow() []model.Path {
	if p := h.paths.Load(); p != nil {
		return slices.Clone(*p)
	}
	return nil
}

// Sighted notes what the upstream's answer to the handshake of a connection shows to be on the way.
func (h *Hub) Sighted(client *tap.Conn, boxes timers.Boxes) {
	if boxes == 0 {
		return
	}
	c := client.Watcher().(*leg).conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boxes |= boxes
	if c.route != nil {
		c.route.mu.Lock()
		c.route.timers.Sighted(boxes)
		c.route.mu.Unlock()
	}
}
