package swarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/probe/process"
)

// Command is the command line of a swarm.
type Command struct {
	URL string `arg:"" help:"URL to connect to: ws://HOST:PORT/PATH or wss://…"`

	Clients  int            `group:"Clients:" short:"n" default:"100" placeholder:"N" help:"Number of clients."`
	Ramp     *time.Duration `group:"Clients:" placeholder:"DURATION" help:"Time over which the clients start; by default 1000 clients start each second."`
	Duration *time.Duration `group:"Clients:" placeholder:"DURATION" help:"Stop after this time; by default at Ctrl-C, or when all clients have given up."`
	IDPrefix string         `group:"Clients:" name:"id-prefix" default:"swarm" placeholder:"TEXT" help:"Beginning of the clients' ids: with swarm they are swarm-0001, swarm-0002 and so on."`
	FirstID  int            `group:"Clients:" name:"first-id" default:"1" placeholder:"N" help:"Number in the first client's id, for several processes with the same prefix."`

	Handshake Handshake `embed:"" group:"Handshake:"`
	Traffic   Traffic   `embed:"" group:"Traffic:"`
	Return    Return    `embed:"" group:"Reconnecting:"`
	Troubles  Troubles  `embed:"" group:"Faulty clients, as a share of all:"`

	JSON bool `group:"Report:" name:"json" help:"Write the summary as JSON."`
}

// Help is shown by holter swarm --help.
func (Command) Help() string {
	return `A swarm connects simulated clients to a server and reports how they fared. Each client has an id, which replaces {id} in the URL and in headers. If the URL has no {id}, client=ID is added to its query. With --rate the clients send text messages, and measure how long the echo takes if the server sends one.

Examples:

    holter swarm ws://127.0.0.1:7070/ws -n 5000 --backoff fixed:1s
    holter swarm wss://app.example/chat --preset phoenix \
                 --header 'Authorization: Bearer {id}'
    holter swarm ws://127.0.0.1:7070/ws --rate 5 --duration 30s --json
    holter swarm ws://127.0.0.1:7070/ws --freeze 5% --mute 1% --rate 2`
}

// Validate is called by kong after the options' own.
func (c *Command) Validate() error {
	if c.URL == "" {
		return nil // kong reports this itself, in words that name the argument
	}
	if _, err := parseURL(c.URL); err != nil {
		return err
	}
	switch {
	case c.Clients < 1:
		return fmt.Errorf("--clients is %d: write 1 or more", c.Clients)
	case c.Ramp != nil && *c.Ramp < 0:
		return fmt.Errorf("--ramp is %s: write 0s or more", *c.Ramp)
	case c.Duration != nil && *c.Duration <= 0:
		return fmt.Errorf("--duration is %s: write a time above 0s, or leave it out", *c.Duration)
	case c.FirstID < 1:
		return fmt.Errorf("--first-id is %d: write 1 or more", c.FirstID)
	case c.IDPrefix == "" || c.IDPrefix != model.Clean(c.IDPrefix, longestPrefix):
		return fmt.Errorf("--id-prefix %q: write 1 to %d letters, digits and signs", c.IDPrefix, longestPrefix)
	}
	return c.Handshake.checkScheme(c.URL)
}

const longestPrefix = 64

// Run is called by kong.
func (c *Command) Run(ctx context.Context, k *kong.Kong) error { return c.run(ctx, k.Stdout, k.Stderr) }

// run runs a swarm and then writes the summary to out. The swarm ends when ctx ends, after --duration, or when all
// clients have given up. Until then its progress is shown on live.
func (c *Command) run(ctx context.Context, out, live io.Writer) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	s, err := New(options)
	if err != nil {
		return err
	}
	if err := s.ConnectFirst(ctx); err != nil {
		return c.unreachable(ctx, err)
	}
	report := c.watch(ctx, s, newProgress(live))
	if err := c.write(&report, out); err != nil {
		return err
	}
	if report.Connects == 0 {
		return errors.New("no client could connect")
	}
	return nil
}

// unreachable describes why the first client could not connect. It returns nil if the user stopped the swarm.
func (c *Command) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("connect to %s: %s%s", c.URL, model.Clean(err.Error(), longestError), hint(err))
}

const longestError = 300

// garbageKept is the collector's setting (GOGC) once the clients are connected. Beats make little garbage, but
// with Go's default of 100 the memory of a client would still grow by a third within a minute.
const garbageKept = 20

// watch runs the swarm to its end. Its report is made just before the clients are stopped, so that they still
// count as connected.
func (c *Command) watch(ctx context.Context, s *Swarm, view *progress) Report {
	inside, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var parts process.Group
	parts.Go(func() { s.Run(inside) })
	parts.Go(func() { process.CollectGarbage(inside, garbageKept, func() int { return s.Stats().Connected }) })
	if c.Duration != nil {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, *c.Duration)
		defer cancel()
	}
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for ctx.Err() == nil && s.Stats().GaveUp < c.Clients {
		select {
		case now := <-ticker.C:
			view.show(s, now)
		case <-ctx.Done():
		}
	}
	report := s.Report()
	view.clear()
	stop()
	parts.Wait()
	return report
}

func (c *Command) write(r *Report, out io.Writer) error {
	if !c.JSON {
		return r.Write(out)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// options turns the flags into options.
func (c *Command) options() (Options, error) {
	policy, err := c.Return.policy()
	if err != nil {
		return Options{}, err
	}
	o := Options{
		URL: c.URL, Clients: c.Clients, Prefix: c.IDPrefix, First: c.FirstID, Seed: 1,
		Cast: c.Troubles.roles(c.Traffic.behaviour(), policy),
		Ramp: time.Duration(c.Clients) * time.Millisecond,
	}
	if c.Ramp != nil {
		o.Ramp = *c.Ramp
	}
	return o, c.Handshake.apply(&o)
}
