package storm

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// Forecast is what would happen if the server were not there for a while: with clients as they are, and with the
// same clients using full jitter.
type Forecast struct {
	Away     time.Duration // how long the server is not there; all clients lose their connection at the beginning
	Clients  int           // with a known policy; the others are left out
	Measured Replay
	Spread   Replay
}

// Replay is how clients would come back. The attempts of its Recovery are the successful ones.
type Replay struct {
	Recovery
	Curve []model.Activity // one for each ActivityBin: the clients that come back, and as Refused those that come in vain
}

// NewForecast replays the policies. The same seed gives the same delays.
func NewForecast(policies []model.PoolPolicy, away time.Duration, seed uint64) Forecast {
	f := Forecast{Away: away}
	spread := make([]model.PoolPolicy, 0, len(policies))
	for _, p := range policies {
		if p.Kind != model.PolicyUnknown {
			f.Clients += p.Clients
		}
		p.Policy, p.Like = p.Spread(), ""
		spread = append(spread, p)
	}
	f.Measured = replay(policies, away, rand.New(rand.NewPCG(seed, 0)))
	f.Spread = replay(spread, away, rand.New(rand.NewPCG(seed, 0)))
	return f
}

const (
	// mostReplayed bounds the clients of a pool that are replayed. They stand for the others.
	mostReplayed = 2000

	// breath is the least delay, of clients that come again at once: the round trip of a refusal, and some more.
	breath = 50 * time.Millisecond
)

func replay(policies []model.PoolPolicy, away time.Duration, random *rand.Rand) Replay {
	var returned, vain [model.MaxActivity]float64
	var backs []Arrival
	total := 0.0
	for i := range policies {
		p := &policies[i]
		if p.Kind == model.PolicyUnknown || p.Clients <= 0 {
			continue
		}
		policy := &p.Policy
		if names := p.Names(); len(names) > 0 && reconnect.Find(names[0]) != nil {
			known := reconnect.Find(names[0])
			policy = &known.Policy // another holter sends its name and rounded figures
		}
		n := min(p.Clients, mostReplayed)
		if p.Jitter == model.JitterNone {
			n = 1 // all clients do the same
		}
		weight := float64(p.Clients) / float64(n)
		total += float64(p.Clients)
		for range n {
			if at, ok := comesBack(policy, away, weight, &vain, random); ok {
				returned[at/model.ActivityBin] += weight
				backs = append(backs, Arrival{at, weight})
			}
		}
	}
	return newReplay(&returned, &vain, backs, total)
}

// comesBack replays the attempts of one client until it is back. It returns false if that takes longer than the
// curve has room for.
func comesBack(p *model.Policy, away time.Duration, weight float64, vain *[model.MaxActivity]float64, random *rand.Rand) (time.Duration, bool) {
	at, delay := time.Duration(0), time.Duration(0)
	for k := 1; ; k++ {
		delay = p.Draw(k, delay, random)
		at += max(delay, breath)
		switch {
		case at >= model.MaxActivity*model.ActivityBin:
			return 0, false
		case at >= away:
			return at, true
		}
		vain[at/model.ActivityBin] += weight
	}
}

// newReplay makes the Replay of clients, counted by the bin in which they come, and of their returns.
func newReplay(returned, vain *[model.MaxActivity]float64, returns []Arrival, total float64) Replay {
	last := 0
	for i := range returned {
		if returned[i] > 0 || vain[i] > 0 {
			last = i + 1
		}
	}
	r := Replay{Curve: make([]model.Activity, last)}
	attempts := make([]Arrival, last)
	for i := range r.Curve {
		attempts[i] = Arrival{time.Duration(i) * model.ActivityBin, returned[i]}
		r.Curve[i] = model.Activity{Reconnects: uint32(math.Round(returned[i])), Refused: uint32(math.Round(vain[i]))}
		r.Curve[i].Connects = r.Curve[i].Reconnects
	}
	slices.SortFunc(returns, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	r.Recovery = NewRecovery(total, returns, attempts, time.Duration(last)*model.ActivityBin)
	return r
}
