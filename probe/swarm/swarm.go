// Package swarm runs simulated WebSocket clients against a server. The connections are real, and each client
// has a heartbeat, a behaviour and a reconnect policy of its own.
//
// A Swarm owns its Clients, and each Client runs in one goroutine, which dials and reads. While a client is
// connected it has a session with one timer, which sends what is due: beats, messages, delayed pongs. All
// clients of a swarm share its clock, its counts and its seed. A Client keeps its id over reconnects.
//
// Nothing happens before Run or ConnectFirst. Run returns after all clients have ended. Stats and Report may
// be called from any goroutine at any time. A swarm opens no listener and knows nothing of the server but its
// URL. Command and DemoOptions are its flags on the command line; the package writes only to the streams that
// Command receives.
package swarm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"time"

	"github.com/gorilla/websocket"

	"holter/model/heart"
	"holter/model/reconnect"
	"holter/probe/lease"
	"holter/probe/pause"
	"holter/probe/process"
	"holter/probe/pulse"
)

// Options are the settings of a swarm.
type Options struct {
	// URL is ws:// or wss://. Each client replaces {id} with its id. If the URL has no {id}, the client adds
	// client=ID to the query.
	URL     string
	Clients int
	Prefix  string        // "demo" makes the ids demo-0001, demo-0002, … and the user agents holter-demo/…
	First   int           // number in the first client's id, 0 for 1
	Cast    []Role        // the roles that clients play, at least one
	Ramp    time.Duration // between the first attempts of the first and the last client
	Storm   Storm
	Ends    reconnect.Ends // what the clients do not come back from
	Seed    uint64         // the same seed gives the same roles, delays and spells
	// Sockets is how many sockets of this process each client needs: 1, or 2 if the server runs in the same
	// process. 0 is 1.
	Sockets int
	Own     *Own // remembers the sockets of the clients, unless it is nil

	Header       http.Header // added to each handshake, with {id} replaced by the client's id
	Subprotocols []string    // that the clients offer
	TLS          *tls.Config // nil for Go's defaults

	// Sources are addresses of this machine from which the clients connect, each client always from the same. Without
	// any, the system chooses.
	Sources []netip.Addr
}

// Storm disconnects many clients at the same moment, again and again.
type Storm struct {
	First Span    // from the start of Run to the first storm
	Every Span    // between two storms; zero for no storms at all
	Share float64 // each client is disconnected with this probability, 0…1

	Away   Span                // how long the server refuses upgrades after a storm
	Refuse func(time.Duration) // makes the server refuse upgrades for this long; nil if it keeps accepting them
}

// Swarm is a set of simulated clients.
type Swarm struct {
	options    Options
	template   string           // the URL with a placeholder for the id
	userAgents map[*Role]string // by role of options.Cast
	begin      time.Time
	clock      *pulse.Clock
	record     *record

	way                *way
	dialer, slowDialer *websocket.Dialer
	handshakes         *lease.Pool[*Client]
	rhythms            map[time.Duration]*heart.Rhythm // by interval
	filler             []byte

	random  *rand.Rand // used by New, and after that only by runStorms
	clients []*Client
	tally   tally
}

// New makes a swarm that does nothing until Run. It returns an error if an option is invalid or if this process
// may not open enough sockets. The error says what to write instead.
func New(o Options) (*Swarm, error) {
	u, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Clients < 1 {
		return nil, fmt.Errorf("a swarm of %d clients: write 1 or more", o.Clients)
	}
	if err := process.CanOpen(o.Clients * max(o.Sockets, 1)); err != nil {
		return nil, fmt.Errorf("a swarm of %d clients: %w", o.Clients, err)
	}
	if err := validateRoles(o.Cast); err != nil {
		return nil, err
	}
	w, err := newWay(u, &o)
	if err != nil {
		return nil, err
	}
	s := &Swarm{options: o, way: w, template: withPlaceholder(u), begin: time.Now(), clock: pulse.NewClock(), record: newRecord(), random: rand.New(rand.NewPCG(o.Seed, 0))}
	s.prepare()
	s.makeClients()
	return s, nil
}

