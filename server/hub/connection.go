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
	generation  int32
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
	s := c.snapshot(now)
	e.Time, e.Connection = c.hub.time(now), &s
	c.hub.log.publish(e)
}

// snapshot shows the connection by its worse leg. It runs under mu.
func (c *connection) snapshot(now model.Instant) model.Connection { return c.seen(c.worse(), now) }

// seen shows the connection by one of its legs. It runs under mu.
func (c *connection) seen(l *leg, now model.Instant) model.Connection {
	s := model.Connection{
		ID: c.id, Client: c.client.id, Generation: int(c.generation), Remote: c.remote,
		Path: c.handshake.Value().path, UserAgent: c.handshake.Value().agent, Subprotocol: c.subprotocol.Value(),
		Opened: c.hub.time(c.opened),
	}
	l.show(&s, now)
	if c.tap != nil {
		s.Faults = c.tap.Faults()
	}
	return s
}
