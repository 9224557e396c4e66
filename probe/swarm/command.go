package swarm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/probe/expect"
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

	JSON   bool     `group:"Report:" name:"json" help:"Write the summary as JSON."`
	FailIf []string `group:"Report:" name:"fail-if" sep:"none" placeholder:"TEXT" help:"Exit with 1 if this holds at the end, such as 'stayed<95%' or 'handshake_99>500ms'; may be repeated. Without it the exit code is 1 if no client has stayed."`

	failIf []expect.Expectation `kong:"-"`
}

// Help is shown by holter swarm --help.
func (Command) Help() string {
	return `A swarm connects simulated clients to a server and reports how they fared. Each client has an id, which replaces {id} in the URL and in headers. If the URL has no {id}, client=ID is added to its query. With --rate the clients send text messages, and measure how long the echo takes if the server sends one. If a name has several addresses, the clients take turns.

The clients of --preset, how long a connection must last for their delays to begin anew, and what ends each of them for good. They come back from all other close codes and refusals, as most of them were seen to do:

` + presetHelp() + `
A client without a preset is as polite as RFC 6455 has it: ` + politeEnds.String() + ` end it, and its delays begin anew after ` + politeEnds.Settled.String() + `.

Expressions of --fail-if, as in the expectations of holter drill. A client has stayed that is connected for 5s, or still has its first connection:

    connected<95%  stayed<95%   share of all clients, at the end
    flapping>0                  clients that were closed again before they had
                                stayed, three times in a row
    recovered<99%               share of the clients that lost a connection and
                                have stayed since
    recovered<99% within 10s    share of the losses that were made good in time
    back_99>20s                 time until 99% were; or back_50, back_90
    peak_rate>200/s             attempts in the worst second; or >50%/s of the
                                clients
    refused>0  failed>10        attempts that were refused, that failed at all
    lost>0  gave_up>5%          clients that lost a connection, that gave up
    ended>100                   connections that ended
    handshake_99>500ms          or message_99, beat_99; or _50, _90
    late>100ms                  this process ran late itself

The exit code is 0 if clients have stayed and no --fail-if holds. It is 1 if one holds; without --fail-if, if no client has stayed; and whatever --fail-if says, if the first client cannot connect. Then the others do not start, unless the answer is 429 or 503, which say that the server is busy. It is 2 if the command line is invalid.

Examples:

    holter swarm ws://127.0.0.1:7070/ws -n 5000 --backoff fixed:1s
    holter swarm wss://app.example/chat --preset phoenix \
                 --header 'Authorization: Bearer {id}'
    holter swarm ws://127.0.0.1:7070/ws --rate 5 --duration 30s --json
    holter swarm ws://127.0.0.1:7070/ws --freeze 5% --mute 1% --rate 2
    holter swarm ws://127.0.0.1:7070/ws -n 100000 --source-addr 127.0.0.0/28
    holter swarm ws://127.0.0.1:7070/ws --duration 1m --fail-if 'stayed<99%'`
}

// Validate is called by kong after the options' own.
func (c *Command) Validate() error {
	if c.URL == "" {
		return nil // kong reports this itself, in words that name the argument
	}
	if _, err := parseURL(c.URL); err != nil {
		return err
	}
	if err := c.parseFailIf(); err != nil {
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

func (c *Command) parseFailIf() error {
	c.failIf = nil
	for _, text := range c.FailIf {
		e, err := language.Parse(text)
		if err != nil {
			return fmt.Errorf("--fail-if %q: %w", text, err)
		}
		c.failIf = append(c.failIf, e)
	}
	return nil
}

// Run is called by kong.
func (c *Command) Run(ctx context.Context, k *kong.Kong) error { return c.run(ctx, k.Stdout, k.Stderr) }

// run runs a swarm and then writes the summary to out. The swarm ends when ctx ends, after --duration, or when all
// clients have given up. Until then its progress is shown on live. The error says why the exit code is not 0.
func (c *Command) run(ctx context.Context, out, live io.Writer) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	s, err := New(options)
	if err != nil {
		return err
	}
	if err := c.goAhead(ctx, s); err != nil {
		return c.giveUp(s, c.unreachable(ctx, err), out)
	}
	report := c.watch(ctx, s, newProgress(live))
	failed := report.judge(c.failIf)
	switch {
	case failed:
		err = fmt.Errorf("failed, because %s", report.failures())
	case len(c.failIf) == 0 && report.Stayed == 0:
		err = errors.New(report.whyNoneStayed())
	}
	return cmp.Or(c.write(&report, err, out), err)
}

// giveUp writes the report of a swarm whose first client could not connect, if a program is to read it, and returns err.
func (c *Command) giveUp(s *Swarm, err error, out io.Writer) error {
	if !c.JSON {
		return err
	}
	report := s.Report()
	report.judge(c.failIf)
	return cmp.Or(err, c.write(&report, err, out))
}

// goAhead connects the first client, in --duration at most.
func (c *Command) goAhead(ctx context.Context, s *Swarm) error {
	if c.Duration == nil {
		return s.ConnectFirst(ctx)
	}
	until := time.Now().Add(*c.Duration)
	inTime, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	err := s.ConnectFirst(inTime)
	if err != nil && !time.Now().Before(until) { // the socket's deadline may come before the context's
		return fmt.Errorf("no answer within --duration, %s", *c.Duration)
	}
	return err
}

// whyNoneStayed says why no client has stayed.
func (r *Report) whyNoneStayed() string {
	ended := sum(r.Ended)
	switch {
	case r.Connects == 0:
		return "no client could connect"
	case ended == 0:
		return "no client has stayed"
	}
	since := ""
	if r.Connected > 0 {
		since = fmt.Sprintf(" (%d are connected, for less than %s)", r.Connected, stays)
	}
	often := slices.MaxFunc(slices.Sorted(maps.Keys(r.Ended)), func(a, b string) int { return r.Ended[a] - r.Ended[b] })
	return fmt.Sprintf("no client has stayed%s: %d connections ended, %d of them by %s", since, ended, r.Ended[often], often)
}

// unreachable describes why the first client could not connect. It returns nil if the user stopped the swarm.
func (c *Command) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("connect to %s: %s%s", displayed(c.URL), model.Clean(err.Error(), longestError), hint(err))
}

const longestError = 500

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

// write writes the report of a swarm that ends with err.
func (c *Command) write(r *Report, err error, out io.Writer) error {
	if err != nil {
		r.Reason = err.Error()
	}
	if !c.JSON {
		return r.Write(out)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// options turns the flags into options.
func (c *Command) options() (Options, error) {
	policy, ends, err := c.Return.policy()
	if err != nil {
		return Options{}, err
	}
	o := Options{
		Ends: ends,
		URL:  c.URL, Clients: c.Clients, Prefix: c.IDPrefix, First: c.FirstID, Seed: 1,
		Cast: c.Troubles.roles(c.Traffic.behaviour(), policy),
		Ramp: time.Duration(c.Clients) * time.Millisecond,
	}
	if c.Ramp != nil {
		o.Ramp = *c.Ramp
	}
	return o, c.Handshake.apply(&o)
}
