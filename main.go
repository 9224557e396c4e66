// Command holter watches the heartbeat of WebSocket connections.
//
// This file lists the commands, wires those that several parts take part in, and maps their errors to exit
// codes. Only this file knows all parts: screen (tui), server and instruments (probe), which own their options.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"holter/model"
	"holter/model/reload"
	"holter/probe/compare"
	"holter/probe/drill"
	"holter/probe/process"
	"holter/probe/swarm"
	"holter/server"
	"holter/server/api"
	"holter/server/command"
	"holter/server/endpoint"
	"holter/server/plane"
	"holter/server/proxy"
	"holter/tui"
	"holter/tui/cli"
	"holter/tui/cli/about"
	"holter/tui/cli/config"
	"holter/tui/cli/noquery"
	"holter/tui/cli/version"
	"holter/tui/eventlog"
)

// Exit codes beside 0 and, after a second signal, 128 plus the signal's number, as in a shell.
const (
	exitFailure = 1 // the command failed
	exitUsage   = 2 // the command line or the configuration is wrong
)

func main() {
	noquery.Restore()
	os.Exit(execute(process.Interruptible(context.Background()), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands is the whole command line.
type commands struct {
	Serve   serveCommand    `cmd:"" default:"withargs" help:"Serve WebSockets and watch their hearts (the default command)."`
	Proxy   proxyCommand    `cmd:"" help:"Stand in front of a WebSocket backend and watch its connections."`
	Attach  attachCommand   `cmd:"" help:"Show the screen of a holter that runs elsewhere."`
	Swarm   swarmCommand    `cmd:"" help:"Connect many clients that come back by a policy of your choice."`
	Drill   drillCommand    `cmd:"" help:"Disturb the clients of a running holter, and judge how they come back."`
	Compare compare.Command `cmd:"" help:"Measure heartbeat schemes against each other, under the same faults."`
	Config  config.Command  `cmd:"" help:"Look at the settings: what is wrong with them, and where each comes from."`
	About   about.Commands  `embed:""`
}

// Help is shown by holter --help.
func (commands) Help() string {
	return `Examples:

    holter --demo 200          200 clients of its own, some of them in trouble
    holter --headless          log lines instead of a screen
    holter proxy http://localhost:3000
    holter serve --help        all flags of the default command`
}

// execute runs a command line until it is done or ctx ends, and returns the exit code.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := cli.Program{
		Name:        "holter",
		Description: "A Holter monitor for WebSocket connections: whose heart beats, whose does not, and why.",
		Commands:    &commands{Compare: compare.Command{Options: compare.Options{Monitor: command.Compared}}},
	}.Run(ctx, args, cli.Streams{In: stdin, Out: stdout, Err: stderr})
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "holter: %v\n", err)
	if _, ok := errors.AsType[cli.UsageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// serveCommand is holter's own endpoint.
type serveCommand struct {
	endpoint.Options `embed:"" group:"Endpoint:"`
	Server           monitored         `embed:"" set:"on_fail=close"`
	Demo             swarm.DemoOptions `embed:"" group:"Screen and log:"`
}

// Validate is called by kong after the options' own.
func (s *serveCommand) Validate() error {
	if s.Demo.Demo > 0 && (s.TLSCert != "" || s.Server.Monitor.JWT.Given()) {
		return errors.New("--demo with --tls-cert, --jwt-key or --jwt-jwks: demo clients would not get in, so give one or the other")
	}
	return plane.ValidateAddresses(s.Server.Monitor.Admin, s.Listen)
}

// Run serves until the user quits, ctx ends or something fails.
func (s *serveCommand) Run(ctx context.Context, streams cli.Streams, settings *config.Settings) error {
	return s.Server.run(ctx, streams, settings, func(m *server.Monitor) (*plane.Data, *swarm.DemoClients, error) {
		srv, err := endpoint.New(m, s.Options)
		if err != nil {
			return nil, nil, err
		}
		if err := srv.Listen(); err != nil || s.TLSCert != "" || s.Server.Monitor.JWT.Given() { // demo clients would not get in
			return srv, nil, err
		}
		demo, err := s.Demo.Clients(srv.URL(), func(length time.Duration) {
			m.Source().Refuse(context.Background(), length) // fails with --read-only: the clients get in at once
		})
		return srv, demo, err
	})
}

// proxyCommand is a proxy in front of a backend.
type proxyCommand struct {
	proxy.Options `embed:"" group:"Proxy:"`
	Server        monitored `embed:"" set:"on_fail=observe"`
}

// Validate is called by kong after the options' own.
func (p *proxyCommand) Validate() error {
	return plane.ValidateAddresses(p.Server.Monitor.Admin, p.Listen)
}

// Run proxies until the user quits, ctx ends or something fails.
func (p *proxyCommand) Run(ctx context.Context, streams cli.Streams, settings *config.Settings) error {
	p.Options.Warn(streams.Err)
	return p.Server.run(ctx, streams, settings, func(m *server.Monitor) (*plane.Data, *swarm.DemoClients, error) {
		srv, err := proxy.New(m.Door(), p.Options)
		if err != nil {
			return nil, nil, err
		}
		return srv, nil, srv.Listen()
	})
}

// monitored are the options that serve and proxy share.
type monitored struct {
	Monitor command.Options `embed:"" group:"Heartbeat and connections:"`
	View    cli.View        `embed:""`
	Config  config.Options  `embed:"" group:"Where settings come from:"`
}

// run runs a server, demo clients if they are allowed, and a screen or a log of the connections. listen returns a
// server that is already listening.
func (m *monitored) run(ctx context.Context, streams cli.Streams, settings *config.Settings, listen func(*server.Monitor) (*plane.Data, *swarm.DemoClients, error)) error {
	screen, err := m.View.WantsScreen(streams)
	if err != nil {
		return err
	}
	log := m.View.Logger(streams, screen)
	slog.SetDefault(log) // and with it package log's: what libraries write must not get onto the screen
	m.Config.Tell(log)
	m.Monitor.Version, m.Monitor.Logger = version.String(), log
	monitor, err := command.New(&m.Monitor)
	if err != nil {
		return err
	}
	srv, demo, err := listen(monitor)
	if err != nil {
		return err
	}
	m.Monitor.Warn(streams.Err)
	monitor.OnReload(settings.Reloader(func() (reload.Commit, error) {
		return reload.All(func() (reload.Commit, error) { return m.Monitor.Prepare(monitor) }, m.View.Prepare, srv.Prepare)
	}))
	source := monitor.Source()
	// With Go's 100 percent, memory that idle connections do not need is kept for the next collection.
	parts := []process.Part{func(ctx context.Context) error { return process.CollectGarbage(ctx, 50, source.Size) }}
	if demo != nil {
		parts = append(parts, demo.Run)
		m.View.Screen.Demo = func() error { return demo.Start(20) }
	}
	if screen {
		process.BeforeAbort(cli.TakeTerminal(&m.View.Screen, streams))
		m.View.Screen.API, m.View.Screen.Foreign = srv.AdminURL(), demo.Foreign
		parts = append(parts, srv.Run, func(ctx context.Context) error { return m.View.Screen.Run(ctx, source) })
	} else {
		parts = append(parts, process.OnHangup(func() { monitor.Reload(model.BySignal) }), process.Beside(func(ctx context.Context) error { return eventlog.Run(ctx, source, log) }, srv.Run))
		srv.Greet()
	}
	return process.Gently(srv.WindDown, func(ctx context.Context) error { return process.Together(ctx, parts...) })(ctx)
}

// attachCommand is the screen of another holter.
type attachCommand struct {
	api.Options `embed:"" group:"The other holter:"`
	Screen      tui.Options    `embed:"" group:"Screen:"`
	ReadOnly    bool           `group:"Screen:" help:"Show, and change nothing."`
	Config      config.Options `embed:"" group:"Where settings come from:"`
}

// Run shows the screen until the user quits or ctx ends.
func (a *attachCommand) Run(ctx context.Context, streams cli.Streams) error {
	if err := cli.NeedScreen("attach", streams); err != nil {
		return err
	}
	remote, err := a.Attach(ctx, a.URL)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return err
	}
	process.BeforeAbort(cli.TakeTerminal(&a.Screen, streams))
	a.Screen.ReadOnly, a.Screen.API, a.Screen.Elsewhere = a.ReadOnly, remote.URL(), true
	return process.Together(ctx, remote.Run, func(ctx context.Context) error { return a.Screen.Run(ctx, remote) })
}

// swarmCommand is a swarm of clients for any server.
type swarmCommand struct {
	swarm.Command `embed:""`
	Config        config.Options `embed:"" group:"Where settings come from:"`
}

// drillCommand is a drill of another holter's clients.
type drillCommand struct {
	drill.Command `embed:""`
	Access        api.Access     `embed:"" group:"The other holter:"`
	Config        config.Options `embed:"" group:"Where settings come from:"`
}

// Validate is called by kong.
func (d *drillCommand) Validate() error {
	if err := d.Command.Validate(); err != nil || d.Print != "" {
		return err
	}
	_, err := api.ParseAddress(d.URL)
	return err
}

// Run drills until there is a verdict or ctx ends.
func (d *drillCommand) Run(ctx context.Context, streams cli.Streams) error {
	if d.Print != "" {
		return d.PrintTemplate(streams.Out)
	}
	remote, err := d.Access.Attach(ctx, d.URL)
	if err != nil {
		return d.Abandon(err, streams.Out)
	}
	run := func(ctx context.Context) error { return d.Command.Run(ctx, remote, streams.Out, streams.Err) }
	return process.Beside(remote.Run, run)(ctx) // after a signal, too, the drill undoes what it has begun
}
