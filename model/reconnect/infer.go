package reconnect

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/path"
)

const (
	fewestClients  = 8 // of which the k-th attempt is known, for any k that counts
	fewestAttempts = 3 // in a row

	// mostClients is the number of clients of a pool that are used: more would not change the result.
	mostClients = 400

	atOnce = 0.1 // seconds; a shorter delay is none
)

// Infer returns the policies that clients follow, as their attempts show it: one for each pool, the largest pool
// first. The path of a pool is the template that the clients' paths have in common: see path.Learn.
//
// Only refused attempts show how delays grow. So a pool is PolicyUnknown until three attempts in a row are known of
// eight clients each, and also if these fit none of the kinds, or several alike; its Doubt says which. The confidence is how
// sure the policy is, from 0 to 1: of those above 0.6 hardly any are wrong, as the table of TestTable shows. In the pools
// after the largest MostFitted, only known clients are recognized.
func Infer(clients []*Attempts, now model.Instant) []model.PoolPolicy {
	pools := make(map[model.Pool][]*Attempts)
	routes := path.Learn(paths(clients))
	for _, a := range clients {
		pool := model.Pool{UserAgent: a.pool.UserAgent, Path: routes.Of(a.pool.Path)}
		pools[pool] = append(pools[pool], a)
	}
	order := slices.SortedFunc(maps.Keys(pools), func(a, b model.Pool) int {
		return cmp.Or(-cmp.Compare(len(pools[a]), len(pools[b])), cmp.Compare(a.UserAgent, b.UserAgent), cmp.Compare(a.Path, b.Path))
	})
	policies, w := make([]model.PoolPolicy, len(order)), new(workplace)
	for i, pool := range order {
		members, p := pools[pool], &policies[i]
		*p = w.inferOwn(members, now, i < MostFitted)
		p.Pool, p.Clients = pool, len(members)
		adopt(members, p)
	}
	return policies
}

// MostFitted is the number of pools for whose policies figures are fitted: more than a storm keeps. It takes up to a millisecond
// each.
const MostFitted = 2 * model.MaxStormPolicies

func paths(clients []*Attempts) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range clients {
			if !yield(a.pool.Path) {
				return
			}
		}
	}
}

// simplicity orders the kinds by their number of figures, the fewest first.
var simplicity = map[model.PolicyKind]int{
	model.PolicyNone: 0, model.PolicyFixed: 1, model.PolicyLinear: 2, model.PolicyExponential: 2, model.PolicySteps: 3, model.PolicyUnknown: 4,
}

// workplace holds what is needed for one pool, so that the next one needs no memory of its own.
type workplace struct{ plain, heeding ladder }

// infer also tries whether the delays count from the moment when a client may come again. What is asked for must vary to tell; else
// the policy is told only if it is the better one without that.
func (w *workplace) infer(members []*Attempts, now model.Instant, fits bool) model.PoolPolicy {
	members = thinned(members, mostClients)
	w.plain.fitted, w.heeding.fitted = fits, fits
	l := &w.plain
	l.climb(members, now, false)
	heeds := heedsNot
	if l.mayObey {
		heeds = l.heed.tell()
	}
	var p reading
	switch heeds {
	case heedsNot:
		p = l.policy()
	case heedsAlways:
		l = &w.heeding
		l.climb(members, now, true)
		p = l.policy()
		p.Obeys = true
	default:
		p = l.policy()
		w.heeding.climb(members, now, true)
		if q := w.heeding.policy(); q.simpler(&p) {
			p = l.unknown(model.DoubtAsked)
		}
	}
	p.First = NewHistogram(l.first)
	p.Resets = resets(members, &p.PoolPolicy)
	if p.Kind == model.PolicyUnknown {
		p.Doubt = l.doubt(members, now, p.Doubt.Reason)
	}
	return p.PoolPolicy
}

