package swarm

import (
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// demoRate is how many demo clients start per second. The ramp is never longer than maxDemoRamp.
const (
	demoRate    = 100
	maxDemoRamp = 10 * time.Second
)

// Demo are the options of a swarm of n clients that begins in the middle of life: the first clients freeze or drop
// their connection within seconds, and every state is seen within a minute. Now and then there is a storm as after a
// deploy, the first one soon. During a storm the server refuses upgrades: the swarm calls refuse with the time. The server
// is expected to run in the same process.
func Demo(url string, n int, refuse func(time.Duration)) Options {
	return Options{
		URL:     url,
		Clients: n,
		Prefix:  "demo",
		Cast:    demoCast,
		Ramp:    min(time.Duration(n)*time.Second/demoRate, maxDemoRamp),
		Storm: Storm{
			First:  Span{24 * time.Second, 26 * time.Second},
			Every:  Span{60 * time.Second, 90 * time.Second},
			Share:  0.85,
			Away:   Span{8 * time.Second, 11 * time.Second}, // long enough for the clients' policies to show
			Refuse: refuse,
		},
		Ends:    politeEnds,
		Seed:    1,
		Sockets: 2,
	}
}

// The policies of the demo are typical of clients in the field. The first is the most polite: it spreads attempts
// well, and waits as long as a refusal asks. The last causes the worst storms.
var (
	politePolicy = model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: model.JitterFull, Share: 1}
	halfJitter   = model.Policy{Kind: model.PolicyExponential, Base: 2 * time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: model.JitterEqual, Share: 1. / 3, Deaf: true}
	decorrelated = model.Policy{Kind: model.PolicyExponential, Base: 2 * time.Second, Factor: 2, Cap: 60 * time.Second, Jitter: model.JitterDecorrelated, Deaf: true}
	fixedDelay   = model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second, Deaf: true}
	noDelay      = model.Policy{Kind: model.PolicyNone, Deaf: true}
)

// politeEnds are those of a client that takes the server at its word: it does not come back from a close code that says
// that all is done, or that the next connection would end in the same way.
var politeEnds = reconnect.Ends{Codes: reconnect.PoliteCodes, Settled: reconnect.Settled}

// demoCast holds the roles of the demo, with shares in percent.
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
	// Many of its freezes last longer than the server's timeout and probes, so that the server closes the connection.
	freezing = Behaviour{
		Name: "freezing",
		Beat: 5 * time.Second,
		Talk: Span{3 * time.Second, 12 * time.Second},
		Freeze: Spell{
			First: Span{500 * time.Millisecond, 6 * time.Second},
			Every: Span{20 * time.Second, 40 * time.Second},
			For:   Span{3 * time.Second, 15 * time.Second},
		},
	}
	// It sends so often that the connection is never silent: only the pongs are missing.
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
			First: Span{time.Second, 10 * time.Second},
			Every: Span{10 * time.Second, 30 * time.Second},
		},
	}
)
