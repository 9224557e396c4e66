package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// band is the range of a delay in seconds: from low to high, cut off at cut.
type band struct{ low, high, cut float64 }

func bounds(p *model.Policy, k int) band {
	low, high, cut := p.Bounds(k)
	return band{low, high, cut}
}

// at returns the delay at a place in the band, from 0 to 1.
func (s band) at(place float64) float64 { return min(s.low+place*(s.high-s.low), s.cut) }

// point reports whether the band has no width, by itself or because of the cut.
func (s band) point() bool { return s.low >= min(s.high, s.cut) }

// below returns the part of the band that lies below d.
func (s band) below(d float64) float64 {
	switch {
	case d >= min(s.cut, s.high):
		return 1
	case d <= s.low:
		return 0
	}
	return (d - s.low) / (s.high - s.low)
}

// KnownClient is a client library, with the policy of its default options.
type KnownClient struct {
	Name   string // for users
	Preset string // name for holter swarm --preset
	Policy model.Policy
	Source string // where the policy is written: repository and file
	Ends   Ends   // what it does not come back from, as tried on the client itself
}

// KnownClients is the one table of known clients. A swarm imitates them, and a storm compares with each of them how
// clients come back. So a new entry is both a new value of --preset and a new name that storms and drills may give to
// clients: its policy must be the library's own, and tell it from the others.
//
// The deaf ones run in browsers, which do not show the Retry-After of a refusal to a script.
//
// What ends a client was tried on the client itself, with close codes from 1000 to 4999 and statuses from 200 to 504:
// Socket.IO 4.8, Phoenix 1.6 to 1.8, SignalR 10 and centrifuge-js 5.8 come back after 1000, 1002, 1003, 1007, 1008 and
// 1010 too, and after every status. After each of them a connection that lasts for a moment is enough for the delays to
// begin anew.
var KnownClients = []KnownClient{
	{
		"Socket.IO", "socketio",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 5 * time.Second,
			Jitter: model.JitterPartial, Share: 0.5, CapLast: true, Deaf: true,
		},
		"socketio/socket.io: packages/socket.io-client/lib/manager.ts, contrib/backo2.ts",
		Ends{},
	},
	{
		"Phoenix", "phoenix",
		model.Policy{
			Kind: model.PolicySteps, Base: 10 * time.Millisecond, Steps: milliseconds(10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000),
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"phoenixframework/phoenix: assets/js/phoenix/socket.js, reconnectAfterMs",
		Ends{}, // since 1.8.16; before that, close 1000 ended it
	},
	{
		"SignalR", "signalr", // with withAutomaticReconnect(); without that it does not come back
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 2000, 10_000, 30_000), MaxAttempts: 4,
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"dotnet/aspnetcore: src/SignalR/clients/ts/signalr/src/DefaultReconnectPolicy.ts",
		Ends{Refusals: AnyFailure, First: true}, // start() does not try again
	},
	{
		"Centrifugo", "centrifugo",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 20 * time.Second,
			Jitter: model.JitterFull, Share: 1, OnTop: 500 * time.Millisecond, Deaf: true,
		},
		"centrifugal/centrifuge-js: src/utils.ts, backoff",
		Ends{Codes: []Range{{1009, 1009}}, Reasoned: []Range{{3500, 3999}, {4500, 4999}}},
	},
	{
		"gRPC", "grpc",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 1.6, Cap: 2 * time.Minute,
			Jitter: model.JitterPartial, Share: 0.2,
		},
		"grpc/grpc: doc/connection-backoff.md",
		Ends{},
	},
	{
		"holter's page", "holter",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 30 * time.Second,
			Jitter: model.JitterFull, Share: 1, Deaf: true,
		},
		"holter: server/endpoint/page/index.html",
		Ends{Codes: PoliteCodes, Settled: 30 * time.Second},
	},
}

func milliseconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Millisecond
	}
	return list
}

// Find returns the known client with that name, nil if there is none.
func Find(name string) *KnownClient {
	return find(func(c *KnownClient) bool { return c.Name == name })
}

// FindPreset returns the known client with that preset, nil if there is none.
func FindPreset(preset string) *KnownClient {
	return find(func(c *KnownClient) bool { return c.Preset == preset })
}

func find(is func(*KnownClient) bool) *KnownClient {
	for i := range KnownClients {
		if is(&KnownClients[i]) {
			return &KnownClients[i]
		}
	}
	return nil
}

// recognize returns the known client that has the delays of l, nil if there is none.
func recognize(l *ladder) (known *KnownClient, share float64) {
	for i := range KnownClients {
		if s, ok := l.match(&KnownClients[i].Policy); ok && s > share {
			known, share = &KnownClients[i], s
		}
	}
	return known, share
}

// match returns the share of l's delays that lie in the bands of p. ok reports whether that is enough on every rung,
// and whether the delays are spread evenly in the bands.
func (l *ladder) match(p *model.Policy) (share float64, ok bool) {
	var places []float64 // in the bands that have a width
	in, all, late := 0.0, 0.0, 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		s := bounds(p, r.number)
		inside := r.inside(s)
		if inside < 0.75 {
			return 0, false
		}
		if !s.point() {
			these, shift := r.places(s), ownNoise/(s.high-s.low)
			if distance(these) > likeness(len(these), oneInThousand)+shift {
				return 0, false
			}
			places, late = append(places, these...), late+shift*float64(len(these))
		}
		in, all = in+inside*float64(len(r.delays)), all+float64(len(r.delays))
	}
	slices.Sort(places)
	far, n := distance(places), len(places)
	return in / all * (1 - far), in >= 0.9*all && far <= likeness(n, oneInHundred)+late/float64(max(n, 1))
}

// inside returns the share of delays that lie in s, or outside by no more than the network and a busy client
// explain.
func (r *rung) inside(s band) float64 {
	n := 0
	for _, d := range r.delays {
		if d > 0.98*s.at(0)-0.005 && d < 1.05*s.at(1)+0.06 {
			n++
		}
	}
	return float64(n) / float64(len(r.delays))
}

// places returns the places of the delays in s, in order. Delays at the cut get even places above it.
func (r *rung) places(s band) []float64 {
	top := (s.cut - s.low) / (s.high - s.low)
	places := make([]float64, 0, len(r.delays))
	for _, d := range r.delays {
		if d < 0.98*s.cut {
			places = append(places, s.below(d))
		}
	}
	slices.Sort(places)
	cut := len(r.delays) - len(places)
	for i := range cut {
		places = append(places, top+(1-top)*(float64(i)+0.5)/float64(cut))
	}
	return places
}

// distance returns how far places, which are in order, are from an even spread over 0 to 1: the statistic of
// Kolmogorov and Smirnov.
func distance(places []float64) float64 {
	far, n := 0.0, float64(len(places))
	for i, p := range places {
		far = max(far, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	return far
}

// Kolmogorov's quantiles: chance exceeds this distance once in a hundred or in a thousand samples. The rarer one is
// for a test that is repeated on each rung.
const (
	oneInHundred  = 1.63
	oneInThousand = 1.95
)

// likeness returns the distance that n places may have by chance, plus a little for the noise of the network, which
// does not average out.
func likeness(n int, quantile float64) float64 { return quantile/math.Sqrt(float64(n)) + 0.04 }
