package reconnect

import (
	"math"
	"math/rand/v2"
	"time"

	"holter/model"
)

// population is a number of clients that all lose their connection at about the same time, as the registry of a running
// holter would record them, with all that lies between a client's timer and holter's clock.
type population struct {
	policies []*model.Policy // the clients follow them in turn
	obeys    bool            // they add what a refusal asks for to their own delay
	clients  int
	refused  time.Duration // all attempts until then are
	asked    asking
	code     int // of the close frame

	rtt    float64       // median of the clients' round trips, in seconds
	late   float64       // mean lateness of their timers, in seconds
	crowd  float64       // seconds that the machine needs for all first attempts
	spread time.Duration // over which they are cut off
	lost   bool          // the round trips are not known
	circumstances
}

// circumstances are those of a row of the table.
type circumstances struct {
	never  bool    // the clients have never had a connection
	strays int     // of a hundred attempts, that are late by up to half a second
	stalls float64 // seconds by which the attempts of one number may be late, of all clients alike
}

var (
	usual    = circumstances{strays: 1}
	neverIn  = circumstances{strays: 1, never: true}
	moreLate = circumstances{strays: 2}
	stalling = circumstances{strays: 1, stalls: 0.12}
)

// asking is what refusals ask for.
type asking uint8

const (
	asksNothing asking = iota
	asksAlways         // the same
	asksVaried         // 1 s to 8 s
	askings     int    = iota
)

func (a asking) String() string {
	return [...]string{"no Retry-After", "a constant one", "a varied one"}[a]
}

// draw returns what a refusal asks for.
func (a asking) draw(r *rand.Rand) time.Duration {
	switch a {
	case asksAlways:
		return time.Second
	case asksVaried:
		return time.Duration(1+r.IntN(8)) * time.Second
	}
	return 0
}

// clock is how exactly arrivals are known.
const clock = 10 * time.Millisecond

// newPopulation is one in circumstances that vary from one seed to the next.
func newPopulation(r *rand.Rand, clients int, asked asking) population {
	return population{
		clients: clients, asked: asked,
		refused: time.Duration(15*math.Exp(2.7*r.Float64())) * time.Second, // to 220 s,
		code:    []int{1006, 1001, 1012}[r.IntN(3)],
		rtt:     0.001 * math.Exp(5*r.Float64()), // 1 ms to 150 ms
		late:    0.002 * math.Exp(2.5*r.Float64()),
		crowd:   max(0, 0.6*r.Float64()-0.4),
		spread:  time.Duration(r.Float64() * float64(2*time.Second)),
		lost:    r.IntN(10) == 0,
	}
}

const begun = model.Instant(time.Hour)

// read lets the clients come back until now, and returns what is known of them then.
func (p *population) read(r *rand.Rand, now model.Instant) []*Attempts {
	all := make([]*Attempts, p.clients)
	var stalled stalls
	for k := range stalled {
		if p.stalls > 0 {
			stalled[k] = p.stalls * r.Float64()
		}
	}
	for i := range all {
		all[i] = p.client(r, p.policies[i%len(p.policies)], &stalled, now)
	}
	return all
}

func (p *population) client(r *rand.Rand, policy *model.Policy, stalled *stalls, now model.Instant) *Attempts {
	a := new(Attempts)
	rtt := p.rtt * (0.5 + r.Float64())
	cut := begun + model.Instant(r.Float64()*float64(p.spread))
	loss := Loss{
		Pool: model.Pool{UserAgent: "x", Path: "/ws"}, Close: model.Close{Code: p.code, By: model.ByHolter}, Lasted: time.Minute,
		Path: time.Duration(2 * rtt * float64(time.Second)),
	}
	if p.lost {
		loss.Path = 0
	}
	if p.never {
		a.Knock(cut, loss.Pool, 0)
	} else {
		a.Lose(cut, &loss)
	}
	backoff, asked := NewBackoff(policy, r), time.Duration(0)
	for at, k := cut, 1; ; k++ {
		delay, again := backoff.Next(0)
		if !again {
			return a
		}
		if p.obeys {
			delay += asked
		}
		more := 2*rtt + r.ExpFloat64()*(p.late+0.1*rtt) + stalled[min(k, longRun-1)]
		if k == 1 {
			more += p.crowd * r.Float64()
		}
		if r.IntN(100) < p.strays {
			more += 0.5 * r.Float64()
		}
		if at += model.Instant(delay) + model.Instant(more*float64(time.Second)); at > now {
			return a
		}
		at -= at % model.Instant(clock)
		refused := time.Duration(at-begun) < p.refused
		asked = 0
		if refused {
			asked = p.asked.draw(r)
		}
		a.Try(at, 0, refused, asked)
		if !refused || k == 200 {
			return a
		}
	}
}
