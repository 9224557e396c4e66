package reconnect

import (
	"math"
	"math/rand/v2"
	"time"

	"holter/model"
)

// fleet is a number of clients of one kind that have all lost their connection at about the same time.
type fleet struct {
	name    string
	delays  func(r *rand.Rand) func(k int) float64 // of one client, in seconds
	clients int
	refused time.Duration // from the loss on, all attempts are
	rtt     float64       // mean of the clients' round trips, in seconds
	asks    time.Duration // what a refusal says, at least
	more    int           // up to this many whole seconds are added
	obeys   bool
	crowd   float64 // seconds that a machine needs for all clients that come at once
}

// attempts lets the fleet come back. A handshake takes two round trips of the client's own length, with noise that
// holter does not know. Every hundredth attempt is delayed further.
func (f *fleet) attempts(r *rand.Rand) []*Attempts {
	var all []*Attempts
	for range f.clients {
		rtt := f.rtt * (0.5 + r.Float64())
		a := new(Attempts)
		at := model.Instant(time.Hour) + model.Instant(r.Float64()*float64(100*time.Millisecond))
		lost := at
		a.Lose(at, &Loss{
			Pool: model.Pool{UserAgent: f.name, Path: "/ws"}, Close: model.Close{Code: 1006, By: model.ByHolter}, Lasted: time.Minute,
			Path: time.Duration(2 * rtt * 1e9),
		})
		next, asked := f.delays(r), time.Duration(0)
		for k := 1; ; k++ {
			d := next(k)
			if f.obeys {
				d += asked.Seconds()
			}
			asked = f.asks + time.Duration(r.IntN(f.more+1))*time.Second
			d += 2*rtt + math.Abs(r.NormFloat64())*(0.002+0.1*rtt)
			if k == 1 {
				d += f.crowd * r.Float64()
			}
			if r.IntN(100) == 0 {
				d += 0.3 * r.Float64()
			}
			at += model.Instant(d * 1e9)
			refused := time.Duration(at-lost) < f.refused
			a.Try(at, 0, refused, asked)
			if !refused || k == 30 {
				break
			}
		}
		all = append(all, a)
	}
	return all
}

// by makes a policy whose delay depends only on the number of the attempt.
func by(v func(k int) float64, chance func(r *rand.Rand, v float64) float64) func(*rand.Rand) func(int) float64 {
	return func(r *rand.Rand) func(int) float64 {
		return func(k int) float64 { return chance(r, v(k)) }
	}
}

func exponentialDelay(base, factor, limit float64) func(int) float64 {
	return func(k int) float64 { return min(limit, base*math.Pow(factor, float64(k-1))) }
}

func fixedDelay(d float64) func(int) float64 { return func(int) float64 { return d } }

func exact(_ *rand.Rand, v float64) float64       { return v }
func fullChance(r *rand.Rand, v float64) float64  { return v * r.Float64() }
func equalChance(r *rand.Rand, v float64) float64 { return v/2 + v/2*r.Float64() }
func partChance(share float64) func(*rand.Rand, float64) float64 {
	return func(r *rand.Rand, v float64) float64 { return v * (1 + share*(2*r.Float64()-1)) }
}

func decorrelatedDelay(base, limit float64) func(*rand.Rand) func(int) float64 {
	return func(r *rand.Rand) func(int) float64 {
		previous := base
		return func(int) float64 {
			previous = min(limit, base+r.Float64()*(3*previous-base))
			return previous
		}
	}
}

func stepsDelay(steps ...float64) func(int) float64 {
	return func(k int) float64 { return steps[min(k, len(steps))-1] }
}

// policyFleets are policies as they exist, and what should be inferred for each.
var policyFleets = []struct {
	fleet
	want string
}{
	{fleet{name: "at once", delays: by(fixedDelay(0), exact)}, "none"},
	{fleet{name: "fixed 1 s", delays: by(fixedDelay(1), exact)}, "fixed MQTT.js"},
	{fleet{name: "fixed 1 s ±20 %", delays: by(fixedDelay(1), partChance(0.2))}, "fixed partial"},
	{fleet{name: "fixed 3 s ±20 %", delays: by(fixedDelay(3), partChance(0.2))}, "fixed partial"},
	{fleet{name: "fixed 5 s, full", delays: by(fixedDelay(5), fullChance)}, "fixed full"},
	{fleet{name: "exponential", delays: by(exponentialDelay(1, 2, 60), exact)}, "exponential"},
	{fleet{name: "exponential ×1.5 to 10 s", delays: by(exponentialDelay(0.5, 1.5, 10), exact)}, "exponential"},
	{fleet{name: "AWS full", delays: by(exponentialDelay(1, 2, 20), fullChance)}, "exponential full AWS full jitter"},
	{fleet{name: "AWS equal", delays: by(exponentialDelay(1, 2, 20), equalChance)}, "exponential equal AWS equal jitter"},
	{fleet{name: "AWS decorrelated", delays: decorrelatedDelay(1, 60)}, "exponential decorrelated AWS decorrelated jitter"},
	{fleet{name: "Socket.IO", delays: by(exponentialDelay(1, 2, 1e9), func(r *rand.Rand, v float64) float64 { return min(5, partChance(0.5)(r, v)) })}, "exponential partial Socket.IO"},
	{fleet{name: "Phoenix", delays: by(stepsDelay(.01, .05, .1, .15, .2, .25, .5, 1, 2, 5), exact)}, "steps Phoenix"},
	{fleet{name: "SignalR", delays: by(stepsDelay(0, 2, 10, 30), exact)}, "steps SignalR"},
	{fleet{name: "Centrifugo", delays: by(exponentialDelay(0.5, 2, 20), func(r *rand.Rand, v float64) float64 { return min(20, 0.5+v*r.Float64()) })}, "exponential full Centrifugo"},
	{fleet{name: "gRPC", delays: by(exponentialDelay(1, 1.6, 120), partChance(0.2))}, "exponential partial gRPC"},
	{fleet{name: "holter's page", delays: by(exponentialDelay(0.5, 2, 30), fullChance)}, "exponential full holter's page"},
	{fleet{name: "own table", delays: by(stepsDelay(1, 1, 1, 5, 5, 5, 30), exact)}, "steps"},
}
