package hub

import (
	"net/netip"
	"sync"
	"time"
	"unique"

	"holter/model"
	"holter/model/habit"
	"holter/model/timers"
	"holter/server/pass"
)

// connection is one WebSocket on the list. It has a leg to its client and, behind a proxy, a second one to
// the upstream.
type connection struct {
	hub *Hub

	// Set by registry.enter or before, and then only read; but see registry.share.
	id          model.ID
	generation  int
	client      *client
	remote      netip.AddrPort
	counted     string // the name by which it counts among those of its client, "" for none
	handshake   unique.Handle[handshake]
	subprotocol unique.Handle[string]
	opened      model.Instant

	// Protected by Hub.mu.
	older, newer *connection   // of the same client, while open
	left         model.Instant // when it closed and began to linger

	mu          sync.Mutex // protects all following
	toClient    leg
	toUpstream  *leg // nil where holter is not a proxy
	orders      *orders
	transitions []transition
	boxes       timers.Boxes  // that the upstream's answer has shown
	waited      bool          // something has waited in holter: see clogged
	route       *route        // nil before it is listed
	ownBeat     model.Instant // the newest beat of the server's application, 0 for none
	peerBeat    model.Instant // the same of the client's
	habit       *habit.Habit  // of its data, nil until there was some
	term        *pass.Term    // until when it may stay, nil for ever
}

type transition struct {
	at        model.Instant
	side      model.Side
	from, to  model.State
	diagnosis model.Diagnosis
	late      time.Duration // see model.Transition
}

// addrPort parses an address as package http writes it. The zero AddrPort stands for any other text.
func addrPort(text string) netip.AddrPort {
	p, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

// held reports whether the connection holds a socket: it may have ended, and is still there.
func (c *connection) held() bool {
	return c.toClient.tap != nil || c.toUpstream != nil && c.toUpstream.tap != nil
}

// other returns the leg on the other side of l, nil if there is none.
func (c *connection) other(l *leg) *leg {
	if l.side == model.ClientSide {
		return c.toUpstream
	}
	return &c.toClient
}

// legs returns the leg to the client and, if there is one, that to the upstream.
func (c *connection) legs() []*leg {
	if c.toUpstream == nil {
		return []*leg{&c.toClient}
	}
	return []*leg{&c.toClient, c.toUpstream}
}

// worse returns the leg that a user should look at first.
func (c *connection) worse() *leg {
	client, up := &c.toClient, c.toUpstream
	if up != nil && up.killed && client.end != nil {
		return up
	}
	if up == nil || up.heart == nil || up.end != nil || client.end != nil {
		return client
	}
	if client.heart != nil && up.heart.State() <= client.heart.State() {
		if cause := client.heart.Diagnosis().Cause; up.heart.Diagnosis().Cause == model.CauseStreamStalled && (cause == "" || cause == model.CauseJitter) {
			return up
		}
		return client
	}
	return up
}

// publish adds an event about c to the log. As it runs under the connection's lock, the events of one
// connection are in order.
func (c *connection) publish(e model.Event, now model.Instant) {
	e.Time, e.Connection = c.hub.time(now), new(model.Connection)
	c.snapshot(e.Connection, now)
	c.hub.log.Publish(e)
}

// snapshot fills s, which is zero, with the connection as its worse leg shows it. (A return value of this
// size would double the stack of the goroutine that serves the connection during the handshake.)
func (c *connection) snapshot(s *model.Connection, now model.Instant) {
	l := c.worse()
	c.render(s, l, now)
	c.tellCloser(s, now)
	c.explain(s, l)
}

// tellCloser sets who closed a connection: it is told from the client's side, whichever leg s shows.
func (c *connection) tellCloser(s *model.Connection, now model.Instant) {
	if c.toClient.end != nil && s.Close != nil {
		s.Close = c.toClient.closing(now)
	}
}

// render fills s, which is zero, with the connection as one of its legs shows it.
func (c *connection) render(s *model.Connection, l *leg, now model.Instant) {
	shake := c.handshake.Value()
	s.ID, s.Client, s.Generation, s.Remote = c.id, c.client.id, c.generation, c.remote
	s.Path, s.UserAgent, s.Subprotocol = shake.path, shake.agent, c.subprotocol.Value()
	s.Opened = c.hub.time(c.opened)
	if c.term != nil {
		s.Expires = c.term.Expires
	}
	l.render(s, now)
	if t := c.toClient.tap; t != nil {
		s.Faults = t.Faults()
	}
}

// leaving reports whether holter has sent a close frame and waits for the peer to close.
func (c *connection) leaving() bool { return c.orders != nil && c.orders.dropAt != 0 }

// ordered returns the orders of c, to be changed.
func (c *connection) ordered() *orders {
	if c.orders == nil {
		c.orders = new(orders)
	}
	return c.orders
}
