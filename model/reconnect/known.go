package reconnect

import (
	"holter/model"
	"math"
	"slices"
	"time"
)

// band is where a delay lies in seconds: anywhere from low to high, but never above cut.
type band struct{ low, high, cut float64 }

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

// KnownClient is what a client does without any options.
type KnownClient struct {
	Name   string
	Policy model.Policy
	band   func(k int) band // of the k-th attempt, from 1
}

var KnownClients = []KnownClient{
	// phoenixframework/phoenix: assets/js/phoenix/socket.js, reconnectAfterMs
	table("Phoenix", 10*milli, 50*milli, 100*milli, 150*milli, 200*milli, 250*milli, 500*milli, time.Second, 2*time.Second, 5*time.Second),
	// dotnet/aspnetcore: DefaultReconnectPolicy.ts, which then gives up
	table("SignalR", 0, 2*time.Second, 10*time.Second, 30*time.Second),
	// socketio/socket.io: packages/socket.io-client/lib/manager.ts and contrib/backo2.ts: cut after the jitter
	{"Socket.IO", growing(time.Second, 2, 5*time.Second, model.JitterPartial, 0.5), func(k int) band {
		v := pow(2, k-1)
		return band{0.5 * v, 1.5 * v, 5}
	}},
	// centrifugal/centrifuge-js: src/utils.ts, backoff: the shortest delay, and full jitter on top
	{"Centrifugo", growing(500*milli, 2, 20*time.Second, model.JitterFull, 1), func(k int) band {
		return band{0.5, 0.5 + min(20, 0.5*pow(2, k-1)), 20}
	}},
	// grpc/grpc: doc/connection-backoff.md
	{"gRPC", growing(time.Second, 1.6, 2*time.Minute, model.JitterPartial, 0.2), func(k int) band {
		v := min(120, pow(1.6, k-1))
		return band{0.8 * v, 1.2 * v, math.Inf(1)}
	}},
	// the browser page of holter serve
	{"holter's page", growing(500*milli, 2, 30*time.Second, model.JitterFull, 1), func(k int) band {
		return band{0, min(30, 0.5*pow(2, k-1)), math.Inf(1)}
	}},
}

const milli = time.Millisecond

func growing(base time.Duration, factor float64, limit time.Duration, j model.Jitter, share float64) model.Policy {
	return model.Policy{Kind: model.PolicyExponential, Base: base, Factor: factor, Cap: limit, Jitter: j, Share: share}
}

func table(name string, steps ...time.Duration) KnownClient {
	p := model.Policy{Kind: model.PolicySteps, Base: steps[0], Factor: 1, Steps: steps, Jitter: model.JitterNone}
	return KnownClient{name, p, func(k int) band {
		v := p.Delay(k).Seconds()
		return band{v, v, math.Inf(1)}
	}}
}

// recognize finds the known client that has the delays of l, nil if none has.
func recognize(l *ladder) (known *KnownClient, share float64) {
	for i := range KnownClients {
		if s, ok := l.match(KnownClients[i].band); ok && s > share {
			known, share = &KnownClients[i], s
		}
	}
	return known, share
}

// match is the share of l's delays that lie where a client puts them, and whether that is all that can
// be asked for: on every rung, and spread as they should be.
func (l *ladder) match(of func(k int) band) (share float64, ok bool) {
	var places []float64 // of what has a width
	in, all, late := 0.0, 0.0, 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		s := of(r.number)
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
