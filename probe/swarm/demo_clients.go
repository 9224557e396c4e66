package swarm

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// DemoOptions holds the flags of a server that can start demo clients.
type DemoOptions struct {
	Demo int `placeholder:"N" help:"Start N simulated clients, some of which are slow, freeze, or drop their connection and come back."`
}

// Validate is called by kong.
func (o DemoOptions) Validate() error {
	if o.Demo < 0 {
		return fmt.Errorf("--demo is %d: write how many clients to start", o.Demo)
	}
	return nil
}

// Clients makes the demo clients of the server at url. If the flag asks for some, they start with Run, and now and
// then they call refuse, which makes the server refuse upgrades for a time, as during a deploy. Clients that are
// started later never call refuse: by then the server may have other clients, which must not be refused.
func (o DemoOptions) Clients(url string, refuse func(time.Duration)) (*DemoClients, error) {
	d := &DemoClients{url: url, clients: make(chan *Swarm, 1)}
	if o.Demo == 0 {
		return d, nil
	}
	d.refuse = refuse
	return d, d.Start(o.Demo)
}

// DemoClients starts and runs the demo's clients, at most once. Any goroutine may call it.
type DemoClients struct {
	url     string
	refuse  func(time.Duration) // nil if the server refuses no upgrades for them
	started atomic.Bool
	clients chan *Swarm // has room for one
}

// Start starts n clients, or has Run start them if it is called later. It returns an error if clients have been
// started before.
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

// Run waits until clients are to start, and runs them until ctx ends.
func (d *DemoClients) Run(ctx context.Context) error {
	select {
	case clients := <-d.clients:
		return clients.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}
