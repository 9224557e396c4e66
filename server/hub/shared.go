package hub

import (
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"holter/model"
	"holter/model/filter"
	"holter/model/path"
)

// A client's name may be no client's own: one library sends client=js for all, and behind a NAT many have one address.
// Such a name is found by the connections that have it at the same time. From then on it is a crowd, whose clients are
// told apart by address and user agent; those of the same place by the order in which they come back: who has waited for
// the longest is the next. So all are counted, and storms are told. Their delays may be mixed up, though.

const (
	// crowded is the number of connections at once, to one route, that a client has never for itself; and scattered
	// the number of addresses that it never has.
	crowded, scattered = 8, 5
	// crowdedFor is the number of checks in a row, one in a second, that find a name crowded before it counts as shared.
	crowdedFor = 2

	severalOpen  = 3  // connections of a client from which on it is watched
	mostCompared = 64 // of them
	// mostChecked bounds the connections that a check compares. The others have their turn in a later one: a map gives its
	// elements in another order each time.
	mostChecked = 2000
	maxCrowds   = model.MaxWarnings
)

// crowd is the clients behind a name that is no client's own.
type crowd struct {
	name  string
	open  int // connections
	most  int // of them at once, so far
	spots map[spot]*group
	apart distinction
}

// spot is where a client is: what tells clients apart that share a name.
type spot struct {
	addr  netip.Addr
	agent string
}

func spotOf(r *http.Request) spot {
	return spot{addrPort(r.RemoteAddr).Addr(), model.Clean(r.UserAgent(), maxText)}
}

// group is the clients of a crowd that are at one spot.
type group struct {
	crowd   *crowd
	spot    spot
	clients int       // that are known
	number  int       // of the newest
	away    []*client // by the time of their loss, or of their newest attempt
}

// watchMany notes that a client has so many connections that they may not all be its own.
func (r *registry) watchMany(cl *client) {
	switch {
	case cl.group != nil:
	case cl.open < severalOpen:
		delete(r.many, cl)
	case cl.open == severalOpen:
		if _, known := r.many[cl]; !known {
			r.many[cl] = 0
			r.samplers.watch(cl.id)
		}
	}
}

// seat returns the client of c in its crowd: the one of its spot that has waited for the longest, or a new one.
func (r *registry) seat(d *crowd, c *connection, now model.Instant) *client {
	g := d.group(spot{c.remote.Addr(), c.handshake.Value().agent})
	if cl := g.next(); cl != nil {
		g.away = g.away[1:]
		return cl
	}
	cl := newClient(r.nameIn(g))
	cl.group, cl.seen = g, now
	g.clients++
	r.clients[cl.id] = cl
	return cl
}

func (d *crowd) group(s spot) *group {
	g := d.spots[s]
	if g == nil {
		s.agent = strings.Clone(s.agent)
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
	if g.crowd.name != model.Clean(base, maxClient) { // else it has no other name
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
	d := &crowd{name: cl.id, spots: make(map[spot]*group)}
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

// findShared looks for names that are no client's own.
func (r *registry) findShared(now model.Instant) {
	checked := 0
	for cl, times := range r.many {
		if checked > mostChecked {
			break
		}
		if int(cl.open) >= min(crowded, scattered) {
			checked += min(int(cl.open), mostCompared)
		}
		switch {
		case !r.isShared(cl, now):
			r.many[cl] = 0
		case times+1 < crowdedFor:
			r.many[cl] = times + 1
		default:
			r.share(cl, now)
		}
	}
	r.samplers.keep(func(name string) bool {
		cl := r.clients[name]
		return r.crowds[name] != nil || cl != nil && cl.open >= severalOpen
	})
	for _, d := range r.crowds {
		d.most = max(d.most, d.open)
		if s := r.samplers.of(d.name); s != nil {
			d.apart = s.distinguish(d.clients())
		}
	}
}

func (d *crowd) clients() (n int) {
	for _, g := range d.spots {
		n += g.clients
	}
	return n
}

// isShared reports whether a client has more live connections at once than one has for itself.
func (r *registry) isShared(cl *client, now model.Instant) bool {
	if cl.open < min(crowded, scattered) {
		return false
	}
	byRoute := make(map[string][]span)
	for c, n := cl.newest, 0; c != nil && n < mostCompared; c, n = c.older, n+1 {
		if s, live := c.span(now); live {
			route := path.Mask(c.handshake.Value().path)
			byRoute[route] = append(byRoute[route], s)
		}
	}
	for _, spans := range byRoute {
		if together := overlap(spans); len(together) >= crowded || addresses(together) >= scattered {
			return true
		}
	}
	return false
}

// span is the time in which a connection has proved to be alive.
type span struct {
	from, to model.Instant
	addr     netip.Addr
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
	s = span{c.opened, l.tap.Heard(), c.remote.Addr()}
	if k := l.tap.Kernel(); k.Known {
		s.to = max(s.to, now-model.Instant(k.LastAck))
	}
	return s, true
}

// overlap returns the most spans that contain one moment.
func overlap(spans []span) (most []span) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var present []span
	for _, s := range spans {
		present = slices.DeleteFunc(present, func(p span) bool { return p.to < s.from })
		if present = append(present, s); len(present) > len(most) {
			most = slices.Clone(present)
		}
	}
	return most
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
	h.registry.findShared(now)
	for _, w := range h.registry.shared() {
		h.raise(&w, now)
	}
}

// shared are the warnings about the present crowds, in the order of their names.
func (r *registry) shared() (all []model.Warning) {
	for _, d := range r.crowds {
		if len(d.spots) > 0 {
			all = append(all, d.warning())
		}
	}
	slices.SortFunc(all, func(a, b model.Warning) int { return strings.Compare(a.Client, b.Client) })
	return all
}

func (d *crowd) warning() model.Warning {
	w := model.Warning{
		Kind: model.SharedIdentity, Urgency: model.Risk, Client: d.name, Connections: max(d.most, d.open), Identity: d.apart.identity,
		At: model.Place{Page: model.ClientsPage, Query: "shared=" + filter.Quote(d.name)},
	}
	w.Touched = w.Connections
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
	text := fmt.Sprintf("%d connections at once from %s are named %s: they are told apart by address and user agent", w.Connections, from, d.name)
	if byOrder {
		text += " or, where these are the same, by the order in which they come back"
	}
	switch a := d.apart; {
	case a.identity != "" && a.kept:
		return text + "; --identity " + a.identity + " tells them apart"
	case a.identity != "":
		return text + "; --identity " + a.identity + " is different for each, and would tell them apart if each comes back with its own"
	case a.fleeting:
		return text + "; what differs in their requests is new in each connection"
	case a.looked:
		return text + "; nothing in their requests differs"
	}
	return text + "; their requests have not been compared yet"
}
