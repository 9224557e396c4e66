// Command holter watches the heartbeat of WebSocket connections.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"
	"github.com/oklog/run"

	"holter/probe/compare"
	"holter/probe/drill"
	"holter/probe/process"
	"holter/probe/swarm"
	"holter/server"
	"holter/server/api"
	"holter/tui"
	"holter/tui/cli/completion"
	"holter/tui/cli/config"
	"holter/tui/cli/noquery"
	"holter/tui/cli/terminal"
	"holter/tui/eventlog"
)

// Exit codes beside 0. A program that a second signal ended answers 128 and that signal's number, as
// a shell would.
const (
	exitFailure = 1 // it could not do what it was asked to
	exitUsage   = 2 // what it was asked to do makes no sense
)

func main() {
	noquery.Restore()
	os.Exit(execute(os.Args[1:]))
}

// commands is the whole command line; each part brings its own options.
type commands struct {
	Serve      serve              `cmd:"" default:"withargs" help:"Serve WebSockets and watch their hearts (the default command)."`
	Proxy      proxy              `cmd:"" help:"Stand in front of a WebSocket backend and watch its connections."`
	Attach     attach             `cmd:"" help:"Show the screen of a holter that runs elsewhere."`
	Swarm      crowd              `cmd:"" help:"Connect many clients that come back by a policy of your choice."`
	Drill      rehearsal          `cmd:"" help:"Disturb the clients of a running holter, and judge how they come back."`
	Compare    comparison         `cmd:"" help:"Measure heartbeat schemes against each other, under the same faults."`
	Version    version            `cmd:"" help:"Print the version."`
	Completion completion.Command `cmd:"" help:"Print what makes your shell complete holter's flags."`
	Complete   completion.Answer  `cmd:"" hidden:""`
}

// Help is shown by holter --help.
func (commands) Help() string {
	return `Examples:

    holter --demo 200          200 clients of its own, some of them in trouble
    holter --headless          log lines instead of a screen
    holter proxy http://localhost:3000
    holter serve --help        all flags of the default command`
}

// execute runs a command line and answers the exit code.
func execute(args []string) int {
	parser := kong.Must(new(commands),
		kong.Name("holter"),
		kong.Description("A Holter monitor for WebSocket connections: whose heart beats, whose does not, and why."),
		kong.DefaultEnvars("HOLTER"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 80}),
		kong.ValueFormatter(helpWithDefault),
		config.Values(),
	)
	command, err := parser.Parse(args)
	if err != nil {
		return refuse(args, err)
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "holter: %v\n", err)
		if _, ok := errors.AsType[*usageError](err); ok {
			return exitUsage
		}
		return exitFailure
	}
	return 0
}

// refuse reports args that cannot be followed.
func refuse(args []string, err error) int {
	command := "serve"
	if e, ok := errors.AsType[*kong.ParseError](err); ok && e.Context.Selected() != nil {
		command = e.Context.Selected().Name
	}
	message := strings.TrimPrefix(err.Error(), command+": ") // what kong puts before the command's own errors
	help := "holter " + command + " --help"
	if strings.HasPrefix(message, "unexpected argument") && !slices.Contains(args, command) {
		help = "holter --help" // a word that is no command was taken for an argument of the default one
	}
	fmt.Fprintf(os.Stderr, "holter: %s (see %s)\n", message, help)
	return exitUsage
}

// helpWithDefault is a flag's help, with the default where the flag's placeholder does not show it.
func helpWithDefault(value *kong.Value) string {
	if value.Flag == nil || value.Flag.PlaceHolder == "" || value.Default == "" {
		return value.Help
	}
	return fmt.Sprintf("%s (default %s)", value.Help, value.Default)
}

// usageError is a contradiction that only shows when a command runs.
type usageError struct{ error }

type version struct{}

