package hub

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unique"

	"holter/model"
	"holter/model/path"
	"holter/model/storm"
)

// A client's name may be no client's own: one library sends client=js for all, and behind a NAT many have one address.
// Such a name is found by the connections that have, or had, it at the same time. From then on it is a crowd, whose clients are
// told apart by address and user agent; those of the same place by the order in which they come back: who has waited for
// the longest is the next. So all are counted, and storms are told. Their delays may be mixed up, though.
//
// Refused handshakes are never at once. Where a name is refused again and again, it is found by a part of the request, such
// as a segment of the path, that has many values which come again: each is a client's own.

const (
	// crowded is the number of connections at once, to one route, that a client has never for itself; and scattered
	// the number of addresses that it never has.
	crowded, scattered = 8, 5
	// several connections at once are too many for a client if as many as crowded began within rush: none of them lasts.
	several, rush = 4, model.Instant(time.Second)
	// crowdedFor is the number of checks, one in a second, that find a name crowded before it counts as shared; and crowdedIn
	// the time within which they do.
	crowdedFor, crowdedIn = 2, model.Instant(30 * time.Second)
	// young is how long a connection counts as live, of which nothing has been heard since its handshake. A client whose old
	// connections have yet to be found dead does not come back so often in this time.
	young = model.Instant(2 * time.Second)

	severalOpen  = 3  // connections of a client from which on it is watched
	mostCompared = 64 // of them
	// mostChecked bounds the connections that a check compares. The others have their turn in a later one: a map gives its
	// elements in another order each time.
	mostChecked = 2000
	maxCrowds   = model.MaxWarnings
)

// crowd is the clients behind a name that is no client's own.
type crowd struct {
	name    string
	since   model.Instant
	open    int       // connections
	most    int       // of them at once, so far
	by      *Identity // a value that each client has for its own; nil if none is known
	refused int       // clients that were found by their refusals
	spots   map[spot]*group
	advice  advice
}

// spot is where a client is: what tells clients apart that share a name.
type spot struct {
	addr  netip.Addr
	agent string
	value string // of crowd.by
}

func (d *crowd) spotOf(r *http.Request) spot {
	s := spot{addr: addrPort(r.RemoteAddr).Addr(), agent: model.Clean(r.UserAgent(), maxText)}
	if d.by != nil {
		s.value = d.by.value(r)
	}
	return s
}

// value returns what a request has in the place of i, without control characters, "" for nothing.
func (i *Identity) value(r *http.Request) string { return model.Clean(i.name(r), maxClient) }

// group is the clients of a crowd that are at one spot.
type group struct {
	crowd   *crowd
	spot    spot
	clients int       // that are known
	number  int       // of the newest
	away    []*client // by the time of their loss, or of their newest attempt
}

// many is a client with several connections, open or not long ago, which may not all be its own.
type many struct {
	seen  model.Instant // when it had several open
	times int           // that a check found too many at once
	found model.Instant // the last time
	past  []span        // of the newest mostCompared connections that have ended since then
}

// watchMany notes that a client has several connections.
func (r *registry) watchMany(cl *client, now model.Instant) {
	if cl.group != nil || cl.open < severalOpen {
		return
	}
	m := r.many[cl]
	if m == nil {
		m = new(many)
		r.many[cl] = m
		r.samplers.watch(cl.id)
	}
	m.seen = now
}

// remember keeps the span of a connection that has ended, if its client is watched. It runs under the connection's lock too.
func (r *registry) remember(c *connection, now model.Instant) {
	m := r.many[c.client]
	if m == nil {
		return
	}
	if len(m.past) == mostCompared {
		m.past = slices.Delete(m.past, 0, 1)
	}
	m.past = append(m.past, span{c.opened, min(now, max(c.toClient.tap.Heard(), c.opened+young)), c.remote.Addr(), c.handshake})
}