// simpler reports whether q says the same with less: by a name, by a kind with fewer figures or, with as many, as well.
func (q *reading) simpler(p *reading) bool {
	if q.named != p.named {
		return q.named
	}
	order := cmp.Compare(simplicity[q.Kind], simplicity[p.Kind])
	return order < 0 || order == 0 && q.score > p.score-nameWorth
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

// reading is the policy that the rungs of a ladder show. Its score is that of its candidate, -Inf for an unknown one.
type reading struct {
	model.PoolPolicy
	score float64
	named bool // it is a known client's
}

func (l *ladder) unknown(reason model.DoubtReason) reading {
	p := reading{score: math.Inf(-1)}
	p.Policy, p.Attempts = model.Policy{Kind: model.PolicyUnknown, Factor: 1, Jitter: model.JitterUnknown}, l.attempts
	p.Doubt.Reason = reason
	if n := len(l.first); n > 0 {
		p.Base = l.first[n/2]
	}
	return p
}

// sureEnough is the least probability, among the policies that the delays may be of, of the one that is told.
const sureEnough = 0.7

// read returns the policy that all rungs together show: of those that the delays may be of, the likeliest.
func (l *ladder) read() reading {
	if len(l.rungs) < fewestAttempts {
		return l.unknown("")
	}
	var possible []candidate
	for _, c := range l.known(nil) {
		if l.judge(&c) {
			possible = append(possible, c)
		}
	}
	if l.fitted {
		for _, c := range l.best(l.fits(), possible) {
			if l.judge(&c) {
				possible = append(possible, c)
			}
		}
	}
	if len(possible) == 0 {
		return l.unknown(l.strange())
	}
	best := slices.MaxFunc(possible, func(a, b candidate) int { return cmp.Compare(a.score+a.prior(), b.score+b.prior()) })
	for i := range possible { // a name says more than figures
		if c := &possible[i]; best.known == nil && c.known != nil && l.alike(c, &best) {
			best = *c
		}
	}
	if best.Jitter == model.JitterDecorrelated && l.pairs < fewestPairs { // another policy could give these by chance
		return l.unknown(model.DoubtFewPairs)
	}
	others, names := 0.0, best.names()
	for i := range possible {
		switch c := &possible[i]; {
		case c.known != nil && best.known != nil && l.alike(c, &best):
			if best.score-c.score < 3 {
				names = join(names, c.names())
			}
		case best.known != nil && c.known == nil && l.alike(c, &best):
		case !alikeInKind(c, &best):
			others += math.Exp(c.score + c.prior() - best.score - best.prior())
		}
	}
	if 1/(1+others) < sureEnough {
		return l.unknown(model.DoubtAmbiguous)
	}
	if best.known == nil {
		l.round(&best)
	}
	sure, row := l.confidence(&best, others), inARow(len(l.rungs))
	if sure < leastSure && best.known == nil || sure < leastKnown {
		return l.unknown(model.DoubtAmbiguous)
	}
	p := reading{score: best.score, named: best.known != nil}
	p.Policy, p.Attempts, p.Like = best.Policy, l.attempts, names
	if best.known == nil {
		p.Like = method(&p.PoolPolicy)
	}
	p.Confidence = sure * row
	if p.Jitter == model.JitterAdded || p.Jitter == model.JitterRanges {
		p.Share = l.shareOf(&p.Policy)
	}
	return p
}

// shareOf returns half the width of the jitter over the mean delay, on average over the rungs.
func (l *ladder) shareOf(p *model.Policy) (share float64) {
	for i := range l.rungs {
		s := p.Span(l.rungs[i].number, -1)
		if middle, width := middleOf(&s); middle > 0 {
			share += width / 2 / middle / float64(len(l.rungs))
		}
	}
	return min(share, 1)
}

// strange is why no policy fits.
func (l *ladder) strange() model.DoubtReason {
	if !l.fitted {
		return model.DoubtManyPools
	}
	return model.DoubtNoFit
}

// leastSure is how sure a policy must be that is told, but for the number of attempts in a row, and leastKnown how sure that of
// a known client.
const leastSure, leastKnown = 0.62, 0.5

// inARow returns how sure it is that delays go on as n of them in a row do.
func inARow(n int) float64 { return 1 - math.Exp(-float64(n-1)/2) }

// confidence returns how sure it is that the clients have followed c: the share of the delays that are where it says, spread as it says,
// less what speaks for other policies, and less for few attempts, for each figure that was fitted to them, and if
// they are short and nothing is known of the way there and back.
func (l *ladder) confidence(c *candidate, others float64) float64 {
	figures, of := 1., l.attempts
	if c.known == nil && c.Kind != model.PolicySteps {
		figures = float64(max(1, c.figures))
	}
	if c.Jitter == model.JitterOnce {
		of = 4 * len(l.rungs[0].delays) // the others say no more
	}
	way := 1.
	if c.Jitter == model.JitterFull && c.known == nil {
		way -= 0.5 / math.Sqrt(float64(of)/float64(len(l.rungs))) // the longest delay of each rung is all that tells its figures
	}
	exact := c.Jitter == model.JitterNone && c.Kind != model.PolicyFixed // what all delays have in common is none of the growth
	if c.known == nil && !exact && c.Base > 0 && l.mostLate == mostLate && c.Base.Seconds() < 8*mostLate {
		way *= 0.8
	}
	attempts := max(0, 1-0.75*figures/math.Sqrt(float64(of)))
	return c.inside * (1 - c.far) * min(1, 1.35-0.45*c.odd) / (1 + others) * attempts * way
}

// nameWorth is how much likelier a known client is than any other with the same delays.
const nameWorth = 3

func (c *candidate) prior() float64 {
	if c.known != nil {
		return nameWorth
	}
	return 0
}

func (c *candidate) names() string {
	if c.known == nil {
		return ""
	}
	return c.known.likes()
}

// alikeInKind reports whether two policies differ in their figures only.
func alikeInKind(a, b *candidate) bool {
	return (a.known == nil || b.known == nil || a.known == b.known || sameDelays(&a.Policy, &b.Policy)) && a.Kind == b.Kind && a.Jitter == b.Jitter
}

// alike reports whether l's delays cannot tell two policies apart.
func (l *ladder) alike(a, b *candidate) bool {
	for i := range l.rungs {
		k := l.rungs[i].number
		x, y := a.Span(k, -1), b.Span(k, -1)
		if off := 0.1 + 0.05*x.High; math.Abs(x.Low-y.Low) > off || math.Abs(min(x.High, x.Limit)-min(y.High, y.Limit)) > off {
			return false
		}
	}
	return a.Depends() == b.Depends()
}

// join joins names that are not in both.
func join(a, b string) string {
	if strings.Contains(a, b) {
		return a
	}
	return a + model.LikeEither + b
}

const (
	fewBest   = 3  // of the fitted policies are looked at closely
	fewPolish = 80 // clients tell their figures well enough
	farBehind = 40 // is how much less likely a policy is that is not looked at closely
)

// best returns the likeliest few of the fitted policies, polished, but for those that are like a known client which is possible.
func (l *ladder) best(list, known []candidate) []candidate {
	l.some, _ = slices.BinarySearchFunc(l.samples, fewPolish, func(x sample, n int32) int { return cmp.Compare(x.client, n) })
	defer func() { l.some = len(l.samples) }()
	list = l.promising(list)
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	list = list[:min(len(list), fewBest)]
	for i := range list {
		if list[i].score < list[0].score-farBehind || slices.ContainsFunc(known, func(k candidate) bool { return l.alike(&k, &list[i]) }) {
			return list[:i] // the known client's name says more
		}
		if list[i].Jitter != model.JitterNone && list[i].Jitter != model.JitterDecorrelated {
			l.polish(&list[i])
		}
	}
	return slices.DeleteFunc(list, func(c candidate) bool {
		switch c.Jitter {
		case model.JitterPartial:
			return c.Share < leastJitter || c.Share > mostJitter || math.Abs(c.Share-1./3) < 0.03 // it is none, full or equal
		case model.JitterOnce:
			return c.Share < leastJitter
		}
		return false
	})
}

// promising rates the policies and leaves out those that no better figures make possible.
func (l *ladder) promising(list []candidate) []candidate {
	n := 0
	for _, c := range list {
		j := l.rate(&c)
		if j.strays() < mostStrays && l.together(j) < 2 {
			list[n] = c
			n++
		}
	}
	return list[:n]
}

// mostStrays is the share of the delays that may lie outside a policy's spans before its figures are polished.
const mostStrays = 0.3

// polish moves the figures of c to where the delays are likeliest. The means of a few delays do not tell them well: the longest and
// the shortest ones tell more.
func (l *ladder) polish(c *candidate) {
	changes := figuresOf(&c.Policy)
	for step := 0.08; step > 0.015; {
		better := false
		for _, factor := range []float64{1 + step, 1 / (1 + step)} {
			for _, change := range changes {
				d := *c
				change(&d.Policy, factor)
				if l.rate(&d); d.score > c.score {
					*c, better = d, true
				}
			}
		}
		if !better {
			step /= 2
		}
	}
}

// figuresOf returns what multiplies each figure of p.
func figuresOf(p *model.Policy) (list []func(*model.Policy, float64)) {
	if p.Kind == model.PolicySteps {
		return nil
	}
	if p.Base > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Base = times(p.Base, by) })
	}
	if p.Kind == model.PolicyExponential && p.Jitter != model.JitterDecorrelated {
		list = append(list,
			func(p *model.Policy, by float64) { p.Factor = max(1, p.Factor*math.Sqrt(by)) },
			func(p *model.Policy, by float64) {
				p.Base, p.Factor = times(p.Base, by), max(1, p.Factor/math.Cbrt(by))
			})
	}
	if p.Step > 0 && p.Base > 0 {
		list = append(list, func(p *model.Policy, by float64) {
			more := times(p.Base, by) - p.Base
			p.Base, p.Step = p.Base+more, max(1, p.Step-more/3)
		})
	}
	if p.Step > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Step = times(p.Step, by) })
	}
	if p.Cap > 0 {
		list = append(list, func(p *model.Policy, by float64) { p.Cap = times(p.Cap, by) })
	}
	switch p.Jitter {
	case model.JitterPartial, model.JitterOnce:
		list = append(list, func(p *model.Policy, by float64) { p.Share = min(1, p.Share*by) })
	case model.JitterAdded:
		list = append(list,
			func(p *model.Policy, by float64) { p.AddedFrom = times(p.AddedFrom, by) },
			func(p *model.Policy, by float64) { p.AddedTo = times(p.AddedTo, by) })
	}
	return list
}