// prepare makes the values that all clients share.
func (s *Swarm) prepare() {
	s.dialer = newDialer(&s.options, s.way)
	s.slowDialer = newDialer(&s.options, s.way.slow())
	s.handshakes = lease.NewPool[*Client](handshakes, patience)
	s.rhythms = map[time.Duration]*heart.Rhythm{}
	s.userAgents = map[*Role]string{}
	longest := 0
	for i := range s.options.Cast {
		role := &s.options.Cast[i]
		s.rhythms[role.Beat] = pulse.Rhythm(role.Beat)
		s.userAgents[role] = role.userAgent(s.options.Prefix)
		longest = max(longest, role.Payload)
	}
	s.filler = newFiller(longest)
}

// makeClients gives each client its role. Each client has a random source of its own, so that what one client
// draws does not change what another draws.
func (s *Swarm) makeClients() {
	roles := assignRoles(s.options.Cast, s.options.Clients)
	s.random.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	first := max(s.options.First, 1)
	for i, role := range roles {
		random := rand.New(rand.NewPCG(s.options.Seed, uint64(first+i)))
		s.clients = append(s.clients, newClient(s, first+i, role, random))
	}
}

// Run starts the clients and returns after ctx has ended and all of them have stopped. The error is always nil.
func (s *Swarm) Run(ctx context.Context) error {
	var group process.Group
	defer group.Wait()
	group.Go(func() { s.clock.Run(ctx) })
	group.Go(func() { s.runStorms(ctx, s.cutShare) })
	s.startClients(ctx, func(c *Client) { group.Go(func() { c.Run(ctx) }) })
	<-ctx.Done()
	return nil
}

// ConnectFirst connects the first client before all others, so that a wrong address is noticed before thousands
// of clients try it. It returns nil if the server answers that it is busy, for that passes. After nil the caller
// must call Run, in which the client goes on from there and closes its connection.
func (s *Swarm) ConnectFirst(ctx context.Context) error {
	first := s.clients[0]
	conn, err := first.dial(ctx)
	if r, ok := errors.AsType[*refused](err); err != nil && !(ok && r.busy()) {
		s.failed(err)
		return err
	}
	first.ahead = &outcome{conn, err}
	return nil
}

// failed counts an attempt that has failed.
func (s *Swarm) failed(err error) {
	s.tally.failed(err)
	s.record.count(s.record.failed, err)
	s.record.refusal(err)
}

// startClients calls start for one client after the other, evenly spread over the ramp, until ctx ends.
func (s *Swarm) startClients(ctx context.Context, start func(*Client)) {
	begin := time.Now()
	for i, c := range s.clients {
		due := begin.Add(s.options.Ramp * time.Duration(i) / time.Duration(len(s.clients)))
		if !pause.For(ctx, time.Until(due)) {
			return
		}
		start(c)
	}
}

// runStorms calls strike at the times that the options set, until ctx ends.
func (s *Swarm) runStorms(ctx context.Context, strike func()) {
	storm := s.options.Storm
	if storm.Every.Max == 0 {
		return
	}
	for wait := storm.First; pause.For(ctx, wait.draw(s.random)); wait = storm.Every {
		strike()
	}
}

// cutShare resets the connections of the storm's share of the clients. Before that it makes the server refuse
// upgrades, so that no client is back too early.
func (s *Swarm) cutShare() {
	if storm := s.options.Storm; storm.Refuse != nil {
		storm.Refuse(storm.Away.draw(s.random))
	}
	for _, c := range s.clients {
		if s.random.Float64() < s.options.Storm.Share {
			c.cut()
		}
	}
}

// Stats returns the counts of this moment. Any goroutine may call it.
func (s *Swarm) Stats() Stats {
	stats := s.tally.stats()
	stats.Clients = len(s.clients)
	return stats
}
