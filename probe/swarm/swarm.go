// Package swarm is a crowd of simulated WebSocket clients: real connections, each with a heartbeat,
// a behaviour and a reconnect policy of its own.
package swarm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"holter/model/heart"
	"holter/probe/lease"
	"holter/probe/pause"
	"holter/probe/process"
	"holter/probe/pulse"
)

// Options set a swarm up.
type Options struct {
	// URL is ws:// or wss://. Each client puts its id where {id} stands, or adds client=<its id> to the
	// query if {id} stands nowhere.
	URL     string
	Clients int
	Prefix  string        // demo gives the ids demo-0001 and so on, and the user agents holter-demo/…
	First   int           // number of the first client, 0 for 1
	Cast    []Role        // who takes part
	Ramp    time.Duration // from the first client's first attempt to the last one's
	Storm   Storm
	Seed    uint64 // the same seed draws the same roles, delays and spells
	// Sockets that each client costs this process: 1, or 2 if the server runs in it too.
	Sockets int

	Header       http.Header // of the handshake, in which {id} stands for the client's id
	Subprotocols []string    // that the clients offer
	TLS          *tls.Config // nil for Go's own
}

// Storm is the moment when many clients lose their connection together.
type Storm struct {
	First Span    // from the start to the first one
	Every Span    // and between two; zero for never
	Share float64 // of the connected clients, 0…1

	Away   Span                // how long nobody is let in after that
	Refuse func(time.Duration) // sees to it; nil for a server that lets everybody in
}

// Swarm is a crowd of clients.
type Swarm struct {
	options    Options
	template   string           // of the URL
	userAgents map[*Role]string // of the cast
	begin      time.Time
	clock      *pulse.Clock
	record     *record

	dialer, slowDialer *websocket.Dialer
	handshakes         *lease.Pool[*Client]
	rhythms            map[time.Duration]*heart.Rhythm // by interval
	filler             []byte

	random  *rand.Rand // hands out the roles, then belongs to the storms
	clients []*Client
	tally   tally
}

// New makes a swarm that does nothing until Run. It fails with a sentence that says what to write,
// or that this process may not open so many sockets.
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
	s := &Swarm{options: o, template: withPlaceholder(u), begin: time.Now(), clock: pulse.NewClock(), record: newRecord(), random: rand.New(rand.NewPCG(o.Seed, 0))}
	s.prepare()
	s.makeClients()
	return s, nil
}

// prepare makes what clients share.
func (s *Swarm) prepare() {
	s.dialer = newDialer(&s.options)
	s.slowDialer = slowDialer(s.dialer)
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

// makeClients hands out the roles. Each client draws from a source of its own, so what one does
// changes nothing for another.
func (s *Swarm) makeClients() {
	roles := assignRoles(s.options.Cast, s.options.Clients)
	s.random.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	first := max(s.options.First, 1)
	for i, role := range roles {
		id := fmt.Sprintf("%s-%04d", s.options.Prefix, first+i)
		random := rand.New(rand.NewPCG(s.options.Seed, uint64(first+i)))
		s.clients = append(s.clients, newClient(s, id, role, random))
	}
}

// Run lets the clients live until ctx ends, and returns when all of them are gone.
func (s *Swarm) Run(ctx context.Context) error {
	var group process.Group
	defer group.Wait()
	group.Go(func() { s.clock.Run(ctx) })
	group.Go(func() { s.runStorms(ctx, s.cutShare) })
	s.startClients(ctx, func(c *Client) { group.Go(func() { c.Run(ctx) }) })
	<-ctx.Done()
	return nil
}

// ConnectFirst connects the first client ahead of all others, so that an address which is wrong shows before
// thousands run against it. A server that is only busy is no mistake. After nil, Run must follow.
func (s *Swarm) ConnectFirst(ctx context.Context) error {
	first := s.clients[0]
	conn, err := first.dial(ctx)
	if r, ok := errors.AsType[*refused](err); ok && r.busy() {
		return nil
	}
	first.firstConn = conn
	return err
}

// startClients starts the clients one after the other, evenly over the ramp.
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

// runStorms lets one break after the other until ctx ends.
func (s *Swarm) runStorms(ctx context.Context, breakLoose func()) {
	storm := s.options.Storm
	if storm.Every.Max == 0 {
		return
	}
	for wait := storm.First; pause.For(ctx, wait.draw(s.random)); wait = storm.Every {
		breakLoose()
	}
}

// cutShare resets the connections of the storm's share of clients in the same instant, from which on they
// are refused.
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

// Stats counts the swarm as it is now.
func (s *Swarm) Stats() Stats {
	stats := s.tally.stats()
	stats.Clients = len(s.clients)
	return stats
}
