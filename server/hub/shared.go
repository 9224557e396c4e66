package hub

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
	"unique"

	"holter/model"
	"holter/model/path"
)

// A client's name may be no client's own: one library sends client=js for all, and behind a NAT many have one address.
// Such a name is found here, by the connections that have, or had, it at the same time. From then on it is a crowd.
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
)

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

// findShared looks for names that are no client's own.
func (r *registry) findShared(now model.Instant) {
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
		}
	}
	r.findRefused(now)
	r.samplers.keep(func(name string) bool {
		cl := r.clients[name]
		return r.crowds[name] != nil || r.many[cl] != nil || cl != nil && cl.rushes(now)
	})
	for _, d := range r.crowds {
		r.samplers.prefer(d.name, func(name string) bool { return r.crowds[name] == nil })
		d.most = max(d.most, d.open)
		if s := r.samplers.of(d.name); s != nil && d.by == nil {
			d.apart = s.distinguish(d.clients())
		}
	}
}

// findRefused looks for names that several clients have which are refused.
func (r *registry) findRefused(now model.Instant) {
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
		if r.samplers.guarded {
			by = by.verified()
		}
		if d := r.share(cl, now); d != nil {
			d.by, d.refused, d.apart = &by, clients, distinction{identity: identity, looked: true, kept: true}
			s.by.Store(&by)
		}
	}
}

// again notes that too many connections were found at once. It reports whether that is enough.
func (m *many) again(now model.Instant) bool {
	if now-m.found > crowdedIn {
		m.times = 0
	}
	m.times, m.found, m.past = m.times+1, now, nil
	return m.times >= crowdedFor
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
	all := make(map[netip.Prefix]bool, len(spans))
	for _, s := range spans {
		all[machine(s.addr)] = true
	}
	return len(all)
}
