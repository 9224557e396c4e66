package hub

import (
	"net/netip"
	"sync"
	"unique"

	"holter/model"
)

// connection is one WebSocket on the list. It has the leg that leads to its client and, behind a
// proxy, a second one.
type connection struct {
	hub *Hub
	leg
	upstream *leg // nil where holter is no proxy

	// Set before or by enter, and then only read.
	id          model.ID
	generation  int
	client      *client
	remote      netip.AddrPort
	handshake   unique.Handle[handshake]
	subprotocol unique.Handle[string]
	opened      model.Instant

	// Hub.mu's.
	older, newer *connection   // of the same client, while open
	left         model.Instant // when it was taken off

	mu          sync.Mutex // protects all following, upstream, and both legs
	orders      *orders
	transitions []transition
}

type transition struct {
	at        model.Instant
	side      model.Side
	from, to  model.State
	diagnosis model.Diagnosis
}

// addrPort reads an address as package http writes it.
func addrPort(text string) netip.AddrPort {
	p, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// legs are the client's and, if there is one, the upstream's.
func (c *connection) legs() []*leg {
	if c.upstream == nil {
		return []*leg{&c.leg}
	}
	return []*leg{&c.leg, c.upstream}
}

// worse is the leg that somebody should look at first. It runs under mu.
func (c *connection) worse() *leg {
	up := c.upstream
	if up == nil || up.heart == nil || up.end != nil || c.end != nil {
		return &c.leg
	}
	if c.heart != nil && up.heart.State() <= c.heart.State() {
		return &c.leg
	}
	return up
}

// publish tells of something that happened to c. It runs under mu, so that what happens to one
// connection is told in order.
func (c *connection) publish(e model.Event, now model.Instant) {
	e.Time, e.Connection = c.hub.time(now), new(model.Connection)
	c.snapshot(e.Connection, now)
	c.hub.log.Publish(e)
}

// snapshot shows the connection by its worse leg, in s, which is zero. It runs under mu. (To return so
// large a value, and that during the handshake, would double the stack of whoever serves it.)
func (c *connection) snapshot(s *model.Connection, now model.Instant) { c.show(s, c.worse(), now) }

// show shows the connection by one of its legs, in s, which is zero. It runs under mu.
func (c *connection) show(s *model.Connection, l *leg, now model.Instant) {
	shake := c.handshake.Value()
	s.ID, s.Client, s.Generation, s.Remote = c.id, c.client.id, c.generation, c.remote
	s.Path, s.UserAgent, s.Subprotocol = shake.path, shake.agent, c.subprotocol.Value()
	s.Opened = c.hub.time(c.opened)
	l.show(s, now)
	if c.tap != nil {
		s.Faults = c.tap.Faults()
	}
}
