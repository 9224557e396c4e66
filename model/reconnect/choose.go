package reconnect

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"holter/model"
)

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
	possible := l.possible()
	if len(possible) == 0 && l.skewed != l.blur { // a narrow jitter looks like noise at first
		l.blur = l.skewed
		possible = l.possible()
	}
	if len(possible) == 0 {
		return l.unknown(l.misfits())
	}
	best := l.likeliest(possible)
	if best.Jitter == model.JitterDecorrelated && l.pairs < fewestPairs { // another policy could give these by chance
		return l.unknown(model.DoubtFewPairs)
	}
	names, others := l.besides(&best, possible)
	if 1/(1+others) < sureEnough {
		return l.unknown(model.DoubtAmbiguous)
	}
	if best.known == nil {
		l.round(&best)
	}
	sure := l.confidence(&best, others)
	if sure < leastSure && best.known == nil || sure < leastKnown {
		return l.unknown(model.DoubtAmbiguous)
	}
	p := reading{score: best.score, named: best.known != nil}
	p.Policy, p.Attempts, p.Like, p.Confidence = best.Policy, l.attempts, names, sure*inARow(len(l.rungs))
	if best.known == nil {
		p.Like = method(&p.PoolPolicy)
	}
	if p.Jitter == model.JitterAdded || p.Jitter == model.JitterRanges {
		p.Share = l.shareOf(&p.Policy)
	}
	return p
}

// possible returns the policies that the delays may be of.
func (l *ladder) possible() (list []candidate) {
	for _, c := range l.promising(l.known(nil)) {
		if l.judge(&c) {
			list = append(list, c)
		}
	}
	for _, c := range l.best(l.fits(), list) {
		if l.judge(&c) {
			list = append(list, c)
		}
	}
	if slices.ContainsFunc(list, func(c candidate) bool { return c.round }) {
		list = slices.DeleteFunc(list, func(c candidate) bool { return !l.honest(&c) })
	}
	return list
}

// likeliest returns the likeliest of the policies. A name says more than figures that come to the same.
func (l *ladder) likeliest(list []candidate) candidate {
	best := slices.MaxFunc(list, func(a, b candidate) int { return cmp.Compare(a.score+a.prior(), b.score+b.prior()) })
	for i := range list {
		if c := &list[i]; best.known == nil && c.known != nil && l.alike(c, &best) {
			best = *c
		}
	}
	return best
}

// besides returns the names of the known clients that cannot be told from the best policy, and how likely the others are,
// relative to it.
func (l *ladder) besides(best *candidate, list []candidate) (names string, others float64) {
	names = best.names()
	for i := range list {
		switch c := &list[i]; {
		case best.known != nil && l.alike(c, best):
			if c.known != nil && best.score-c.score < nameWorth {
				names = join(names, c.names())
			}
		case !alikeInKind(c, best):
			others += math.Exp(c.score + c.prior() - best.score - best.prior())
		}
	}
	return names, others
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

// leastSure is how sure a policy must be that is told, but for the number of attempts in a row, and leastKnown how sure that of
// a known client.
const leastSure, leastKnown = 0.62, 0.5

// inARow returns how sure it is that delays go on as n of them in a row do.
func inARow(n int) float64 { return 1 - math.Exp(-float64(n-1)/2) }

// confidence returns how sure it is that the clients have followed c: the share of the delays that are where it says,
// spread as it says, less what speaks for other policies, and less for few attempts, for each figure that was fitted to
// them, and if they are short and nothing is known of the way there and back.
func (l *ladder) confidence(c *candidate, others float64) float64 {
	figures, of := 1., l.attempts
	if c.known == nil && c.Kind != model.PolicySteps && !c.round {
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
		if c.Kind == model.PolicyFixed && c.Jitter == model.JitterPartial && 2*c.Share*c.Base.Seconds() < narrow {
			way *= 0.75 // the ways of the clients may differ as much
		}
	}
	if !l.honest(c) {
		way *= 0.7
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

// join adds those of the names b to a that are not among them.
func join(a, b string) string {
	names := strings.Split(a, model.LikeEither)
	for name := range strings.SplitSeq(b, model.LikeEither) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, model.LikeEither)
}

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
