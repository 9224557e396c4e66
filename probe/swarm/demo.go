package swarm

import (
	"time"

	"holter/model"
)

// demoRate is how many clients of the demo start in a second; a large one takes no longer than
// maxDemoRamp.
const (
	demoRate    = 100
	maxDemoRamp = 10 * time.Second
)

// Demo is a swarm of n clients that shows every state within a minute to a newcomer, and now and
// then a storm as after a deploy: the server, which is expected to run in the same process, lets nobody in
// for a while, by a call of refuse.
func Demo(url string, n int, refuse func(time.Duration)) Options {
	return Options{
		URL:     url,
		Clients: n,
		Prefix:  "demo",
		Cast:    demoCast,
		Ramp:    min(time.Duration(n)*time.Second/demoRate, maxDemoRamp),
		Storm: Storm{
			First:  Span{38 * time.Second, 42 * time.Second},
			Every:  Span{60 * time.Second, 90 * time.Second},
			Share:  0.85,
			Away:   Span{8 * time.Second, 11 * time.Second}, // long enough to see by which policy they come back
			Refuse: refuse,
		},
		Seed:    1,
		Sockets: 2,
	}
}

// Policies as clients in the field have them: from the well spread, which also waits as long as a refusal asks
// it to, to the storm machines.
var (
	politePolicy = model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: model.JitterFull, Share: 1}
	halfJitter   = model.Policy{Kind: model.PolicyExponential, Base: 2 * time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: model.JitterEqual, Share: 1. / 3, Deaf: true}
	decorrelated = model.Policy{Kind: model.PolicyExponential, Base: 2 * time.Second, Factor: 2, Cap: 60 * time.Second, Jitter: model.JitterDecorrelated, Deaf: true}
	fixedDelay   = model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second, Deaf: true}
	noDelay      = model.Policy{Kind: model.PolicyNone, Deaf: true}
)

// demoCast is the cast of the demo; the shares are per cent. Of each role there is at least one, if
// there are as many clients as roles.
var demoCast = []Role{
	{steady, politePolicy, 40},
	{freezing, politePolicy, 5},
	{dropping, decorrelated, 3},
	{mute, fixedDelay, 3},
	{slow, decorrelated, 5},
	{jittery, halfJitter, 10},
	{steady, halfJitter, 20},
	{steady, fixedDelay, 10},
	{dropping, fixedDelay, 2},
	{dropping, noDelay, 2},
}

var (
	steady = Behaviour{
		Name: "steady",
		Beat: 5 * time.Second,
		Talk: Span{3 * time.Second, 12 * time.Second},
	}
	jittery = Behaviour{
		Name:   "jittery",
		Beat:   5 * time.Second,
		Talk:   Span{3 * time.Second, 12 * time.Second},
		Wobble: Span{5 * time.Millisecond, 250 * time.Millisecond},
	}
	slow = Behaviour{
		Name:   "slow",
		Beat:   5 * time.Second,
		Talk:   Span{5 * time.Second, 20 * time.Second},
		Path:   Span{150 * time.Millisecond, 380 * time.Millisecond},
		Wobble: Span{0, 20 * time.Millisecond},
	}
	// Many of its freezes outlast timeout and probes, so that the server closes the connection.
	freezing = Behaviour{
		Name: "freezing",
		Beat: 5 * time.Second,
		Talk: Span{3 * time.Second, 12 * time.Second},
		Freeze: Spell{
			First: Span{2 * time.Second, 15 * time.Second},
			Every: Span{20 * time.Second, 40 * time.Second},
			For:   Span{3 * time.Second, 15 * time.Second},
		},
	}
	// It talks more often than any beat is overdue: only the pongs are missing.
	mute = Behaviour{
		Name: "mute",
		Talk: Span{200 * time.Millisecond, 400 * time.Millisecond},
		Mute: true,
	}
	dropping = Behaviour{
		Name: "dropping",
		Beat: 5 * time.Second,
		Talk: Span{3 * time.Second, 12 * time.Second},
		Drop: Spell{
			First: Span{2 * time.Second, 20 * time.Second},
			Every: Span{10 * time.Second, 30 * time.Second},
		},
	}
)