// seat returns the client of c in its crowd: the one of its spot that has waited for the longest, or a new one.
func (r *registry) seat(d *crowd, c *connection, now model.Instant) *client {
	g := d.group(spot{c.remote.Addr(), c.handshake.Value().agent, c.client.value})
	if cl := g.next(); cl != nil {
		g.away = g.away[1:]
		return cl
	}
	cl := r.another(g)
	cl.seen = now
	r.clients[cl.id] = cl
	return cl
}

// another returns one more client of a group.
func (r *registry) another(g *group) *client {
	cl := newClient(r.nameIn(g))
	cl.group = g
	g.clients++
	return cl
}

func (d *crowd) group(s spot) *group {
	g := d.spots[s]
	if g == nil {
		s.agent, s.value = strings.Clone(s.agent), strings.Clone(s.value)
		g = &group{crowd: d, spot: s}
		d.spots[s] = g
	}
	return g
}

// nameIn returns a name for another client of a group: that of the crowd with the spot and, from the second one on, a
// number.
func (r *registry) nameIn(g *group) string {
	base := g.spot.agent
	if g.spot.addr.IsValid() {
		base = strings.TrimSpace(g.spot.addr.String() + " " + base)
	}
	switch {
	case g.spot.value != "":
		base = g.crowd.name + " " + g.spot.value
	case g.crowd.name != model.Clean(base, maxClient): // else it has no other name
		base = g.crowd.name + " " + base
	}
	for {
		g.number++
		name := model.Clean(base, maxClient)
		if g.number > 1 {
			number := fmt.Sprintf(" #%d", g.number)
			name = model.Clean(base, maxClient-len(number)) + number
		}
		if d := r.crowds[name]; r.clients[name] == nil && (d == nil || d == g.crowd) {
			return name
		}
	}
}

// next returns the client that has waited for the longest, nil if none is away. It forgets those that are off the list.
func (g *group) next() *client {
	for len(g.away) > 0 {
		cl := g.away[0]
		if _, away := cl.away(); away && cl.group == g {
			return cl
		}
		g.away = g.away[1:]
	}
	return nil
}

// waits puts a client that has no connection behind the others.
func (g *group) waits(cl *client) {
	g.next()
	g.away = append(g.away, cl)
}

// tries returns the client of a crowd whose turn it is to have tried in vain, nil if none of its spot is away.
func (d *crowd) tries(s spot) *client {
	g := d.spots[s]
	if g == nil {
		return nil
	}
	cl := g.next()
	if cl != nil {
		g.away = append(g.away[1:], cl)
	}
	return cl
}

// alone reports whether the client is told apart from others by more than the order of coming back.
func (cl *client) alone() bool { return cl.group == nil || cl.group.clients == 1 }

// leaveCrowd takes a client out that is forgotten.
func (cl *client) leaveCrowd() {
	g := cl.group
	if g == nil {
		return
	}
	cl.group = nil
	if g.clients--; g.clients == 0 {
		delete(g.crowd.spots, g.spot)
	}
}

// name returns the name by which the requests of cl come.
func (cl *client) name() string {
	if cl.group != nil {
		return cl.group.crowd.name
	}
	return cl.id
}

// share makes a crowd of a client that is none, and a client of each of its connections. It returns nil if there are too
// many crowds already.
func (r *registry) share(cl *client, now model.Instant) *crowd {
	if !r.roomForCrowd() {
		return nil
	}
	d := &crowd{name: cl.id, since: now, spots: make(map[spot]*group)}
	if cl.attempts != nil {
		*cl.attempts = storm.Client{} // those of all of them: no storm may count it
	}
	r.crowds[d.name] = d
	delete(r.clients, cl.id)
	delete(r.many, cl)
	var open []*connection
	for c := cl.newest; c != nil; c = c.older {
		open = append(open, c)
	}
	for _, c := range slices.Backward(open) {
		c.mu.Lock()
		cl.listed--
		c.older, c.newer = nil, nil
		c.client = r.seat(d, c, c.opened)
		c.client.enter(c, c.opened)
		c.mu.Unlock()
	}
	d.open = len(open)
	cl.newest, cl.open = nil, 0
	return d
}

