package reconnect

import (
	"math"
	"slices"

	"holter/model"
)

// curve is base · factor^(k-1), never above limit, for the mean delays.
type curve struct {
	base, factor, limit float64
	misfit              float64 // squares of the deviations over those that chance explains, per degree of freedom
}

const (
	leastFactor = 1.15
	worstMisfit = 6 // that a curve may have
	plainMisfit = 3 // below which no limit is looked for

	// How far mean delays may be off for other reasons than chance: a timer's slack, the network.
	// A busy machine moves them together, so that no number of clients helps.
	ownSlack, ownNoise = 0.02, 0.03 // of the delay, and seconds

	// pathNoise is what the delays of one rung are apart by the network and timers alone, in seconds.
	pathNoise = 0.01
)

func (c *curve) good() bool { return c.misfit <= worstMisfit }

// fit finds the simplest curve that goes with the rungs: flat, or growing; and if neither does so well,
// the best of those that grow up to a limit.
func (l *ladder) fit() curve {
	best := l.fitFlat()
	if best.good() {
		return best
	}
	for capped := range len(l.rungs) - 1 {
		if c, ok := l.fitGrowth(len(l.rungs) - capped); ok && c.misfit < best.misfit {
			best = c
		}
		if best.misfit <= plainMisfit {
			return best
		}
	}
	return best
}

func (l *ladder) fitFlat() curve {
	level := l.level(0)
	c := curve{base: level, factor: 1, limit: math.Inf(1)}
	c.misfit = l.misfit(&c, 1)
	return c
}

// fitGrowth takes the first n rungs for growing and the others for capped.
func (l *ladder) fitGrowth(n int) (curve, bool) {
	slope, intercept := l.line(n)
	c := curve{base: math.Exp(intercept), factor: math.Exp(slope), limit: math.Inf(1)}
	if c.factor < leastFactor {
		return c, false
	}
	parameters := 2
	if n < len(l.rungs) {
		c.limit, parameters = l.level(n), 3
		if next := c.at(l.rungs[n].number); c.limit > 1.15*next || c.limit < 0.9*l.rungs[n-1].mean {
			return c, false
		}
	}
	if l.telling() <= parameters { // any curve goes through these
		return c, false
	}
	c.misfit = l.misfit(&c, parameters)
	return c, true
}

// telling are the rungs whose means are more than noise.
func (l *ladder) telling() (n int) {
	for i := range l.rungs {
		if l.rungs[i].mean > ownNoise {
			n++
		}
	}
	return n
}

func (c *curve) at(k int) float64 { return min(c.base*pow(c.factor, k-1), c.limit) }

// weight is one over the variance that the logarithm of a rung's mean has.
func (r *rung) weight() float64 {
	chance := r.spread * r.spread / float64(len(r.delays))
	noise := ownNoise / r.mean
	return 1 / (chance + ownSlack*ownSlack + noise*noise)
}

// level is the mean of the rungs from the i-th on.
func (l *ladder) level(i int) float64 {
	sum, weights := 0.0, 0.0
	for j := i; j < len(l.rungs); j++ {
		r := &l.rungs[j]
		sum, weights = sum+r.weight()*math.Log(r.mean), weights+r.weight()
	}
	return math.Exp(sum / weights)
}

// line is the weighted least squares through the logarithms of the first n means.
func (l *ladder) line(n int) (slope, intercept float64) {
	var w, x, y, xx, xy float64
	for i := range l.rungs[:n] {
		r := &l.rungs[i]
		weight, at, height := r.weight(), float64(r.number-1), math.Log(r.mean)
		w, x, y = w+weight, x+weight*at, y+weight*height
		xx, xy = xx+weight*at*at, xy+weight*at*height
	}
	slope = (w*xy - x*y) / (w*xx - x*x)
	return slope, (y - slope*x) / w
}

func (l *ladder) misfit(c *curve, parameters int) float64 {
	sum := 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		off := math.Log(r.mean / c.at(r.number))
		sum += r.weight() * off * off
	}
	return sum / float64(max(1, len(l.rungs)-parameters))
}

// share is half the width of the jitter over the mean: a uniform spread of ±j has the coefficient of
// variation j/√3. A limit that cuts delays off narrows them, so those near it do not count, and short
// delays are mostly noise.
func (l *ladder) share(limit float64, steps bool) float64 {
	sum, n := 0.0, 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		if !r.free(limit, steps) {
			continue
		}
		spread := max(0, r.spread*r.spread-math.Pow(pathNoise/r.mean, 2))
		sum, n = sum+float64(len(r.delays))*spread, n+float64(len(r.delays))
	}
	return math.Sqrt(3 * sum / max(n, 1))
}

// free reports whether the limit leaves the delays alone. Those of a step are as they are.
func (r *rung) free(limit float64, steps bool) bool {
	return steps || r.mean <= 0.6*limit
}

// noise is the least share that could be told from the network's own.
func (l *ladder) noise() float64 {
	longest := 0.0
	for i := range l.rungs {
		longest = max(longest, l.rungs[i].mean)
	}
	return math.Sqrt(3) * ownNoise / longest
}

// explained is how well the delays are spread as the jitter says, 0 if not at all.
func (l *ladder) explained(j model.Jitter, share, limit float64, steps bool) float64 {
	if j == model.JitterNone {
		return l.punctual()
	}
	var places []float64
	for i := range l.rungs {
		r := &l.rungs[i]
		if !r.free(limit, steps) {
			continue
		}
		for _, d := range r.delays {
			places = append(places, min(max((d/r.mean-(1-share))/(2*share), 0), 1))
		}
	}
	slices.Sort(places)
	if far := distance(places); len(places) > 0 && far <= likeness(len(places), oneInHundred)+0.02 {
		return 1 - far
	}
	return 0
}

// punctual is the share of delays that are their rung's mean, 0 if too many are not.
func (l *ladder) punctual() float64 {
	in, all := 0, 0
	for i := range l.rungs {
		r := &l.rungs[i]
		for _, d := range r.delays {
			if math.Abs(d-r.mean) <= 0.1*r.mean+0.03 {
				in++
			}
		}
		all += len(r.delays)
	}
	if in < all*8/10 {
		return 0
	}
	return float64(in) / float64(all)
}

// pow is f to the power of n, n not being negative.
func pow(f float64, n int) float64 {
	p := 1.0
	for range min(n, 64) {
		p *= f
	}
	return p
}
