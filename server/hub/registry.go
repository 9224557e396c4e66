package hub

import (
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/model/storm"
	"holter/server/tap"
)

// registry is the list of connections and clients, with the counts over all of them. enter, leave and
// refuse keep the list, the counters and the watch for storms in step.
type registry struct {
	last    model.ID
	conns   map[model.ID]*connection // open and lingering
	clients map[string]*client
	gone    []*connection // lingering, in the order of their end
	stopped bool          // Run is over: no connection may enter any more
	count   *counters     // the hub's
	rates   rates
	recent  recent
	storms  *storm.Watch
}

// maxLingering bounds how many connections stay on the list after their end.
const maxLingering = 20_000

// enter lists a connection whose handshake is over. It runs under the connection's lock too.
func (r *registry) enter(c *connection, now model.Instant) {
	r.last++
	c.id = r.last
	r.conns[c.id] = c
	if known := r.clients[c.client.id]; known != nil {
		c.client = known
	} else {
		c.client.id = strings.Clone(c.client.id) // it may hold the whole request in memory
		c.client.seen = now
		r.clients[c.client.id] = c.client
	}
	r.count.connects.Add(1)
	if c.client.enter(c, now) {
		r.count.reconnects.Add(1)
		r.storms.Try(c.client.attempts, now, tap.Waited(c.toClient.tap), false, 0)
	} else {
		r.storms.Connect(now)
	}
}

// leave records that a connection has ended. It runs under the connection's lock too.
func (r *registry) leave(c *connection, now model.Instant) {
	c.client.leave(c, now)
	r.storms.Close(now)
	if _, away := c.client.presence.Away(); away {
		r.lose(c, now)
	}
	r.count.closes.Add(1)
}

// linger moves a connection whose sockets are closed to those that linger. It runs under the connection's lock too.
func (r *registry) linger(c *connection, now model.Instant) {
	c.left = now
	r.gone = append(r.gone, c)
	if len(r.gone) > maxLingering {
		r.forget(1)
	}
}

// handshakeTrips is the number of round trips between a close frame of holter's and the request that follows
// it at once: half a trip, the TCP handshake, and half a trip.
const handshakeTrips = 2

// lose tells the watch for storms that a client has lost its last connection. It runs under the connection's
// lock too.
func (r *registry) lose(c *connection, now model.Instant) {
	cl, end := c.client, &c.toClient.end.close
	if cl.attempts == nil {
		cl.attempts = new(storm.Client)
	}
	shake := cl.handshake.Value()
	r.storms.Lose(cl.attempts, now, &reconnect.Loss{
		Pool:   model.Pool{UserAgent: shake.agent, Path: shake.path},
		Close:  *end,
		Failed: c.toClient.heart.State() == model.Failed || end.Code == CodeTimeout,
		First:  cl.presence.Generation() == 1,
		Lasted: time.Duration(now - c.opened),
		Path:   handshakeTrips * cl.rtt,
	})
}

// refuse counts an attempt of the client with this id that was refused. Nothing is kept of a client that
// has never been here.
func (r *registry) refuse(id string, now model.Instant, waited, retryAfter time.Duration) {
	if cl := r.clients[id]; cl != nil {
		if _, away := cl.presence.Away(); away {
			r.storms.Try(cl.attempts, now, waited, true, retryAfter)
			return
		}
	}
	r.storms.Refuse(now)
}

// expire forgets the connections that have lingered long enough.
func (r *registry) expire(now model.Instant, linger time.Duration) {
	n := 0
	for n < len(r.gone) && time.Duration(now-r.gone[n].left) >= linger {
		n++
	}
	r.forget(n)
}

// forget removes from the list the n connections that left first. A client goes when its last connection goes.
func (r *registry) forget(n int) {
	for _, c := range r.gone[:n] {
		delete(r.conns, c.id)
		if c.client.listed--; c.client.listed == 0 {
			delete(r.clients, c.client.id)
		}
	}
	r.gone = slices.Delete(r.gone, 0, n)
}

// all returns the connections on the list, open and lingering.
func (r *registry) all() []*connection {
	all := make([]*connection, 0, len(r.conns))
	for _, c := range r.conns {
		all = append(all, c)
	}
	return all
}

// measure reads the counters, for the rates. Hub.mu keeps connections from closing meanwhile, which would count
// their bytes twice or not at all.
func (r *registry) measure(now model.Instant) {
	x := r.count.read(now)
	for _, c := range r.conns {
		c.mu.Lock()
		if l := &c.toClient; l.end == nil {
			sum := trafficOf(l.tap)
			x.bytesIn += sum.bytesIn
			x.bytesOut += sum.bytesOut
		}
		c.mu.Unlock()
	}
	r.rates.add(x)
}
