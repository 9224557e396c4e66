// Package swarm is a crowd of simulated WebSocket clients: real connections, each with a heartbeat,
// a behaviour and a reconnect policy of its own.
package swarm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/crash"
	"holter/probe/descriptors"
)

// Options set a swarm up.
type Options struct {
	URL     string // ws:// or wss://; each client adds client=<its id> to the query
	Clients int
	Prefix  string        // demo gives the ids demo-0001 and so on, and the user agents holter-demo/…
	Cast    []Role        // who takes part
	Ramp    time.Duration // from the first client's first attempt to the last one's
	Storm   Storm
	Seed    uint64 // the same seed draws the same roles, delays and spells
	// Sockets that each client costs this process: 1, or 2 if the server runs in it too.
	Sockets int
}

// Storm is the moment when many clients lose their connection together.
type Storm struct {
	First Span    // from the start to the first one
	Every Span    // and between two; zero for never
	Share float64 // of the connected clients, 0…1
}

// Swarm is a crowd of clients.
type Swarm struct {
	options Options
	url     *url.URL
	dialer  *websocket.Dialer
	clock   clock
	late    model.Lateness
	random  *rand.Rand // hands out the roles, then belongs to the storms
	clients []*Client
	tally   tally
}

// New makes a swarm that does nothing until Run. It fails with a sentence that says what to write,
// or that this process may not open so many sockets.
func New(o Options) (*Swarm, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "ws" && u.Scheme != "wss") {
		return nil, fmt.Errorf("swarm target %q: write ws://HOST:PORT/PATH or wss://…", o.URL)
	}
	if o.Clients < 1 {
		return nil, fmt.Errorf("a swarm of %d clients: write 1 or more", o.Clients)
	}
	if err := descriptors.Enough(o.Clients * max(o.Sockets, 1)); err != nil {
		return nil, fmt.Errorf("a swarm of %d clients: %w", o.Clients, err)
	}
	if err := validate(o.Cast); err != nil {
		return nil, err
	}
	s := &Swarm{options: o, url: u, dialer: newDialer(), clock: newClock(), random: rand.New(rand.NewPCG(o.Seed, 0))}
	s.populate()
	return s, nil
}

// populate hands out the roles. Each client draws from a source of its own, so what one does
// changes nothing for another.
func (s *Swarm) populate() {
	roles := cast(s.options.Cast, s.options.Clients)
	s.random.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	for i, role := range roles {
		id := fmt.Sprintf("%s-%04d", s.options.Prefix, i+1)
		random := rand.New(rand.NewPCG(s.options.Seed, uint64(i+1)))
		s.clients = append(s.clients, newClient(s, id, role, random))
	}
}

// Run lets the clients live until ctx ends, and returns when all of them are gone.
func (s *Swarm) Run(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	start := func(f func()) { group.Go(func() { defer crash.Tidy(); f() }) }
	start(func() { watch(ctx, s.clock, &s.late) })
	start(func() { s.storms(ctx, s.disperse) })
	s.release(ctx, func(c *Client) { start(func() { c.Run(ctx) }) })
	<-ctx.Done()
	return nil
}

// release starts the clients one after the other, evenly over the ramp.
func (s *Swarm) release(ctx context.Context, start func(*Client)) {
	begin := time.Now()
	for i, c := range s.clients {
		due := begin.Add(s.options.Ramp * time.Duration(i) / time.Duration(len(s.clients)))
		sleep(ctx, time.Until(due))
		if ctx.Err() != nil {
			return
		}
		start(c)
	}
}

// storms lets one break after the other until ctx ends.
func (s *Swarm) storms(ctx context.Context, breakLoose func()) {
	storm := s.options.Storm
	if storm.Every.Max == 0 {
		return
	}
	for sleep(ctx, storm.First.draw(s.random)); ctx.Err() == nil; sleep(ctx, storm.Every.draw(s.random)) {
		breakLoose()
	}
}

// disperse resets the connections of the storm's share of clients in the same instant.
func (s *Swarm) disperse() {
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
