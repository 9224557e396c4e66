package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// band is where a delay lies in seconds: anywhere from low to high, but never above cut.
type band struct{ low, high, cut float64 }

func bounds(p *model.Policy, k int) band {
	low, high, cut := p.Bounds(k)
	return band{low, high, cut}
}

// at is the delay at a place in the band, from 0 to 1.
func (s band) at(place float64) float64 { return min(s.low+place*(s.high-s.low), s.cut) }

// point reports whether all of it is cut off, or it has no width to begin with.
func (s band) point() bool { return s.low >= min(s.high, s.cut) }

// below is how much of the band lies below d.
func (s band) below(d float64) float64 {
	switch {
	case d >= min(s.cut, s.high):
		return 1
	case d <= s.low:
		return 0
	}
	return (d - s.low) / (s.high - s.low)
}

// KnownClient is a client library, and what it does without any options.
type KnownClient struct {
	Name   string // as people call it
	Preset string // as holter swarm --preset calls it
	Policy model.Policy
	Source string // where the policy is written: repository and file
}

// KnownClients are those whose defaults are known. Storms recognize them, and a swarm imitates them. The
// deaf ones run in browsers, which do not show a refusal's Retry-After to a script.
var KnownClients = []KnownClient{
	{
		"Socket.IO", "socketio",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 5 * time.Second,
			Jitter: model.JitterPartial, Share: 0.5, CapLast: true, Deaf: true,
		},
		"socketio/socket.io: packages/socket.io-client/lib/manager.ts, contrib/backo2.ts",
	},
	{
		"Phoenix", "phoenix",
		model.Policy{
			Kind: model.PolicySteps, Base: 10 * time.Millisecond, Steps: milliseconds(10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000),
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"phoenixframework/phoenix: assets/js/phoenix/socket.js, reconnectAfterMs",
	},
	{
		"SignalR", "signalr", // with withAutomaticReconnect(); it does not come back without
		model.Policy{
			Kind: model.PolicySteps, Steps: milliseconds(0, 2000, 10_000, 30_000), MaxAttempts: 4,
			Factor: 1, Jitter: model.JitterNone, Deaf: true,
		},
		"dotnet/aspnetcore: src/SignalR/clients/ts/signalr/src/DefaultReconnectPolicy.ts",
	},
	{
		"Centrifugo", "centrifugo",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 20 * time.Second,
			Jitter: model.JitterFull, Share: 1, OnTop: 500 * time.Millisecond, Deaf: true,
		},
		"centrifugal/centrifuge-js: src/utils.ts, backoff",
	},
	{
		"gRPC", "grpc",
		model.Policy{
			Kind: model.PolicyExponential, Base: time.Second, Factor: 1.6, Cap: 2 * time.Minute,
			Jitter: model.JitterPartial, Share: 0.2,
		},
		"grpc/grpc: doc/connection-backoff.md",
	},
	{
		"holter's page", "holter",
		model.Policy{
			Kind: model.PolicyExponential, Base: 500 * time.Millisecond, Factor: 2, Cap: 30 * time.Second,
			Jitter: model.JitterFull, Share: 1, Deaf: true,
		},
		"holter: server/endpoint/page/index.html",
	},
}

func milliseconds(list ...time.Duration) []time.Duration {
	for i := range list {
		list[i] *= time.Millisecond
	}
	return list
}

// Find is the known client of that name, nil if there is none.
func Find(name string) *KnownClient {
	return find(func(c *KnownClient) bool { return c.Name == name })
}

// FindPreset is the known client that holter swarm calls so, nil if there is none.
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

// recognize finds the known client that has the delays of l, nil if none has.
func recognize(l *ladder) (known *KnownClient, share float64) {
	for i := range KnownClients {
		if s, ok := l.match(&KnownClients[i].Policy); ok && s > share {
			known, share = &KnownClients[i], s
		}
	}
	return known, share
}

// match is the share of l's delays that lie where a client puts them, and whether that is all that can
// be asked for: on every rung, and spread as they should be.
func (l *ladder) match(p *model.Policy) (share float64, ok bool) {
	var places []float64 // of what has a width
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

// inside is the share of delays that lie in s, with what the network and a busy client may add.
func (r *rung) inside(s band) float64 {
	n := 0
	for _, d := range r.delays {
		if d > 0.98*s.at(0)-0.005 && d < 1.05*s.at(1)+0.06 {
			n++
		}
	}
	return float64(n) / float64(len(r.delays))
}

// places are where in s the delays lie, in order. What is cut off has any place above.
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

// distance is how far places, which are in order, are from an even spread over 0 to 1: the statistic of
// Kolmogorov and Smirnov.
func distance(places []float64) float64 {
	far, n := 0.0, float64(len(places))
	for i, p := range places {
		far = max(far, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
	}
	return far
}

// How rarely chance makes a distance so large that it is taken for more than chance, by Kolmogorov's
// quantiles. Where rung after rung is asked, each has to be sure.
const (
	oneInHundred  = 1.63
	oneInThousand = 1.95
)

// likeness is the distance that n places may have by chance, and a little for the network, whose noise
// no sample gets rid of.
func likeness(n int, quantile float64) float64 { return quantile/math.Sqrt(float64(n)) + 0.04 }