// Run prints the version that Go took from the repository.
func (version) Run() error {
	_, err := fmt.Printf("holter %s %s %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// serve is holter's own endpoint, watched on a screen or in a log.
type serve struct {
	Data    server.DataOptions `embed:"" group:"Endpoint:"`
	Monitor server.Options     `embed:"" group:"Heartbeat and connections:" set:"on_fail=close"`

	Display display `embed:""`
	Demo    int     `group:"Screen and log:" placeholder:"N" help:"Start N clients of holter's own, of which some are slow, freeze, drop and come back."`

	Config config.Options `embed:"" group:"Where settings come from:"`
}

// Help is shown by holter serve --help.
func (serve) Help() string {
	return `Every flag can also be set in the environment (--max-conns as HOLTER_MAX_CONNS) and in a configuration file (max-conns: 100). Flags win over the environment, the environment over the file.

Examples:

    holter --demo 200
    holter serve --listen :7070 --allow-origin https://app.example
    holter serve --headless --log-format json | jq .
    HOLTER_INTERVAL=1s holter serve --profile staging

A holter.yaml:

    interval: 2s
    profiles:
      staging: {listen: "0.0.0.0:7070", headless: true}`
}

// Validate is called by kong after the options' own.
func (s *serve) Validate() error {
	switch {
	case s.Demo < 0:
		return fmt.Errorf("--demo is %d: write how many clients to start", s.Demo)
	case s.Demo > 0 && s.Data.TLSCert != "":
		return errors.New("--demo with --tls-cert: its clients would not trust the certificate, so leave one of both out")
	}
	return server.ValidateAddresses(s.Monitor, s.Data.ListenOptions)
}

// Run serves until the user quits, a signal comes or something fails.
func (s *serve) Run() error {
	return s.Display.show(s.Monitor, s)
}

func (s *serve) build(m *server.Monitor) (*server.Server, error) { return server.NewServer(m, s.Data) }

// guests are the demo's, who would not trust a certificate.
func (s *serve) guests(url string, m *server.Monitor) (*guests, error) {
	if s.Data.TLSCert != "" {
		return nil, nil
	}
	g := &guests{url: url, coming: make(chan *swarm.Swarm, 1)}
	if s.Demo == 0 {
		return g, nil // nobody else is to be refused for the sake of those who come at a key
	}
	g.refuse = func(length time.Duration) {
		m.Source().Refuse(context.Background(), length) // or lets them in at once, with --read-only
	}
	return g, g.invite(s.Demo)
}

// proxy is a backend of somebody else's, watched on a screen or in a log.
type proxy struct {
	Proxy   server.ProxyOptions `embed:"" group:"Proxy:"`
	Monitor server.Options      `embed:"" group:"Heartbeat and connections:" set:"on_fail=observe"`

	Display display `embed:""`

	Config config.Options `embed:"" group:"Where settings come from:"`
}

// Help is shown by holter proxy --help.
func (proxy) Help() string {
	return `All requests go on to the upstream as they are, and all answers back. Of a WebSocket both sides are watched: that to the client and that to the upstream.

Examples:

    holter proxy http://localhost:3000
    holter proxy --listen :8080 --on-fail close http://localhost:3000
    holter proxy --upstream-ca ca.pem https://backend.example
    holter proxy --trusted-proxies 10.0.0.0/8 http://localhost:3000`
}

// Validate is called by kong after the options' own.
func (p *proxy) Validate() error {
	return server.ValidateAddresses(p.Monitor, p.Proxy.ListenOptions)
}

// Run stands there until the user quits, a signal comes or something fails.
func (p *proxy) Run() error {
	if p.Proxy.InsecureUpstream {
		fmt.Fprintf(os.Stderr, "holter: warning: --insecure-upstream: whoever answers at %s is taken for the upstream\n", p.Proxy.Upstream)
	}
	return p.Display.show(p.Monitor, p)
}

func (p *proxy) build(m *server.Monitor) (*server.Server, error) { return server.NewProxy(m, p.Proxy) }

// guests are none: they speak to an endpoint of holter's own.
func (p *proxy) guests(string, *server.Monitor) (*guests, error) { return nil, nil }

// display is where connections are watched: on a screen or in a log.
type display struct {
	Screen    tui.Options `embed:"" group:"Screen and log:"`
	Headless  *bool       `group:"Screen and log:" help:"Log lines instead of the screen; so by itself where there is no terminal."`
	LogFormat string      `group:"Screen and log:" enum:"text,json" default:"text" help:"How log lines look: text or json."`
}

// door is a way for connections to come in.
type door interface {
	build(*server.Monitor) (*server.Server, error)
	guests(url string, m *server.Monitor) (*guests, error) // nil if it takes none
}

// show runs a server, and what shows its connections, until the user quits, a signal comes or something
// fails.
func (d *display) show(o server.Options, in door) error {
	screen, err := d.wantsScreen()
	if err != nil {
		return err
	}
	log := d.logger(screen)
	slog.SetDefault(log) // and with it package log's: what libraries write must not get onto the screen
	o.Version, o.Logger = buildVersion(), log
	monitor := server.New(o)
	srv, err := in.build(monitor)
	if err != nil {
		return err
	}
	if err := srv.Listen(); err != nil {
		return err
	}
	if err := process.CanOpen(o.MaxConns); err != nil {
		fmt.Fprintln(os.Stderr, "holter: warning: --max-conns:", err)
	}
	before := terminal.Save(os.Stdin, os.Stdout)
	ctx := process.Interruptible(before.Restore)
	guests, err := in.guests(srv.URL(), monitor)
	if err != nil {
		return err
	}
	var parts run.Group
	if screen {
		process.BeforePanic(before.Restore)
		add(ctx, &parts, srv.Run)
		add(ctx, &parts, func(ctx context.Context) error {
			return d.screen(srv, guests).Run(ctx, monitor.Source())
		})
	} else {
		d.greet(log, srv)
		add(ctx, &parts, logged(srv.Run, monitor.Source(), log))
	}
	if guests != nil {
		add(ctx, &parts, guests.run)
	}
	add(ctx, &parts, func(ctx context.Context) error {
		return process.CollectGarbage(ctx, garbageKept, monitor.Source().Size)
	})
	return parts.Run()
}

// garbageKept is in percent of what lives. With Go's 100, what is kept in reserve for the next collection is
// memory that idle connections do not need.
const garbageKept = 50

// screen is the screen's options with what only shows now.
func (d *display) screen(srv *server.Server, g *guests) tui.Options {
	t := d.Screen
	t.API = srv.AdminURL()
	if g != nil {
		t.Demo = func() error { return g.invite(20) }
	}
	return t
}

// guests are a swarm of clients that come when somebody asks for them.
type guests struct {
	url     string
	refuse  func(time.Duration) // shuts the door in their storms; nil leaves it open
	invited atomic.Bool
	coming  chan *swarm.Swarm // has room for one
}

// invite asks for n clients, once.
func (g *guests) invite(n int) error {
	clients, err := swarm.New(swarm.Demo(g.url, n, g.refuse))
	if err != nil {
		return err
	}
	if !g.invited.CompareAndSwap(false, true) {
		return errors.New("they have come already")
	}
	g.coming <- clients
	return nil
}

func (g *guests) run(ctx context.Context) error {
	select {
	case clients := <-g.coming:
		return clients.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}

// attach is the screen of another holter.
type attach struct {
	URL   string `arg:"" help:"Address of the other holter's admin plane, such as http://127.0.0.1:7071."`
	Token string `placeholder:"SECRET" help:"Token that the other holter was started with."`

	Screen   tui.Options `embed:"" group:"Screen:"`
	ReadOnly bool        `group:"Screen:" help:"Show, and change nothing."`

	Config config.Options `embed:"" group:"Where settings come from:"`
}

// Help is shown by holter attach --help.
func (attach) Help() string {
	return `The screen is the one that the other holter would have shown. It stays when the other holter is gone, and goes on when that is back.

Examples:

    holter attach 127.0.0.1:7071
    HOLTER_TOKEN=secret holter attach https://ops.example/holter`
}

// Validate is called by kong.
func (a *attach) Validate() error {
	if a.URL == "" {
		return nil // kong says it better
	}
	_, err := api.ParseAddress(a.URL)
	return err
}

// Run shows the screen until the user quits or a signal comes.
func (a *attach) Run() error {
	if !terminal.Interactive(os.Stdin, os.Stdout) {
		return &usageError{errors.New("attach shows a screen, but there is no terminal: run holter in one")}
	}
	before := terminal.Save(os.Stdin, os.Stdout)
	process.BeforePanic(before.Restore)
	ctx := process.Interruptible(before.Restore)
	remote, err := api.Attach(ctx, a.URL, a.Token)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	a.Screen.ReadOnly, a.Screen.API = a.ReadOnly, remote.URL()
	var parts run.Group
	add(ctx, &parts, remote.Run)
	add(ctx, &parts, func(ctx context.Context) error { return a.Screen.Run(ctx, remote) })
	return parts.Run()
}

// crowd is a swarm of clients for any server.
type crowd struct {
	Clients swarm.Command  `embed:""`
	Config  config.Options `embed:"" group:"Where settings come from:"`
}

// Help is shown by holter swarm --help.
func (c crowd) Help() string { return c.Clients.Help() }

// Run lets the swarm live until a signal comes or it is over.
func (c *crowd) Run() error {
	ctx := process.Interruptible(terminal.Save(os.Stdin, os.Stdout).Restore)
	return c.Clients.Run(ctx, os.Stdout, os.Stderr)
}

// rehearsal is a drill of another holter's clients.
type rehearsal struct {
	Drill  drill.Command  `embed:""`
	Config config.Options `embed:"" group:"Where settings come from:"`
}

// Help is shown by holter drill --help.
func (r rehearsal) Help() string { return r.Drill.Help() }

// Validate is called by kong after the drill's own.
func (r *rehearsal) Validate() error {
	if r.Drill.URL == "" {
		return nil
	}
	_, err := api.ParseAddress(r.Drill.URL)
	return err
}

// Run drills until there is a verdict or a signal comes.
func (r *rehearsal) Run() error {
	if r.Drill.Print != "" {
		return r.Drill.PrintTemplate(os.Stdout)
	}
	ctx := process.Interruptible(terminal.Save(os.Stdin, os.Stderr).Restore)
	remote, err := api.Attach(ctx, r.Drill.URL, r.Drill.Token)
	if err != nil {
		return err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx)) // what was begun is ended also after a signal
	done := make(chan error, 1)
	process.Go(func() { done <- remote.Run(following) })
	err = r.Drill.Run(ctx, remote, os.Stdout, os.Stderr)
	stop()
	return errors.Join(err, <-done)
}

// comparison measures heartbeat schemes against each other.
type comparison struct {
	compare.Options `embed:""`
	Markdown        bool `xor:"format" help:"Write the tables as Markdown."`
	JSON            bool `xor:"format" help:"Write all figures as JSON."`
}

// Help is shown by holter compare --help.
func (comparison) Help() string {
	return `The three schemes of holter and three customary fixed settings keep real connections over loopback, which are then closed, reset, cut, frozen, delayed and made lossy. The tables say when each end noticed, how often it was mistaken, and what the beats cost. It takes about three minutes; leave the machine alone meanwhile.`
}

// Run compares, and prints the tables.
func (c *comparison) Run() error {
	ctx := process.Interruptible(terminal.Save(os.Stdin, os.Stdout).Restore)
	if terminal.Interactive(os.Stderr, os.Stderr) {
		c.Progress = func(line string) { fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line) }
		defer fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	report, err := compare.Run(ctx, c.Options)
	switch {
	case ctx.Err() != nil:
		return errors.New("compare was stopped before it had anything to tell")
	case err != nil:
		return err
	case c.JSON:
		return report.WriteJSON(os.Stdout)
	case c.Markdown:
		return report.WriteMarkdown(os.Stdout)
	}
	return report.WriteText(os.Stdout)
}

// wantsScreen decides between screen and log lines.
func (d *display) wantsScreen() (bool, error) {
	possible := terminal.Interactive(os.Stdin, os.Stdout)
	if d.Headless == nil {
		return possible, nil
	}
	if !*d.Headless && !possible {
		return false, &usageError{errors.New("--headless=false asks for the screen, but there is no terminal: run holter in one, or leave the flag out")}
	}
	return !*d.Headless, nil
}

// logger writes to stdout, where the screen would be. Beside a screen there is no place for it.
func (d *display) logger(screen bool) *slog.Logger {
	switch {
	case screen:
		return slog.New(slog.DiscardHandler)
	case d.LogFormat == "json":
		return slog.New(slog.NewJSONHandler(os.Stdout, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stdout, nil))
}

// greet says where to connect.
func (d *display) greet(log *slog.Logger, srv *server.Server) {
	attrs := []any{"websocket", srv.URL(), "page", srv.PageURL()}
	if admin := srv.AdminURL(); admin != "" {
		attrs = append(attrs, "admin", admin)
	}
	log.Info("holter listens", attrs...)
}

// logged runs serve with a log of its events, which ends after it: the last ones are the shutdown's.
func logged(serve func(context.Context) error, events eventlog.Source, log *slog.Logger) func(context.Context) error {
	return func(ctx context.Context) error {
		logging, stop := context.WithCancel(context.WithoutCancel(ctx))
		done := make(chan error, 1)
		process.Go(func() { done <- eventlog.Run(logging, events, log) })
		err := serve(ctx)
		stop()
		return errors.Join(err, <-done)
	}
}

// add makes part one of those that run together: the first to end stops all others. A panic in it is
// an error, so that the others end in order and the screen gives the terminal back.
func add(ctx context.Context, parts *run.Group, part func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	parts.Add(func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v\n\n%s", r, debug.Stack())
			}
		}()
		return part(ctx)
	}, func(error) { cancel() })
}
