// Package hub keeps the connections of a monitor: who is there, when each is due for a beat, what
// happened, and who is to go.
//
// Locks are taken in this order: a tap's write lock, Hub.mu, connection.mu, and then those of the
// schedule and of the event log, under which nothing else is locked. Nothing waits for a socket
// under any of them.
package hub

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"holter/model"
	"holter/model/heart"
	"holter/model/storm"
	"holter/probe/process"
	"holter/server/journal"
	"holter/server/tap"
)

// Options set a Hub up. They must be valid.
type Options struct {
	Rhythm       heart.Rhythm
	OnFail       model.OnFail
	Identity     Identity
	Linger       time.Duration // how long what is gone stays on the list
	MaxIdle      time.Duration // without an application message; 0 for any
	WriteTimeout time.Duration // with a write that the peer takes nothing of; not where OnFail is to observe
	Version      string
	AcceptRate   float64 // of upgrades per second, as others keep to it; 0 for any
}

// Hub is the registry of a monitor's connections. It is also the source of its screen: see Snapshot,
// Detail, Events and Kick.
type Hub struct {
	o        Options
	zero     time.Time // of every Instant
	late     heart.Lateness
	schedule schedule
	log      *journal.Log
	count    counters
	place    atomic.Pointer[place]
	refusing atomic.Int64 // until this Instant
	origins  origins
	host     atomic.Pointer[model.Host]

	mu      sync.Mutex // protects all following
	last    model.ID
	conns   map[model.ID]*connection // open and lingering
	clients map[string]*client
	gone    []*connection // lingering, in the order of their end
	stopped bool          // Run is over: nobody comes in any more
	rates   rates
	recent  recent
	storms  *storm.Watch
}

const (
	maxLingering = 20_000 // connections on the list after their end
	keptEvents   = 2048
)

// New makes a hub. It counts and lists connections at once; hearts beat while Run runs.
func New(o Options) *Hub {
	if o.OnFail == model.OnFailObserve {
		o.WriteTimeout = 0
	}
	h := &Hub{
		o:       o,
		zero:    time.Now().Add(-time.Millisecond), // no Instant is 0
		log:     journal.New(keptEvents),
		conns:   make(map[model.ID]*connection),
		clients: make(map[string]*client),
	}
	h.storms = storm.NewWatch(h.zero)
	return h
}

func (h *Hub) now() model.Instant { return model.Instant(time.Since(h.zero)) }

func (h *Hub) time(i model.Instant) time.Time { return h.zero.Add(time.Duration(i)) }

// place is where a hub's clients connect, and the upstream behind it if that is a proxy.
type place struct{ address, upstream string }

// Announce says where clients connect, and what upstream they come to by that, "" if none, for the screen.
func (h *Hub) Announce(address, upstream string) { h.place.Store(&place{address, upstream}) }

// Size is how many connections there are, those that are just being upgraded included.
func (h *Hub) Size() int { return int(h.count.size.Load()) }

// Adopt taps a hijacked connection of the request r, whose RemoteAddr is the client's. It is listed when
// its handshake is over.
func (h *Hub) Adopt(r *http.Request, c net.Conn, early []byte) *tap.Conn {
	h.count.size.Add(1)
	conn := &connection{
		hub:       h,
		remote:    addrPort(r.RemoteAddr),
		handshake: unique.Make(handshakeOf(r)),
		client:    newClient(h.o.Identity.Of(r)),
	}
	h.origins.add(conn.remote.Addr())
	conn.leg = leg{conn: conn, slot: -1}
	conn.tap = tap.New(c, early, &conn.leg, h.now)
	return conn.tap
}

// AdoptUpstream gives a connection that Adopt tapped its second leg: the proxy's socket to the server
// behind it, past the handshake.
func (h *Hub) AdoptUpstream(client *tap.Conn, c net.Conn, early []byte) *tap.Conn {
	conn := client.Watcher().(*leg).conn
	up := &leg{conn: conn, side: model.UpstreamSide, slot: -1}
	conn.mu.Lock()
	conn.upstream = up
	up.tap = tap.NewUpstream(c, early, up, h.now)
	conn.mu.Unlock()
	up.tap.Open()
	return up.tap
}

// Sampled keeps and tells a sample of the host.
func (h *Hub) Sampled(s model.Host) {
	h.host.Store(&s)
	h.log.Publish(model.Event{Time: s.Time, Type: model.HostSampled, Host: &s})
}

// enter lists a connection whose handshake is over. It runs under mu.
func (h *Hub) enter(c *connection, now model.Instant) {
	h.last++
	c.id = h.last
	h.conns[c.id] = c
	if known := h.clients[c.client.id]; known != nil {
		c.client = known
	} else {
		c.client.id = strings.Clone(c.client.id) // it may hold the whole request
		c.client.seen = now
		h.clients[c.client.id] = c.client
	}
	back := c.client.enter(c, now)
	if back {
		h.count.reconnects.Add(1)
	}
	h.count.connects.Add(1)
	h.arrive(c, back, now)
}

// leave moves a connection to those that linger. It runs under mu and c.mu.
func (h *Hub) leave(c *connection, now model.Instant) {
	c.client.leave(c, now)
	h.depart(c, now)
	h.gone = append(h.gone, c)
	h.count.closes.Add(1)
	if len(h.gone) > maxLingering {
		h.forget(1)
	}
}

// expire forgets what has lingered long enough.
func (h *Hub) expire(now model.Instant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for n < len(h.gone) && time.Duration(now-h.gone[n].left) >= h.o.Linger {
		n++
	}
	h.forget(n)
}

// forget forgets the n that have been gone longest, and clients with the last of their connections.
// It runs under mu.
func (h *Hub) forget(n int) {
	for _, c := range h.gone[:n] {
		delete(h.conns, c.id)
		if c.client.listed--; c.client.listed == 0 {
			delete(h.clients, c.client.id)
		}
	}
	h.gone = slices.Delete(h.gone, 0, n)
}

// Run beats until ctx ends, then closes what is open with 1001 and waits for the peers' answers for
// up to a second.
func (h *Hub) Run(ctx context.Context) error {
	err := process.Run(ctx, h.beat, h.keepHouse)
	h.closeAll()
	return err
}

// keepHouse does what is not urgent: each bin of activity, and each second the rest.
func (h *Hub) keepHouse(ctx context.Context) error {
	tick := time.NewTicker(model.ActivityBin)
	defer tick.Stop()
	for bins := 1; ; bins++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		h.record()
		h.lookOut()
		if bins%int(time.Second/model.ActivityBin) == 0 {
			now := h.now()
			h.expire(now)
			h.measure(now)
		}
	}
}

// all are the connections on the list, open and lingering.
func (h *Hub) all() []*connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*connection, 0, len(h.conns))
	for _, c := range h.conns {
		all = append(all, c)
	}
	return all
}

func (h *Hub) find(id model.ID) (*connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.conns[id]; c != nil {
		return c, nil
	}
	if id <= h.last {
		return nil, model.Errorf(model.NotFound, "connection %s is gone and forgotten", id)
	}
	return nil, model.Errorf(model.NotFound, "there is no connection %s", id)
}
