// Package hub keeps the connections of a monitor: which there are, when each is due for a beat, what
// happens to them, and which must end.
//
// A Hub owns the list of connections and clients, the scheduler that beats, the log of events, and the watch
// for storms. It moves no bytes: package tap does, and reports to the hub. It serves no requests either: the
// planes of package server hand hijacked connections to Adopt, and the screen and the admin API read
// snapshots, details and events, and order kicks and faults. Any goroutine may call the exported methods.
//
// # Goroutines
//
// Run starts four and waits for them: beat, the only one that decides on pings and suspicions, maintain, for work that is
// not urgent, watchStorms, for what takes longer than that, and advise, which looks a few times a minute for what could be
// better. The exported methods of a leg run on the goroutines that move the bytes of its tap.
//
// # Locks
//
// Locks are taken in this order. A goroutine may wait for a socket while it holds a tap's lock, but while it holds
// no other lock.
//
//  1. the readLock and the writeLock of a tap, under which the tap calls the exported methods of its leg;
//  2. Hub.mu, which protects the registry and the clients in it;
//  3. connection.mu, which protects one connection and its legs;
//  4. the locks of the schedule, of an Observer, of the lapses, of cohorts, of a route and of its habits, of origins, of a sampler, of the board, of the journal and of a tap's faults, under which no other is taken.
//
// The type of a method says which locks it runs under:
//
//   - The methods of Hub take the locks that they need.
//   - The methods of registry and of client run under Hub.mu. They take the lock of a connection whose state they
//     read.
//   - The methods of connection and of leg run under connection.mu, but for the exported ones of leg: a tap
//     calls those, so they take the locks.
//
// A comment mentions a lock only where a method differs.
package hub

import (
	"context"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"holter/model"
	"holter/model/advice"
	"holter/model/cohort"
	"holter/model/filter"
	"holter/model/heart"
	"holter/model/storm"
	"holter/probe/halt"
	"holter/probe/past"
	"holter/probe/process"
	"holter/server/journal"
	"holter/server/pass"
	"holter/server/tap"
)

// Options set a Hub up. They must be valid.
type Options struct {
	Rhythm       heart.Rhythm
	OnFail       model.OnFail
	Identity     Identity
	Linger       time.Duration // how long a closed connection stays on the list
	MaxIdle      time.Duration // without an application message, after which a connection is closed; 0 for never
	WriteTimeout time.Duration // without progress of a write, after which a connection is closed; 0 for never. Not used with OnFailObserve
	Version      string
	AcceptRate   float64        // upgrades per second that the server lets in, for the screen; 0 for no limit
	IdleCut      time.Duration  // the silence that something on the way is known to end, 0 if nothing is known
	AgeCut       time.Duration  // the same for the age of connections
	Halt         *halt.Watch    // tells why the process did not run; nil for nothing
	Guarded      bool           // a guard verifies what the identities of jwt read
	Networks     []netip.Prefix // that count as one address
	MaxMessage   int64          // bytes of a message of a client's, above which the connection is closed; 0 for no limit
	PerClient    bool           // count the connections of each client that has a name
	ShowSecrets  bool           // keep and show handshakes and names of clients as they come, with their secrets
}

// Hub is the registry of a monitor's connections. It is also the source of its screen: see Snapshot,
// Detail, Events and Kick.
type Hub struct {
	o        Options
	zero     time.Time // of every Instant
	started  time.Time
	late     heart.Lateness
	lapses   lapses
	schedule schedule
	log      *journal.Log
	passed   tap.Tallies // of the sockets to clients
	count    counters
	refusals refusals
	filters  *filter.Budget
	place    atomic.Pointer[place]
	refusing atomic.Int64 // Instant until which upgrades are refused
	draining atomic.Pointer[drain]
	origins  origins

	halfClose atomic.Int64 // see SetHalfClose

	hostility hostility
	cohorts   cohorts
	samplers  samplers
	board     board
	host      atomic.Pointer[model.Host]
	watchers  atomic.Pointer[[]Observer]   // see Observe
	paths     atomic.Pointer[[]model.Path] // as of the last second; what it points to never changes

	mu       sync.Mutex // protects registry
	registry registry
}

// remembered is how far the memory of the kernel goes back, and more: see Before.
const remembered = 2 * time.Minute

const keptEvents = 2048 // a reader that falls behind by more loses events

// New makes a hub. It counts and lists connections at once; hearts beat while Run runs.
func New(o Options) *Hub {
	if o.OnFail == model.OnFailObserve {
		o.WriteTimeout = 0
	}
	if o.ShowSecrets {
		o.Identity = o.Identity.revealing()
	}
	if o.Guarded {
		o.Identity = o.Identity.verified()
	}
	h := &Hub{
		o:       o,
		started: time.Now(),
		log:     journal.New(keptEvents),

		refusals: newRefusals(), filters: filter.NewBudget(),
	}
	h.origins.networks = o.Networks
	h.zero = h.started.Add(-remembered) // so that what was before has an Instant too, and none is 0
	h.samplers.seed, h.samplers.guarded = maphash.MakeSeed(), o.Guarded
	h.cohorts.watch = cohort.NewWatch(h.zero)
	h.board.book = advice.NewBook()
	h.registry = registry{
		conns:   make(map[model.ID]*connection),
		clients: make(map[string]*client),
		count:   &h.count,
		storms:  storm.NewWatch(h.zero),

		many: make(map[*client]*many), crowds: make(map[string]*crowd), samplers: &h.samplers,
		routes: newRoutes(),
	}
	return h
}

func (h *Hub) now() model.Instant { return model.Instant(time.Since(h.zero)) }

func (h *Hub) time(i model.Instant) time.Time { return h.zero.Add(time.Duration(i)) }

