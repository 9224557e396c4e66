package reconnect

import (
	"math"
	"slices"

	"holter/model"
)

// curve is base · factor^(k-1), never above limit, for the mean delays.
type curve struct {
	base, factor, limit float64
	misfit              float64 // squared deviations relative to those of chance, per degree of freedom
}

const (
	leastFactor = 1.15
	worstMisfit = 6 // of a curve that still fits
	plainMisfit = 3 // of a curve that fits so well that no limit is tried

	// How far mean delays may be off for other reasons than chance, such as a timer's slack or the network. A
	// busy machine delays all clients together, so that this does not average out.
	ownSlack, ownNoise = 0.02, 0.03 // of the delay, and seconds

	// pathNoise is how far the delays of one rung differ because of the network and timers alone, in seconds.
	pathNoise = 0.01
)

func (c *curve) good() bool { return c.misfit <= worstMisfit }

// fit returns the simplest curve that fits the rungs: flat or growing. If neither fits well, it returns the best of
// those that grow up to a limit.
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

// fitGrowth fits a curve that grows over the first n rungs, and is capped on the others.
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

// telling returns the number of rungs whose means are more than noise.
func (l *ladder) telling() (n int) {
	for i := range l.rungs {
		if l.rungs[i].mean > ownNoise {
			n++
		}
	}
	return n
}

func (c *curve) at(k int) float64 { return min(c.base*pow(c.factor, k-1), c.limit) }

// weight returns one over the variance of the logarithm of the rung's mean.
func (r *rung) weight() float64 {
	chance := r.spread * r.spread / float64(len(r.delays))
	noise := ownNoise / r.mean
	return 1 / (chance + ownSlack*ownSlack + noise*noise)
}

// level returns the mean of the rungs from the i-th on.
func (l *ladder) level(i int) float64 {
	sum, weights := 0.0, 0.0
	for j := i; j < len(l.rungs); j++ {
		r := &l.rungs[j]
		sum, weights = sum+r.weight()*math.Log(r.mean), weights+r.weight()
	}
	return math.Exp(sum / weights)
}

// line returns the line of weighted least squares through the logarithms of the first n means.
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

// share returns half the width of the jitter over the mean: a uniform spread of ±j has the coefficient of variation
// j/√3. Rungs near the limit do not count, because it cuts delays off. What the network explains is subtracted,
// because short delays are mostly noise.
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

// free reports whether the limit changes none of the delays. It never changes those of steps.
func (r *rung) free(limit float64, steps bool) bool {
	return steps || r.mean <= 0.6*limit
}

// noise returns the least share that can be distinguished from the noise of the network.
func (l *ladder) noise() float64 {
	longest := 0.0
	for i := range l.rungs {
		longest = max(longest, l.rungs[i].mean)
	}
	return math.Sqrt(3) * ownNoise / longest
}

// explained returns how well the spread of the delays agrees with the jitter, 0 if it does not.
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

// punctual returns the share of delays that are near their rung's mean, 0 if that is too small.
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

// pow returns f to the power of n, which must not be negative.
func pow(f float64, n int) float64 {
	p := 1.0
	for range min(n, 64) {
		p *= f
	}
	return p
}
