package hub

import (
	"cmp"
	"time"
	"unique"

	"holter/model"
	"holter/model/storm"
)

// client is the same over all its connections, past and present.
type client struct {
	id        string
	presence  model.Presence
	seen      model.Instant            // first
	newest    *connection              // the open ones are linked from here; nil while there is none
	listed    int32                    // connections, open or lingering
	open      int32                    // of them
	attempts  *storm.Client            // nil until it has been away, or was refused
	tried     model.Instant            // when it was last refused while it was away; 0 for never
	outside   bool                     // in registry.outside
	rushed    uint8                    // refusals in a row, each within rush of the one before; it stops at crowded
	rtt       time.Duration            // the shortest of its last connection; 0 if unknown
	handshake unique.Handle[handshake] // of the newest
	group     *group                   // in a crowd; nil for a client with a name of its own
	value     string                   // of its first connection, by which its crowd tells it apart
}

func newClient(id string) *client { return &client{id: id} }

// away reports whether the client has no open connection, and since when. One that has never had any is away since it came
// first.
func (cl *client) away() (since model.Instant, away bool) {
	if cl.presence.Generation() == 0 {
		return cl.seen, true
	}
	return cl.presence.Away()
}

// pool is what the client has in common with others of its kind.
func (cl *client) pool() model.Pool {
	shake := cl.handshake.Value()
	return model.Pool{UserAgent: shake.agent, Path: shake.path}
}

// enter makes c the client's newest connection. It reports whether the client has come back.
func (cl *client) enter(c *connection, now model.Instant) (back bool) {
	back = cl.presence.Connect(now)
	c.generation = cl.presence.Generation()
	cl.listed++
	cl.open++
	cl.handshake = c.handshake
	c.older = cl.newest
	if c.older != nil {
		c.older.newer = c
	}
	cl.newest = c
	return back
}

// leave takes c out of the open connections. They are a linked list because a client may have thousands. It
// runs under the lock of c too.
func (cl *client) leave(c *connection, now model.Instant) {
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		cl.newest = c.older
	}
	if c.older != nil {
		c.older.newer = c.newer
	}
	c.older, c.newer = nil, nil
	cl.open--
	if rtt := cmp.Or(c.toClient.heart.Shortest(), c.toClient.heart.RTT()); rtt > 0 {
		cl.rtt = rtt
	}
	if cl.newest == nil {
		cl.presence.Leave(now)
	}
}

func (cl *client) snapshot(h *Hub) model.Client {
	s := model.Client{
		ID: cl.id, Generation: cl.presence.Generation(), FirstSeen: h.time(cl.seen),
		UserAgent: cl.handshake.Value().agent, Reconnects: cl.presence.Reconnects(),
	}
	if cl.group != nil {
		s.Shared, s.ByOrder = cl.name(), !cl.alone()
	}
	if left, away := cl.away(); away {
		s.State, s.Since = model.Away, h.time(left)
	} else {
		c := cl.newest
		c.mu.Lock()
		l := c.worse()
		s.Connection, s.State, s.Since = c.id, l.heart.State(), h.time(l.since)
		c.mu.Unlock()
	}
	if cl.attempts == nil {
		return s
	}
	now := h.now()
	s.Attempts, s.Outage = cl.attempts.All(), cl.attempts.Outage(now)
	if since, flapping := cl.attempts.Flapping(now); flapping {
		s.State, s.Since = model.Flapping, h.time(since)
	}
	return s
}