// place is the address where a hub's clients connect and, of a proxy, that of the upstream.
type place struct{ address, upstream string }

// Announce sets the address where clients connect and the upstream of a proxy, for the screen. upstream is "" without
// a proxy.
func (h *Hub) Announce(address, upstream string) { h.place.Store(&place{address, upstream}) }

// Before tells the hub which connections to the address of its clients ended before it began, as package past knows. If a server
// was killed there, its clients come back now, and that is a storm like others. Before comes before Run.
func (h *Hub) Before(ended []past.Connection) {
	now := h.now()
	all := make([]storm.Former, len(ended))
	for i, c := range ended {
		if all[i].Remote = c.Remote; c.Ago >= 0 && c.Ago < remembered {
			all[i].At = now - model.Instant(c.Ago)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registry.storms.Before(all)
}

// Size returns the number of connections, including those that are being upgraded.
func (h *Hub) Size() int { return int(h.count.size.Load()) }

// Adopt taps the hijacked connection of the request r, whose RemoteAddr is the client's. The connection
// is listed when its handshake is over. It takes the place that is reserved for it; nil stands for none.
func (h *Hub) Adopt(r *http.Request, c net.Conn, early []byte, reserved *Reservation) *tap.Conn {
	conn := &connection{
		hub:       h,
		remote:    addrPort(r.RemoteAddr),
		handshake: unique.Make(h.handshakeOf(r)),
		client:    newClient(h.o.Identity.Of(r)),
	}
	h.samplers.see(conn, r)
	if reserved.take() {
		conn.counted = reserved.client
	} else {
		h.count.size.Add(1)
		h.origins.add(conn.remote.Addr(), "")
	}
	conn.term = pass.Of(r).Term()
	conn.toClient = leg{conn: conn, slot: -1}
	conn.toClient.tap = tap.New(c, early, &conn.toClient, h.now)
	conn.toClient.tap.Count(&h.passed)
	if h.o.MaxMessage > 0 {
		conn.toClient.tap.Bound(uint64(h.o.MaxMessage))
	}
	return conn.toClient.tap
}

// AdoptUpstream gives a connection that Adopt has tapped its second leg: the proxy's socket to the server
// behind it, after the handshake.
func (h *Hub) AdoptUpstream(client *tap.Conn, c net.Conn, early []byte) *tap.Conn {
	conn := client.Watcher().(*leg).conn
	up := &leg{conn: conn, side: model.UpstreamSide, slot: -1}
	conn.mu.Lock()
	conn.toUpstream = up
	up.tap = tap.NewUpstream(c, early, up, h.now)
	if client.IsTunnel() {
		up.tap.Tunnel()
	}
	conn.mu.Unlock()
	up.tap.Open()
	return up.tap
}

// Sampled keeps a sample of the host and publishes it.
func (h *Hub) Sampled(s model.Host) {
	h.host.Store(&s)
	h.log.Publish(model.Event{Time: s.Time, Type: model.HostSampled, Host: &s})
}

// Publish publishes an event of something that the hub does not know of itself, such as an alert.
func (h *Hub) Publish(e model.Event) { h.log.Publish(e) }

// Run beats until ctx ends. Then it closes all open connections with 1001, and waits up to a second for the peers'
// answers.
func (h *Hub) Run(ctx context.Context) error {
	err := process.Run(ctx, h.beat, h.maintain, h.watchStorms, h.advise)
	h.closeAll()
	return err
}

// maintain does the work that is not urgent: some of it in each bin of activity, the rest once a second.
func (h *Hub) maintain(ctx context.Context) error {
	bins := 0
	return process.Every(ctx, model.ActivityBin, func() {
		h.closeBin()
		h.reportLapses()
		h.reportCohorts()
		if bins++; bins%int(time.Second/model.ActivityBin) == 0 {
			h.measure()
			h.breakOff()
			h.reportShared()
			h.reportPaths()
		}
	})
}

// closeBin closes a bin of activity.
func (h *Hub) closeBin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registry.recent.add(h.count.activity())
}

// measure removes the connections that have lingered long enough, and reads the counters.
func (h *Hub) measure() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	h.registry.expire(now, h.o.Linger)
	h.registry.measure(now)
}

// watchStorms looks for storms, and measures the one that is on.
func (h *Hub) watchStorms(ctx context.Context) error {
	return process.Every(ctx, model.ActivityBin, h.reportStorms)
}

// reportStorms publishes that a storm has begun or ended, or does not end because clients flap. It reads the survey without
// the lock, because that may take a tenth of a second.
func (h *Hub) reportStorms() {
	survey := h.tickStorms()
	if survey == nil {
		return
	}
	for h.surveyStorm(survey) {
	}
	survey.Read()
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	began, flapping, ended := h.registry.storms.Conclude(survey)
	if began != nil {
		for _, o := range h.observers() {
			o.Storm()
		}
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormStarted, Storm: began})
	}
	if flapping != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormFlapping, Storm: flapping})
	}
	if ended != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormEnded, Storm: ended})
	}
}

func (h *Hub) tickStorms() *storm.Survey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registry.storms.Tick(h.now(), len(h.registry.clients))
}

func (h *Hub) surveyStorm(s *storm.Survey) (more bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registry.storms.Survey(s)
}

// all returns the connections on the list, open and lingering.
func (h *Hub) all() []*connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.registry.all()
}

// find returns a connection on the list, or a NotFound error.
func (h *Hub) find(id model.ID) (*connection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.registry.conns[id]; c != nil {
		return c, nil
	}
	if id <= h.registry.last {
		return nil, model.Errorf(model.NotFound, "connection %s is gone and forgotten", id)
	}
	return nil, model.Errorf(model.NotFound, "there is no connection %s", id)
}
