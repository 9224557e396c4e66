// Package bearer is a guard for the door of a monitor: it lets in only clients that show a valid JSON Web Token (RFC 7519)
// with their handshake.
//
//	guard, err := bearer.New(bearer.Options{Key: []string{"public.pem"}, Audience: []string{"chat"}}, nil)
//	monitor := server.New(server.Options{Guard: guard})
//
// The token may come in the Authorization field, as a subprotocol, in a cookie or in a parameter of the query, as the
// options say. It is signed with HS256, RS256, ES256 or EdDSA, and the keys are in files or at a URL. They are read again
// when they change, while the monitor runs.
//
// A token is looked at in this order: its length, its form, its algorithm, its key, its signature, its claims. So nothing
// that it says is read before it is verified, but for its header. The algorithm follows from the key, never from the token alone: a public
// key is no secret for HS256. No part of a token appears in an error, a log line or an answer.
//
// Package server does not import this package. An application that wants it imports it, and the command holter does.
package bearer

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holter/model/reload"
	"holter/probe/process"
	"holter/probe/trust"
	"holter/server/pass"
)

// Guard lets in clients with a valid token. It is a pass.Guard.
type Guard struct {
	rules   atomic.Pointer[rules]
	refresh time.Duration
	files   *trust.Files[content]
	remote  *remote // nil without a URL
	cache   cache
	fetches chan struct{} // asks Run to fetch the keys at the URL now
	log     *slog.Logger

	combining sync.Mutex // held while keys change
	keys      atomic.Pointer[keys]
}

// rules are what is asked of a token beside a key. They never change.
type rules struct {
	Options
	from    []place
	require []requirement
}

func rulesOf(o Options) *rules {
	r := &rules{Options: o}
	r.from, _ = parsePlaces(o.From)             // which Validate has parsed
	r.require, _ = parseRequirements(o.Require) // this too
	return r
}

// New makes a guard. log may be nil for slog.Default(). Keys in files are read now; those at a URL are fetched by Run and,
// before that, by the first client that needs them. The error says which option makes no sense, or what is wrong with a
// file, and never shows a key.
func New(o Options, log *slog.Logger) (*Guard, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if !o.Given() {
		return nil, errors.New("a guard needs a key: write --jwt-key or --jwt-jwks")
	}
	files, err := openFiles(o)
	if err != nil {
		return nil, err
	}
	g := &Guard{refresh: o.refresh(), files: files, fetches: make(chan struct{}, 1), log: cmp.Or(log, slog.Default())}
	g.rules.Store(rulesOf(o))
	if url := o.jwksURL(); url != nil {
		if g.remote, err = newRemote(url, o, g.combine); err != nil {
			return nil, err
		}
		if g.remote.plain() {
			g.log.Warn("the keys for tokens are fetched without TLS: an attacker on the way can replace them", "url", g.remote.shown)
		}
	}
	g.combine()
	if len(o.Audience) == 0 {
		g.log.Warn("tokens for any service are let in: --jwt-audience says which one this is")
	}
	return g, nil
}

// Prepare reads the files with keys and makes new rules, for options that differ from those of New in what has the tag
// reload: see package reload. Its commit also lets Run fetch the keys at a URL. The error is that of New.
func (g *Guard) Prepare(next Options) (reload.Commit, error) {
	if err := next.Validate(); err != nil {
		return nil, err
	}
	keep, err := g.files.Prepare()
	if err != nil {
		return nil, err
	}
	rules := rulesOf(next)
	return func() {
		keep()
		g.combine()
		g.rules.Store(rules)
		select {
		case g.fetches <- struct{}{}:
		default: // one is asked for already
		}
	}, nil
}

// combine makes one set of all keys that are known now.
func (g *Guard) combine() {
	g.combining.Lock()
	defer g.combining.Unlock()
	read := g.files.Value()
	all := &keys{own: read.own, set: read.set}
	if g.remote != nil {
		all.remote = g.remote.set()
	}
	g.keys.Store(all)
}

// Check is that of pass.Guard.
func (g *Guard) Check(r *http.Request) (*pass.Pass, *pass.Refusal) {
	rules := g.rules.Load()
	found, refused := rules.find(r)
	if refused != nil {
		return nil, refused
	}
	claims, refused := g.verify(r.Context(), found.text)
	if refused != nil {
		return nil, refused
	}
	expires, refused := rules.check(claims, time.Now())
	if refused != nil {
		return nil, refused
	}
	p := &pass.Pass{Claims: claims, Subprotocol: found.answer}
	if !expires.IsZero() {
		p.Expires, p.Warn, p.Until = expires, rules.Warn, spread(expires, rules.Leeway, time.Now())
	}
	return p, nil
}

// Run keeps the keys fresh until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	parts := []process.Part{func(ctx context.Context) error {
		return trust.Watch(ctx, g.log, func() []keyFiles { return []keyFiles{{g.files, g}} })
	}}
	if g.remote != nil {
		parts = append(parts, g.keepFetching)
	}
	return process.Run(ctx, parts...)
}

// keepFetching fetches the keys at the URL again and again until ctx ends.
func (g *Guard) keepFetching(ctx context.Context) error {
	fetch := time.NewTimer(0)
	defer fetch.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-g.fetches:
			fetch.Reset(0)
		case <-fetch.C:
			fetch.Reset(g.fetchInTurn(ctx))
		}
	}
}

// fetchInTurn fetches the keys at the URL, and returns when to do so again.
func (g *Guard) fetchInTurn(ctx context.Context) time.Duration {
	err := g.fetch(ctx)
	if err == nil {
		g.remote.failures = 0
		return g.refresh
	}
	if ctx.Err() == nil && g.remote.failures == 0 {
		g.log.Warn("the keys for tokens cannot be fetched: the old ones stay in force", "url", g.remote.shown, "error", err)
	}
	g.remote.failures++
	return min(g.refresh, firstRetry<<min(g.remote.failures-1, maxDoublings))
}

const (
	firstRetry   = 2 * time.Second
	maxDoublings = 6
)

// fetch fetches the keys at the URL, or waits for a fetch that is under way.
func (g *Guard) fetch(ctx context.Context) error {
	f, mine := g.remote.board(false, "")
	return g.finish(ctx, f, mine)
}

// finish does a fetch that is the caller's, and waits for another one.
func (g *Guard) finish(ctx context.Context, f *flight, mine bool) error {
	if !mine {
		return f.wait(ctx)
	}
	changed, err := g.remote.fly(ctx, f)
	if changed {
		g.log.Info("the keys for tokens were fetched", "url", g.remote.shown, "keys", g.keys.Load().size())
	}
	return err
}