// roomForCrowd makes room by forgetting a crowd that is gone.
func (r *registry) roomForCrowd() bool {
	if len(r.crowds) < maxCrowds {
		return true
	}
	for name, d := range r.crowds {
		if len(d.spots) == 0 {
			delete(r.crowds, name)
			return true
		}
	}
	return false
}

// findShared looks for names that are no client's own. It returns the crowds that it has found.
func (r *registry) findShared(now model.Instant) (found []*crowd) {
	checked := 0
	for cl, m := range r.many {
		if checked > mostChecked {
			break
		}
		if int(cl.open)+len(m.past) >= several {
			checked += min(int(cl.open), mostCompared) + len(m.past)
		}
		together := tooMany(cl, m, now)
		if together == 0 {
			if cl.open < severalOpen && now-m.seen > crowdedIn {
				delete(r.many, cl)
			}
			continue
		}
		if !m.again(now) {
			continue
		}
		if d := r.share(cl, now); d != nil {
			d.most = together
			found = append(found, d)
		}
	}
	found = append(found, r.findRefused(now)...)
	r.samplers.keep(func(name string) bool {
		cl := r.clients[name]
		return r.crowds[name] != nil || r.many[cl] != nil || cl != nil && cl.rushes(now)
	})
	for _, d := range r.crowds {
		r.samplers.prefer(d.name, func(name string) bool { return r.crowds[name] == nil })
		d.most = max(d.most, d.open)
		if s := r.samplers.of(d.name); s != nil && d.by == nil {
			d.advice = s.advise(d.clients())
		}
	}
	slices.SortFunc(found, func(a, b *crowd) int { return strings.Compare(a.name, b.name) })
	return found
}

// findRefused looks for names that several clients have which are refused.
func (r *registry) findRefused(now model.Instant) (found []*crowd) {
	for name, s := range r.samplers.all() {
		cl := r.clients[name]
		if cl == nil || cl.group != nil || cl.open > 0 || !cl.rushes(now) {
			continue
		}
		identity, clients := s.callers()
		if identity == "" {
			continue
		}
		by, err := ParseIdentity(identity)
		if err != nil {
			continue
		}
		if d := r.share(cl, now); d != nil {
			d.by, d.refused, d.advice = &by, clients, advice{identity: identity, looked: true, kept: true}
			s.by.Store(&by)
			found = append(found, d)
		}
	}
	return found
}

// again notes that too many connections were found at once. It reports whether that is enough.
func (m *many) again(now model.Instant) bool {
	if now-m.found > crowdedIn {
		m.times = 0
	}
	m.times, m.found, m.past = m.times+1, now, nil
	return m.times >= crowdedFor
}

func (d *crowd) clients() (n int) {
	for _, g := range d.spots {
		n += g.clients
	}
	return n
}

// tooMany returns the most connections that a client had at once, if it had more live ones than one has for itself, else 0.
func tooMany(cl *client, m *many, now model.Instant) (together int) {
	if int(cl.open)+len(m.past) < several {
		return 0
	}
	byRoute := make(map[string][]span)
	add := func(s span) {
		route := path.Mask(s.handshake.Value().path)
		byRoute[route] = append(byRoute[route], s)
	}
	for c, n := cl.newest, 0; c != nil && n < mostCompared; c, n = c.older, n+1 {
		if s, live := c.span(now); live {
			add(s)
		}
	}
	for _, s := range m.past {
		add(s)
	}
	for _, spans := range byRoute {
		together = max(together, tooManyAtOnce(spans))
	}
	return together
}

// span is the time in which a connection has proved to be alive.
type span struct {
	from, to  model.Instant
	addr      netip.Addr
	handshake unique.Handle[handshake]
}

