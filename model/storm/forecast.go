package storm

import (
	"cmp"
	"holter/model"
	"holter/model/reconnect"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Forecast is what would happen if the server were away for a while: to clients as they are, and to the
// same clients with full jitter.
type Forecast struct {
	Away     time.Duration // of the server; all lose their connection at its beginning
	Clients  int           // whose policy is known: of the others it says nothing
	Measured Recovery
	Spread   Recovery
}

// Recovery is how clients come back.
type Recovery struct {
	Peak   float64          // clients per second, in the worst second
	Back99 time.Duration    // from the loss until 99 % were back, 0 if they are not within the curve
	Curve  []model.Activity // one for each ActivityBin: who comes back, and as Refused who comes in vain
}

// NewForecast replays the policies. The same seed draws the same delays.
func NewForecast(policies []model.Policy, away time.Duration, seed uint64) Forecast {
	f := Forecast{Away: away}
	spread := make([]model.Policy, 0, len(policies))
	for _, p := range policies {
		spread = append(spread, p.Spread())
		if p.Kind != model.PolicyUnknown {
			f.Clients += p.Clients
		}
	}
	f.Measured = replay(policies, away, rand.New(rand.NewPCG(seed, 0)))
	f.Spread = replay(spread, away, rand.New(rand.NewPCG(seed, 0)))
	return f
}

const (
	// mostReplayed of a pool's clients are replayed, and stand for the others.
	mostReplayed = 2000

	// breath is the delay of clients that come again at once: a refusal's way there and back, and more.
	breath = 50 * time.Millisecond
)

// comeback is the moment at which some clients are back.
type comeback struct {
	at     time.Duration
	weight float64
}

func replay(policies []model.Policy, away time.Duration, random *rand.Rand) Recovery {
	var returned, vain [model.MaxActivity]float64
	var backs []comeback
	total := 0.0
	for i := range policies {
		p := &policies[i]
		if p.Kind == model.PolicyUnknown || p.Clients <= 0 {
			continue
		}
		n := min(p.Clients, mostReplayed)
		if p.Jitter == model.JitterNone {
			n = 1 // they all do the same
		}
		weight := float64(p.Clients) / float64(n)
		total += float64(p.Clients)
		for range n {
			if at, ok := comesBack(p, away, weight, &vain, random); ok {
				returned[at/model.ActivityBin] += weight
				backs = append(backs, comeback{at, weight})
			}
		}
	}
	return recovery(&returned, &vain, backs, total)
}

// comesBack lets a client try until it is back, unless that takes longer than the curve is.
func comesBack(p *model.Policy, away time.Duration, weight float64, vain *[model.MaxActivity]float64, random *rand.Rand) (time.Duration, bool) {
	draw := reconnect.Draws(p, random)
	at := time.Duration(0)
	for k := 1; ; k++ {
		at += max(draw(k), breath)
		switch {
		case at >= model.MaxActivity*model.ActivityBin:
			return 0, false
		case at >= away:
			return at, true
		}
		vain[at/model.ActivityBin] += weight
	}
}

// recovery puts together what was replayed.
func recovery(returned, vain *[model.MaxActivity]float64, backs []comeback, total float64) Recovery {
	r := Recovery{}
	last := 0
	for i := range returned {
		if returned[i] > 0 || vain[i] > 0 {
			last = i + 1
		}
	}
	r.Curve = make([]model.Activity, last)
	for i := range r.Curve {
		r.Curve[i] = model.Activity{Reconnects: uint32(math.Round(returned[i])), Refused: uint32(math.Round(vain[i]))}
		r.Curve[i].Connects = r.Curve[i].Reconnects
	}
	r.Peak = peakOf(returned[:last])
	slices.SortFunc(backs, func(a, b comeback) int { return cmp.Compare(a.at, b.at) })
	in := 0.0
	for _, b := range backs {
		if in += b.weight; in >= 0.99*total-1e-6 {
			r.Back99 = b.at
			break
		}
	}
	return r
}
