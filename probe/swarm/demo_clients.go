package swarm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
)

// DemoOptions holds the flags of a server that can start demo clients.
type DemoOptions struct {
	Demo int `placeholder:"N" help:"Start N simulated clients, some of which are slow, freeze, or drop their connection and come back. Up to 1000 of them have a beat every 2s, unless you set --interval."`
}

// With a shorter interval than the server's default, a demo has something to show sooner: the first client in trouble
// is found within seconds. More clients than quickDemo would make that expensive.
const (
	demoInterval = 2 * time.Second
	quickDemo    = 1000
)

// AfterApply is called by kong when all settings are known. It shortens the server's interval for a demo, unless the
// user has set it.
func (o *DemoOptions) AfterApply(ctx *kong.Context) error {
	if o.Demo == 0 || o.Demo > quickDemo {
		return nil
	}
	for _, flag := range ctx.Flags() {
		if flag.Name == "interval" && !isGiven(ctx, flag) {
			flag.Apply(reflect.ValueOf(demoInterval))
		}
	}
	return nil
}

// isGiven reports whether the command line, a file or the environment sets a flag.
func isGiven(ctx *kong.Context, flag *kong.Flag) bool {
	return slices.ContainsFunc(ctx.Path, func(p *kong.Path) bool { return p.Flag == flag }) ||
		slices.ContainsFunc(flag.Envs, func(name string) bool { return os.Getenv(name) != "" })
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
	own     Own
	clients chan *Swarm // has room for one
}

// Start starts n clients, or has Run start them if it is called later. It returns an error if clients have been
// started before.
func (d *DemoClients) Start(n int) error {
	o := Demo(d.url, n, d.refuse)
	o.Own = &d.own
	clients, err := New(o)
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

// Foreign reports whether a connection of the server is none of these clients'. Where there are no demo clients, which is
// what nil stands for, every connection is foreign.
func (d *DemoClients) Foreign(c *model.Connection) bool {
	return d == nil || !d.own.Has(c.Remote, c.Opened)
}