// span returns false for a connection in doubt. A client that comes back before its old connection is found dead has two
// for a while, but their spans do not overlap.
func (c *connection) span(now model.Instant) (s span, live bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.toClient
	if l.end != nil || l.heart == nil || l.heart.State() != model.Normal {
		return s, false
	}
	s = span{c.opened, max(l.tap.Heard(), min(now, c.opened+young)), c.remote.Addr(), c.handshake}
	if k := l.tap.Kernel(); k.Known {
		s.to = max(s.to, now-model.Instant(k.LastAck))
	}
	return s, true
}

// tooManyAtOnce returns the most spans that contain one moment, if these are too many for a client, else 0.
func tooManyAtOnce(spans []span) int {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var present, most []span
	rushed, first := false, 0
	for i, s := range spans {
		for spans[first].from < s.from-rush {
			first++
		}
		present = slices.DeleteFunc(present, func(p span) bool { return p.to < s.from })
		if present = append(present, s); len(present) > len(most) {
			most = slices.Clone(present)
		}
		rushed = rushed || len(present) >= several && i-first+1 >= crowded
	}
	if rushed || len(most) >= crowded || addresses(most) >= scattered {
		return len(most)
	}
	return 0
}

func addresses(spans []span) int {
	all := make(map[netip.Addr]bool, len(spans))
	for _, s := range spans {
		all[origin(s.addr)] = true
	}
	return len(all)
}

// reportShared publishes a warning for each name that turns out to be no client's own.
func (h *Hub) reportShared() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for _, d := range h.registry.findShared(now) {
		w := d.warning(h)
		h.log.Publish(model.Event{Time: h.time(now), Type: model.WarningRaised, Warning: &w})
	}
}

// warnings are those about the present crowds, the oldest first.
func (h *Hub) warnings() []model.Warning {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []model.Warning
	for _, d := range h.registry.crowds {
		if len(d.spots) > 0 {
			all = append(all, d.warning(h))
		}
	}
	slices.SortFunc(all, func(a, b model.Warning) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Client, b.Client))
	})
	return all
}

func (d *crowd) warning(h *Hub) model.Warning {
	w := model.Warning{
		Kind: model.SharedIdentity, Since: h.time(d.since), Client: d.name, Connections: max(d.most, d.open),
		Identity: d.advice.identity,
	}
	from, byOrder := make(map[netip.Addr]bool), false
	for s, g := range d.spots {
		from[s.addr] = true
		byOrder = byOrder || g.clients > 1
	}
	w.Addresses = len(from)
	w.Detail = d.detail(&w, byOrder)
	return w
}

// detail is the warning in words. byOrder is set if there are clients with the same address and user agent.
func (d *crowd) detail(w *model.Warning, byOrder bool) string {
	from := "one address"
	if w.Addresses > 1 {
		from = fmt.Sprintf("%d addresses", w.Addresses)
	}
	text := fmt.Sprintf("%d connections at once from %s are named %s", w.Connections, from, d.name)
	if w.Connections == 0 {
		text = fmt.Sprintf("%d clients that are refused are named %s", max(d.refused, d.clients()), d.name)
	}
	text += ": they are told apart by address and user agent"
	switch {
	case d.by != nil:
		text += " and by a part of their requests"
	case byOrder:
		text += " or, where these are the same, by the order in which they come back"
	}
	switch a := d.advice; {
	case a.identity != "" && a.kept:
		return text + "; --identity " + a.identity + " tells them apart"
	case a.identity != "":
		return text + "; --identity " + a.identity + " is different for each, and would tell them apart if each comes back with its own"
	case a.fleeting:
		return text + "; what differs in their requests is new in each connection"
	case a.looked:
		return text + "; nothing in their requests differs"
	}
	return text + "; which --identity tells them apart is found when they connect again"
}