func times(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// round makes the figures of c round, where the delays may be those of the round ones as well: whoever chose them chose round ones.
func (l *ladder) round(c *candidate) {
	try := func(change func(*model.Policy)) {
		d := *c
		change(&d.Policy)
		if l.judge(&d) && d.score > c.score-roundWorth {
			*c = d
		}
	}
	if c.Kind == model.PolicySteps {
		return
	}
	if c.Kind == model.PolicyExponential && c.Jitter != model.JitterDecorrelated {
		try(func(p *model.Policy) { p.Base, p.Factor = roundTo(p.Base, 1), math.Round(2*p.Factor)/2 })
		try(func(p *model.Policy) { p.Base, p.Factor = nearestDecade(p.Base), math.Round(2*p.Factor)/2 })
		for _, factor := range []float64{1.5, 2, 3, math.Round(c.Factor*10) / 10} {
			if math.Abs(factor/c.Factor-1) < 0.12 {
				try(func(p *model.Policy) { p.Factor = factor })
			}
		}
	}
	for _, figure := range []func(*model.Policy) *time.Duration{
		func(p *model.Policy) *time.Duration { return &p.Base },
		func(p *model.Policy) *time.Duration { return &p.Step },
		func(p *model.Policy) *time.Duration { return &p.Cap },
	} {
		for _, digits := range []float64{0.5, 1} {
			try(func(p *model.Policy) { *figure(p) = roundTo(*figure(p), digits) })
		}
		*figure(&c.Policy) = rounded(figure(&c.Policy).Seconds())
	}
	c.AddedFrom, c.AddedTo = rounded(c.AddedFrom.Seconds()), rounded(c.AddedTo.Seconds())
	c.Factor = math.Round(c.Factor*100) / 100
	if c.Jitter != model.JitterEqual {
		c.Share = math.Round(c.Share*100) / 100
	}
}

// roundWorth is how much less likely the delays may be with a round figure.
const roundWorth = 2

// nearestDecade returns the power of ten, in seconds, that is nearest to d.
func nearestDecade(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return duration(math.Pow(10, math.Round(math.Log10(d.Seconds()))))
}

// roundTo rounds d to a multiple of a part of its highest digit.
func roundTo(d time.Duration, part float64) time.Duration {
	if d <= 0 {
		return d
	}
	unit := part * math.Pow(10, math.Floor(math.Log10(float64(d))))
	return time.Duration(math.Round(float64(d)/unit) * unit)
}

// The names of "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
const (
	methodFull         = "AWS full jitter"
	methodEqual        = "AWS equal jitter"
	methodDecorrelated = "AWS decorrelated jitter"
)

var methods = []string{methodFull, methodEqual, methodDecorrelated}

// method returns the name that AWS has for p, "" for none.
func method(p *model.PoolPolicy) string {
	switch {
	case p.Kind != model.PolicyExponential:
	case p.Jitter == model.JitterDecorrelated:
		return methodDecorrelated
	case math.Abs(p.Factor-2) > 0.3:
	case p.Jitter == model.JitterFull:
		return methodFull
	case p.Jitter == model.JitterEqual:
		return methodEqual
	}
	return ""
}

// fewestPairs is the number of pairs that is enough to show that delays depend on the one before.
const fewestPairs = 4 * fewestClients
