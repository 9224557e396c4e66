package swarm

import (
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/reconnect"
)

// stays is how long a connection must last so that its client is back. One that is closed again within seconds is no
// more than an attempt.
const stays = reconnect.Settled

// presence is how a client fares from one connection to the next. The client's lock protects it.
type presence struct {
	opened model.Instant // when the present connection was, 0 without one
	left   model.Instant // when the client lost the last connection that had stayed, or its first one; 0 while it is back
	lost   bool          // it has lost a connection
	flaps  int           // connections in a row that were closed again before they had stayed
}

// arrive begins a connection.
func (p *presence) arrive(now model.Instant) { p.opened = now }

// leave ends the connection. If it had stayed, leave returns what settle does.
func (p *presence) leave(now model.Instant) (away time.Duration, back bool) {
	away, back = p.settle(now)
	if p.left == 0 {
		p.left = now
	}
	if p.flaps++; p.old(now) {
		p.flaps = 0
	}
	p.opened, p.lost = 0, true
	return away, back
}

// settle notices that the client is back, once, and returns how long it was away.
func (p *presence) settle(now model.Instant) (away time.Duration, back bool) {
	if p.left == 0 || !p.old(now) {
		return 0, false
	}
	away, p.left = time.Duration(p.opened-p.left), 0
	return away, true
}

func (p *presence) old(now model.Instant) bool {
	return p.opened > 0 && now-p.opened >= model.Instant(stays)
}

// stayed reports whether the client is connected to stay: its connection is old enough, or the client has never lost one.
func (p *presence) stayed(now model.Instant) bool { return p.opened > 0 && (!p.lost || p.old(now)) }

// flapping reports whether the client comes back and is closed again.
func (p *presence) flapping(now model.Instant) bool {
	return p.flaps >= reconnect.FewestFlaps && !p.old(now)
}

// arrived notes that the client is connected.
func (c *Client) arrived(conn *websocket.Conn, now model.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	c.presence.arrive(now)
}

// departed notes that the client has lost its connection.
func (c *Client) departed(now model.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nil
	if away, back := c.presence.leave(now); back {
		c.swarm.record.back.add(away)
	}
}

// quit notes that the client has given up.
func (c *Client) quit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.presence.flaps = 0
}

// census counts clients by how they fare.
type census struct {
	stayed    int // are connected to stay
	lost      int // have lost a connection
	recovered int // have lost one, and have stayed since
	away      int // have lost one, and have not
	flapping  int // come back and are closed again
}

// count takes a census. Any goroutine may call it.
func (s *Swarm) count() (n census) {
	now := s.clock.Now()
	for _, c := range s.clients {
		c.mu.Lock()
		away, back := c.presence.settle(now)
		p := c.presence
		c.mu.Unlock()
		if back {
			s.record.back.add(away)
		}
		if p.stayed(now) {
			n.stayed++
		}
		if p.flapping(now) {
			n.flapping++
		}
		switch {
		case p.left > 0:
			n.away++
		case p.lost:
			n.recovered++
		}
		if p.lost {
			n.lost++
		}
	}
	return n
}
