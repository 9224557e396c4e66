package swarm

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// DemoOptions are the flags of a server that can start demo clients.
type DemoOptions struct {
	Demo int `placeholder:"N" help:"Start N clients of holter's own, of which some are slow, freeze, drop and come back."`
}

// Validate is called by kong.
func (o DemoOptions) Validate() error {
	if o.Demo < 0 {
		return fmt.Errorf("--demo is %d: write how many clients to start", o.Demo)
	}
	return nil
}

// Clients are demo clients for the server at url, of which those that the flag asks for start at once. Now and
// then they call refuse to have the server refuse upgrades for a time, as a deploy would. Clients that start
// later do not: by then the server may have others, for whom nothing should be refused.
func (o DemoOptions) Clients(url string, refuse func(time.Duration)) (*DemoClients, error) {
	d := &DemoClients{url: url, clients: make(chan *Swarm, 1)}
	if o.Demo == 0 {
		return d, nil
	}
	d.refuse = refuse
	return d, d.Start(o.Demo)
}

// DemoClients are the clients of a demo, which can be started once.
type DemoClients struct {
	url     string
	refuse  func(time.Duration) // nil if they refuse nothing
	started atomic.Bool
	clients chan *Swarm // has room for one
}

// Start starts n clients, once Run runs. It fails if there are some already.
func (d *DemoClients) Start(n int) error {
	clients, err := New(Demo(d.url, n, d.refuse))
	if err != nil {
		return err
	}
	if !d.started.CompareAndSwap(false, true) {
		return errors.New("demo clients are already running")
	}
	d.clients <- clients
	return nil
}

// Run waits for Start, and then runs the clients until ctx ends.
func (d *DemoClients) Run(ctx context.Context) error {
	select {
	case clients := <-d.clients:
		return clients.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}
