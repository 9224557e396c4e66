package reconnect

import (
	"cmp"
	"math"
	"slices"
	"time"

	"holter/model"
)

const (
	fewestClients  = 8 // of which the k-th attempt is known, for any k that counts
	fewestAttempts = 3 // in a row

	// mostClients is the number of clients of a pool that are used: more would not change the result.
	mostClients = 1000

	atOnce = 0.1 // seconds; a shorter delay is none
)

// Infer returns the policies that clients follow, as their attempts show it: one for each pool, the largest pool
// first.
//
// Only refused attempts show how delays grow. So a pool is PolicyUnknown until three attempts in a row are known of
// eight clients each, and also if these fit none of the kinds; its Doubt says which. The confidence is the share of the
// attempts that are where the policy says, reduced by the factor 1-1/√attempts.
func Infer(clients []*Attempts, now model.Instant) []model.PoolPolicy {
	pools := make(map[model.Pool][]*Attempts)
	for _, a := range clients {
		pools[a.pool] = append(pools[a.pool], a)
	}
	policies := make([]model.PoolPolicy, 0, len(pools))
	for pool, members := range pools {
		p := infer(members, now)
		p.Pool, p.Clients = pool, len(members)
		policies = append(policies, p)
	}
	slices.SortFunc(policies, func(a, b model.PoolPolicy) int {
		return cmp.Or(-cmp.Compare(a.Clients, b.Clients), cmp.Compare(a.UserAgent, b.UserAgent), cmp.Compare(a.Path, b.Path))
	})
	return policies
}

// simplest are the kinds in the order of their number of figures, the fewest first.
var simplest = []model.PolicyKind{model.PolicyNone, model.PolicyFixed, model.PolicyExponential, model.PolicySteps, model.PolicyUnknown}

func simplicity(p *model.PoolPolicy) int { return slices.Index(simplest, p.Kind) }

// infer also tries whether the policy is simpler if clients obey what a refusal asks for.
func infer(members []*Attempts, now model.Instant) model.PoolPolicy {
	members = thinned(members, mostClients)
	l := climb(members, now, false)
	p := l.policy()
	obeys, known := l.heed.obeys()
	switch {
	case !l.mayObey || known && !obeys:
	case known:
		l = climb(members, now, true)
		p = l.policy()
		p.Obeys = true
	default:
		heeding := climb(members, now, true)
		q := heeding.policy()
		if order := cmp.Compare(simplicity(&q), simplicity(&p)); order < 0 || order == 0 && q.Confidence > p.Confidence {
			p, p.Obeys = q, true
		}
	}
	p.First = NewHistogram(l.first)
	if p.Kind == model.PolicyUnknown {
		p.Doubt = l.doubt(members, now)
	}
	return p
}

// thinned returns at most n elements of list, at even distances.
func thinned[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}

// read returns the policy that all rungs together show.
func (l *ladder) read() model.PoolPolicy {
	p := model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyUnknown, Factor: 1, Jitter: model.JitterUnknown}, Attempts: l.attempts}
	if n := len(l.first); n > 0 {
		p.Base = l.first[n/2]
	}
	if len(l.rungs) < fewestAttempts {
		return p
	}
	explained := 0.0
	if known, share := recognize(l); known != nil {
		p.Policy = known.Policy
		p.Like, explained = known.Name, share
	} else {
		for _, fits := range []func(*model.PoolPolicy) (float64, bool){l.none, l.wandering, l.regular} {
			var ok bool
			if explained, ok = fits(&p); ok {
				break
			}
		}
		p.Like = method(&p)
	}
	p.Confidence = max(0, explained*(1-1/math.Sqrt(float64(p.Attempts))))
	return p
}

// method returns the name that AWS has for p, "" for none.
func method(p *model.PoolPolicy) string {
	switch {
	case p.Kind != model.PolicyExponential:
	case p.Jitter == model.JitterDecorrelated:
		return "AWS decorrelated jitter"
	case math.Abs(p.Factor-2) > 0.3:
	case p.Jitter == model.JitterFull:
		return "AWS full jitter"
	case p.Jitter == model.JitterEqual:
		return "AWS equal jitter"
	}
	return ""
}

