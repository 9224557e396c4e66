package reconnect

import (
	"math"
	"time"

	"holter/model"
)

// stalls are the seconds by which the attempts of each number are late, of all clients alike: clients that were cut off
// together come together, and one stall of a busy machine delays them all. It does not average out, so that what is
// fitted to such delays is none of the clients' figures.
type stalls [longRun]float64

// longestStall is how late all attempts of one number may be.
const longestStall = 0.2 // seconds

// stalled adds the policy without jitter that is near a curve, has round figures, and explains the delays by the least
// lateness.
func (l *ladder) stalled(list []candidate, c *curve) []candidate {
	if len(l.rungs) <= fewestAttempts { // so few may be late for anything
		return list
	}
	best, least := candidate{}, math.Inf(1)
	for _, p := range l.roundest(c) {
		d := candidate{Policy: p}
		if all := l.stall(&d); all < least && (p.Kind != model.PolicyFixed || d.late == 0) {
			best, least = d, all
		}
	}
	if least == math.Inf(1) {
		return list
	}
	return append(list, best)
}

// roundest returns the policies with round figures near c. Delays are late and never early, so that the base may be well below the
// first one.
func (l *ladder) roundest(c *curve) (list []model.Policy) {
	first := l.rungs[0].mean
	var bases []time.Duration
	for _, d := range []float64{c.base, first, first - longestStall/2, first - longestStall} {
		for _, part := range []float64{0.5, 1} {
			if base := roundTo(duration(d), part); l.rungs[0].number == 1 || d == c.base {
				bases = append(bases, base)
			}
		}
	}
	limits := []time.Duration{0}
	if c.limit < math.Inf(1) {
		limit := duration(c.limit)
		limits = []time.Duration{roundTo(limit, 0.5), roundTo(limit, 1)}
		if c.limit > 10 {
			limits = append(limits, limit.Round(time.Second))
		}
	}
	for _, base := range bases {
		for _, limit := range limits {
			switch {
			case c.step > 0:
				list = append(list, model.Policy{
					Kind: model.PolicyLinear, Base: base, Step: roundTo(duration(c.step), 0.5), Factor: 1, Cap: limit, Jitter: model.JitterNone,
				})
			case c.factor > 1:
				for _, factor := range []float64{1.5, 2, 3, math.Round(10*c.factor) / 10} {
					list = append(list, model.Policy{Kind: model.PolicyExponential, Base: base, Factor: factor, Cap: limit, Jitter: model.JitterNone})
				}
			default:
				list = append(list, model.Policy{Kind: model.PolicyFixed, Base: base, Factor: 1, Jitter: model.JitterNone})
			}
		}
	}
	return list
}

// stall sets how late the delays are under c, on all rungs and on each of them besides. It returns the sum, +Inf if they may not
// be those of c.
func (l *ladder) stall(c *candidate) (all float64) {
	c.late = math.Inf(1)
	for i := range l.rungs {
		r := &l.rungs[i]
		off := l.excess(r, c)
		if off < -early-slack*r.mean {
			return math.Inf(1)
		}
		c.late = min(c.late, max(0, off))
	}
	if c.late > l.mostLate {
		return math.Inf(1)
	}
	if c.late < leastLate {
		c.late = 0
	} else {
		c.figures++
	}
	all = c.late
	for i := range l.rungs {
		r := &l.rungs[i]
		off := l.excess(r, c) - c.late
		switch {
		case off > longestStall+slack*r.mean:
			return math.Inf(1)
		case off > early:
			c.stalls[r.number] = off
			c.figures++
			all += off
		}
	}
	c.round = true
	return all
}

// excess is how much longer the delays of a rung are than those of a policy without jitter.
func (l *ladder) excess(r *rung, c *candidate) float64 {
	s := c.Span(r.number, -1)
	return r.mean - min(s.Low, s.Limit)
}

// honest reports whether the delays are no later than the policy c, which has no jitter, allows for.
func (l *ladder) honest(c *candidate) bool {
	if c.Jitter != model.JitterNone || c.known != nil || c.round {
		return true
	}
	for i := range l.rungs {
		if r := &l.rungs[i]; l.excess(r, c) > oftenLate+ownSlack*r.mean {
			return false
		}
	}
	return true
}
