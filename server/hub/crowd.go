package hub

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"holter/model"
	"holter/model/storm"
)

// maxCrowds bounds the names that are known to be shared.
const maxCrowds = model.MaxWarnings

// crowd is the clients behind a name that is no client's own.
//
// They are told apart by address and user agent. Those of the same place are told apart by the order in which they come
// back: the one that has waited for the longest is the next. So all are counted, and storms are told, but their delays may
// be mixed up.
type crowd struct {
	name    string
	open    int       // connections
	most    int       // of them at once, so far
	by      *Identity // a value that each client has for its own; nil if none is known
	refused int       // clients that were found by their refusals
	spots   map[spot]*group
	apart   distinction
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
	d := &crowd{name: cl.id, spots: make(map[spot]*group)}
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

func (d *crowd) clients() (n int) {
	for _, g := range d.spots {
		n += g.clients
	}
	return n
}