// none tests for clients without a back-off.
func (l *ladder) none(p *model.PoolPolicy) (explained float64, ok bool) {
	in, all := 0, 0
	for i := range l.rungs {
		r := &l.rungs[i]
		if r.median() >= atOnce {
			return 0, false
		}
		for _, d := range r.delays {
			if d < 1.5*atOnce {
				in++
			}
		}
		all += len(r.delays)
	}
	p.Kind, p.Base, p.Jitter = model.PolicyNone, 0, model.JitterNone
	return float64(in) / float64(all), true
}

// fewestPairs is the number of pairs that is enough to show that delays depend on the one before.
const fewestPairs = 4 * fewestClients

// wandering tests for decorrelated jitter: each delay is uniform between the base and three times the one before.
func (l *ladder) wandering(p *model.PoolPolicy) (explained float64, ok bool) {
	base, limit := l.shortest(), l.plateau()
	places, beyond := l.relative(base, limit)
	n := len(places)
	if n < fewestClients || beyond > n/33 || distance(places) > likeness(n, oneInHundred) {
		return 0, false
	}
	if n < fewestPairs { // another policy could have given these by chance
		l.wanderings = n
		return 0, true
	}
	p.Kind, p.Factor, p.Jitter, p.Share = model.PolicyExponential, 3, model.JitterDecorrelated, 1
	p.Base = rounded(base)
	if limit < math.Inf(1) {
		p.Cap = rounded(limit)
	}
	return 1 - distance(places), true
}

// relative returns the places of delays between base and three times the one before, in order, and how many
// delays are beyond. A delay that the limit may have cut off does not count.
func (l *ladder) relative(base, limit float64) (places []float64, beyond int) {
	for _, pair := range l.pairs {
		width := 3*pair.before - base
		if 3*pair.before > 0.98*limit || width < 0.2*base {
			continue
		}
		place := (pair.delay - base) / width
		if place > 1.05 {
			beyond++
		}
		places = append(places, min(max(place, 0), 1))
	}
	slices.Sort(places)
	return places, beyond
}

// regular tests for a policy whose delays depend only on the number of the attempt.
func (l *ladder) regular(p *model.PoolPolicy) (explained float64, ok bool) {
	c := l.fit()
	steps := !c.good()
	share := l.share(c.limit, steps)
	if steps && share >= leastJitter {
		return 0, false
	}
	jitter, share, mean := nameJitter(share, l.noise())
	if explained = l.explained(jitter, share, c.limit, steps); explained == 0 {
		return 0, false
	}
	p.Jitter, p.Share = jitter, share
	switch {
	case steps:
		p.Kind, p.Steps = model.PolicySteps, l.table()
		p.Base = p.Steps[0]
	case c.factor == 1:
		p.Kind, p.Base = model.PolicyFixed, rounded(c.base/mean)
	default:
		p.Kind, p.Base, p.Factor = model.PolicyExponential, rounded(c.base/mean), math.Round(c.factor*100)/100
		if c.limit < math.Inf(1) {
			p.Cap = rounded(c.limit / mean)
		}
	}
	return explained, true
}

// leastJitter is the share of a delay below which its spread is the network's.
const leastJitter = 0.07

// nameJitter returns the jitter with this share, its nominal share, and the mean of its delays over v.
func nameJitter(share, noise float64) (j model.Jitter, nominal, mean float64) {
	switch {
	case share < leastJitter:
		return model.JitterNone, 0, 1
	case share < noise:
		return model.JitterUnknown, share, 1
	case share > 0.75:
		return model.JitterFull, 1, 0.5
	case share > 0.27 && share < 0.40:
		return model.JitterEqual, 1. / 3, 0.75
	}
	return model.JitterPartial, math.Round(share*100) / 100, 1
}

// rounded returns a delay of d seconds, rounded to two digits: more are not known.
func rounded(d float64) time.Duration {
	if d <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(d))-1)
	return time.Duration(math.Round(math.Round(d/unit)*unit*1e9/1e5)) * 100 * time.Microsecond
}
