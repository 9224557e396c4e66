package hub

import (
	"net"
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
	outside []*client     // that have no connection on the list, and are kept because they try; a few may have got in since
	stopped bool          // Run is over: no connection may enter any more
	count   *counters     // the hub's
	rates   rates
	recent  recent
	storms  *storm.Watch

	many     map[*client]*many
	crowds   map[string]*crowd // by the name that is shared
	samplers *samplers         // the hub's
	routes   routes
}

const (
	// maxLingering bounds how many connections stay on the list after their end.
	maxLingering = 20_000
	// maxOutside bounds how many clients are kept without a connection.
	maxOutside = 10_000
	// outsideFor is how long a client without a connection is kept after a refusal, at least: longer than common clients wait.
	outsideFor = 2 * time.Minute
)

// enter lists a connection whose handshake is over. It runs under the connection's lock too.
func (r *registry) enter(c *connection, now model.Instant) {
	r.last++
	c.id = r.last
	r.conns[c.id] = c
	if d := r.crowds[c.client.id]; d != nil {
		c.client = r.seat(d, c, now)
		d.open++
	} else if known := r.clients[c.client.id]; known != nil {
		c.client = known
	} else {
		c.client.id = strings.Clone(c.client.id) // it may hold the whole request in memory
		c.client.seen = now
		r.clients[c.client.id] = c.client
	}
	r.enroute(c, now)
	r.count.connects.Add(1)
	c.returned(now)
	back := c.client.enter(c, now) || c.client.tried != 0 || r.recognise(c.client, c.toClient.tap, now)
	r.watchMany(c.client, now)
	if back {
		c.client.tried = 0
		r.count.reconnects.Add(1)
		r.storms.Try(c.client.attempts, now, tap.Waited(c.toClient.tap), nil)
	} else {
		r.storms.Connect(now)
	}
}

// leave records that a connection has ended. It runs under the connection's lock too.
func (r *registry) leave(c *connection, now model.Instant) {
	r.remember(c, now)
	c.client.leave(c, now)
	if g := c.client.group; g != nil {
		g.crowd.open--
		g.waits(c.client)
	}
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
	r.storms.Lose(cl.attempts, now, &reconnect.Loss{
		Pool:   cl.pool(),
		Close:  *end,
		Failed: c.toClient.heart.State() == model.Failed || end.Code == CodeTimeout,
		First:  cl.presence.Generation() == 1,
		Lasted: time.Duration(now - c.opened),
		Path:   handshakeTrips * cl.rtt,
		Mixed:  !cl.alone(),
	})
}

// refuse counts an attempt of the client with this id that was refused. A client that has never been here is kept if
// stranger makes one of it. socket is nil if it is not known.
func (r *registry) refuse(id string, socket net.Conn, now model.Instant, waited time.Duration, refusal *model.Refusal, stranger func() *client) {
	cl := r.clients[id]
	if cl == nil {
		r.meet(socket, now, waited, refusal, stranger)
		return
	}
	if _, away := cl.away(); !away {
		r.storms.Refuse(now, refusal)
		return
	}
	r.watchRush(cl, now)
	cl.tried = now
	r.storms.Try(cl.attempts, now, waited, refusal)
}

// watchRush notes that a client is refused again before it was last refused a second ago.
func (r *registry) watchRush(cl *client, now model.Instant) {
	switch {
	case cl.tried == 0 || now-cl.tried > rush:
		cl.rushed = 0
	case cl.rushed < crowded:
		if cl.rushed++; cl.rushed == crowded && cl.group == nil {
			r.samplers.watch(cl.id)
		}
	}
}

// rushes reports whether the client is refused again and again in a short time.
func (cl *client) rushes(now model.Instant) bool {
	return cl.rushed == crowded && now-cl.tried <= crowdedIn
}

// meet keeps a client that was refused at its first attempt.
func (r *registry) meet(socket net.Conn, now model.Instant, waited time.Duration, refusal *model.Refusal, stranger func() *client) {
	if !answered(refusal) || len(r.outside) >= maxOutside {
		r.storms.Refuse(now, refusal)
		return
	}
	cl := stranger()
	cl.seen, cl.tried = now, now
	r.clients[cl.id] = cl
	r.keep(cl)
	if r.recognise(cl, socket, now) {
		r.storms.Try(cl.attempts, now, waited, refusal)
		return
	}
	cl.attempts = new(storm.Client)
	r.storms.Knock(cl.attempts, now, cl.pool(), refusal)
}

// recognise reports whether a client that has never been here is taken for one of the server that was here before.
// Whatever stands at the other end of its socket counts, be it a proxy.
func (r *registry) recognise(cl *client, socket net.Conn, now model.Instant) bool {
	if cl.attempts != nil || socket == nil || !r.storms.Expects() {
		return false
	}
	cl.attempts = r.storms.Claim(addrPort(socket.RemoteAddr().String()).Addr(), cl.pool(), now)
	return cl.attempts != nil
}

// answered reports whether a refusal is the answer to a request that a client has made. Of what could not be read it is not
// known which client sent it.
func answered(refusal *model.Refusal) bool {
	return refusal.By != model.RefusedByHTTP && refusal.By != model.RefusedByClient
}

// keep keeps a client without a connection, if there is room.
func (r *registry) keep(cl *client) (kept bool) {
	if !cl.outside && len(r.outside) < maxOutside {
		cl.outside = true
		r.outside = append(r.outside, cl)
	}
	return cl.outside
}

// dismiss forgets the clients without a connection that have not tried for long enough. Those that have a connection on the
// list go with it.
func (r *registry) dismiss(now model.Instant, linger time.Duration) {
	r.outside = slices.DeleteFunc(r.outside, func(cl *client) bool {
		if cl.listed == 0 && cl.tries(now, linger) {
			return false
		}
		cl.outside = false
		if cl.listed == 0 {
			r.remove(cl)
		}
		return true
	})
}

// tries reports whether a client without a connection has tried lately.
func (cl *client) tries(now model.Instant, linger time.Duration) bool {
	return cl.tried != 0 && time.Duration(now-cl.tried) < max(linger, outsideFor)
}

// expire forgets the connections that have lingered long enough.
func (r *registry) expire(now model.Instant, linger time.Duration) {
	n := 0
	for n < len(r.gone) && time.Duration(now-r.gone[n].left) >= linger {
		n++
	}
	r.forget(n)
	r.dismiss(now, linger)
}

// forget removes from the list the n connections that left first. A client goes when its last connection goes, unless it
// has been refused since: then it tries to come back.
func (r *registry) forget(n int) {
	for _, c := range r.gone[:n] {
		delete(r.conns, c.id)
		if c.client.listed--; c.client.listed > 0 {
			continue
		}
		if c.client.tried == 0 || !r.keep(c.client) {
			r.remove(c.client)
		}
	}
	r.gone = slices.Delete(r.gone, 0, n)
}

// remove forgets a client.
func (r *registry) remove(cl *client) {
	if r.clients[cl.id] == cl { // not if the name has become that of a crowd
		delete(r.clients, cl.id)
	}
	delete(r.many, cl)
	cl.leaveCrowd()
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
