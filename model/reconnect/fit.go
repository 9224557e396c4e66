package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// curve is how the mean delays grow: base · factor^(k-1), or base + step · (k-1), never above limit.
type curve struct {
	base, factor, step, limit float64
	misfit                    float64 // squared deviations relative to those of chance, per degree of freedom
	figures                   int
}

const (
	leastFactor = 1.08
	worstMisfit = 8 // of a curve that is worth a try

	// How far mean delays may be off for other reasons than chance, such as a timer's slack or the network. A
	// busy machine delays all clients together, so that this does not average out.
	ownSlack, ownNoise = 0.02, 0.03 // of the delay, and seconds

	// leastJitter is the share of a delay below which its spread may be the network's.
	leastJitter = 0.03
	// mostJitter is the share above which a spread is full jitter.
	mostJitter = 0.93
)

func (c *curve) at(k int) float64 {
	return min(c.base*pow(c.factor, k-1)+c.step*float64(k-1), c.limit)
}

// fits returns the policies that come close to the delays, most of them with the same curve and another jitter. judge tells
// which of them the delays may be of.
func (l *ladder) fits() []candidate {
	list := l.none(nil)
	if len(list) > 0 {
		return list // what is so short has no figures
	}
	for _, c := range l.curves() {
		list = l.shaken(list, &c)
		list = l.stalled(list, &c)
	}
	list = l.once(list)
	list = l.decorrelated(list)
	list = l.added(list)
	list = l.cutOff(list)
	return l.steps(list)
}

// none is for clients without a back-off.
func (l *ladder) none(list []candidate) []candidate {
	for i := range l.rungs {
		if l.rungs[i].mean >= atOnce {
			return list
		}
	}
	return append(list, candidate{Policy: model.Policy{Kind: model.PolicyNone, Factor: 1, Jitter: model.JitterNone}})
}

// curves returns the curves through the mean delays: the flat one, and the best one of each kind of growth without a limit and
// with one.
func (l *ladder) curves() []curve {
	n := len(l.rungs)
	level := l.level(0)
	flat := curve{base: level, factor: 1, limit: math.Inf(1), figures: 1}
	flat.misfit = l.misfit(&flat)
	list := []curve{flat}
	for _, grow := range []func(n int) (curve, bool){l.exponential, l.linear} {
		best := curve{misfit: math.Inf(1)}
		for capped := range n - 1 {
			c, ok := grow(n - capped)
			if !ok {
				continue
			}
			if capped == 0 {
				list = append(list, c)
			} else if c.misfit < best.misfit {
				best = c
			}
		}
		list = append(list, best)
	}
	return slices.DeleteFunc(list, func(c curve) bool { return c.misfit > worstMisfit })
}

// exponential fits a curve that grows by a factor over the first n rungs, and is capped on the others.
func (l *ladder) exponential(n int) (curve, bool) {
	slope, intercept := l.line(n)
	c := curve{base: math.Exp(intercept), factor: math.Exp(slope), limit: math.Inf(1), figures: 2}
	return c, c.factor >= leastFactor && l.limited(&c, n)
}

// linear fits a curve that grows by a step.
func (l *ladder) linear(n int) (curve, bool) {
	offset, step, _ := l.regress(n, func(k int) float64 { return float64(k - 1) })
	c := curve{base: max(offset, 0), factor: 1, step: step, limit: math.Inf(1), figures: 2}
	return c, step > 0.08*l.rungs[n-1].mean && offset > -0.3*step && l.limited(&c, n)
}

// limited sets the limit of a curve that was fitted to the first n rungs, and its misfit. It reports whether the curve reaches the
// limit where the others begin, and whether it is more than a line through as many points.
func (l *ladder) limited(c *curve, n int) bool {
	if n < len(l.rungs) {
		next := c.at(l.rungs[n].number)
		c.limit = l.level(n)
		c.figures++
		if c.limit < 0.9*l.rungs[n-1].mean || !l.isCap(c.limit, next, n) {
			return false
		}
	}
	if l.telling() <= c.figures { // any curve goes through these
		return false
	}
	c.misfit = l.misfit(c)
	return true
}

// isCap reports whether the mean of the rungs after the first n is a limit, and not where the delays would be without one: at
// next on the first of them.
func (l *ladder) isCap(limit, next float64, n int) bool {
	off := 2.5 / math.Sqrt(l.rungs[n].weight())
	return limit < (1-off)*next || len(l.rungs)-n > 1 && limit < 1.1*next
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
	var s sums
	for i := range l.rungs[:n] {
		r := &l.rungs[i]
		s.add(r.weight(), float64(r.number-1), math.Log(r.mean))
	}
	return s.line()
}

// regress returns the line of weighted least squares through the first n means over shape(k), and its misfit.
func (l *ladder) regress(n int, shape func(k int) float64) (offset, slope, misfit float64) {
	var s sums
	for i := range l.rungs[:n] {
		r := &l.rungs[i]
		s.add(r.weight()/(r.mean*r.mean), shape(r.number), r.mean)
	}
	slope, offset = s.line()
	for i := range l.rungs[:n] {
		r := &l.rungs[i]
		off := (r.mean - offset - slope*shape(r.number)) / r.mean
		misfit += r.weight() * off * off
	}
	return offset, slope, misfit
}

// sums are those of weighted least squares.
type sums struct{ w, x, y, xx, xy float64 }

func (s *sums) add(w, x, y float64) {
	s.w, s.x, s.y, s.xx, s.xy = s.w+w, s.x+w*x, s.y+w*y, s.xx+w*x*x, s.xy+w*x*y
}

func (s *sums) line() (slope, intercept float64) {
	slope = (s.w*s.xy - s.x*s.y) / (s.w*s.xx - s.x*s.x)
	return slope, (s.y - slope*s.x) / s.w
}

func (l *ladder) misfit(c *curve) float64 {
	sum := 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		off := math.Log(r.mean / max(c.at(r.number), 1e-3))
		sum += r.weight() * off * off
	}
	return sum / float64(max(1, len(l.rungs)-c.figures))
}

// share returns half the width of the jitter over the mean: a uniform spread of ±j has the coefficient of variation
// j/√3. Rungs near the limit do not count, because it cuts delays off. What the network explains is subtracted,
// because short delays are mostly noise.
func (l *ladder) share(limit float64) float64 {
	sum, n := 0.0, 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		if r.mean > 0.6*limit {
			continue
		}
		spread := max(0, r.spread*r.spread-math.Pow(l.blur/r.mean, 2))
		sum, n = sum+float64(len(r.delays))*spread, n+float64(len(r.delays))
	}
	return math.Sqrt(3 * sum / max(n, 1))
}

// shaken adds the policies whose means are on c, with each jitter that has about the spread of the delays.
func (l *ladder) shaken(list []candidate, c *curve) []candidate {
	share := l.share(c.limit)
	if c.limit < math.Inf(1) && share == 0 {
		share = l.share(math.Inf(1))
	}
	add := func(j model.Jitter, share, mean float64, figures int) {
		p := model.Policy{Kind: model.PolicyFixed, Base: duration(c.base / mean), Factor: 1, Jitter: j, Share: share}
		switch {
		case c.step > 0:
			p.Kind, p.Step = model.PolicyLinear, duration(c.step/mean)
		case c.factor > 1:
			p.Kind, p.Factor = model.PolicyExponential, c.factor
		}
		if c.limit < math.Inf(1) {
			p.Cap = duration(c.limit / mean)
		}
		list = append(list, candidate{Policy: p, figures: c.figures + figures})
	}
	if share < 0.15 {
		add(model.JitterNone, 0, 1, 0)
	}
	if share > 0.6 {
		add(model.JitterFull, 1, 0.5, 0)
	}
	if share > 0.2 && share < 0.5 {
		add(model.JitterEqual, 1./3, 0.75, 0)
	}
	if share >= leastJitter && share < mostJitter && math.Abs(share-1./3) > 0.05 {
		add(model.JitterPartial, min(share, 1), 1, 1)
	}
	return list
}

// once is for clients that each have a base of their own: what the delay of one client is to the one before it is the same for
// all of them.
func (l *ladder) once(list []candidate) []candidate {
	first := &l.rungs[0]
	n := len(first.delays)
	if first.number != 1 || n < fewestClients {
		return list
	}
	limit := l.plateau()
	var ratios []float64
	for i := range l.samples {
		if x := &l.samples[i]; x.linked && x.before > 0.2 && x.delay < 0.97*limit {
			ratios = append(ratios, x.delay/x.before)
		}
	}
	if len(ratios) < fewestClients {
		return list
	}
	slices.Sort(ratios)
	m := len(ratios)
	factor := ratios[m/2]
	if ratios[m*3/4]-ratios[m/4] > 0.1*factor || factor < 0.95 {
		return list
	}
	low, high := first.ends()
	if high-low < 2*narrow || high < 1.2*low {
		return list
	}
	p := model.Policy{
		Kind: model.PolicyFixed, Base: duration((low + high) / 2), Factor: 1, Jitter: model.JitterOnce, Share: min((high-low)/(high+low), 1),
	}
	figures := 3
	if factor > 1.04 {
		p.Kind, p.Factor = model.PolicyExponential, factor
		if limit < math.Inf(1) {
			p.Cap, figures = duration(limit), 4
		}
	}
	return append(list, candidate{Policy: p, figures: figures})
}

// ends returns the ends of the spread of r, if that is even: those of the middle nine tenths, and a little more.
func (r *rung) ends() (low, high float64) {
	n := len(r.delays)
	low, high = r.delays[n/20], r.delays[n-1-n/20]
	kept := float64(n-2*(n/20)+1) / float64(n+1)
	more := (high - low) * (1/kept - 1) / 2
	return max(0, low-more), high + more
}

// decorrelated is for delays that lie between the base and three times the one before.
func (l *ladder) decorrelated(list []candidate) []candidate {
	if l.pairs < fewestClients {
		return list
	}
	p := model.Policy{Kind: model.PolicyExponential, Base: duration(l.shortest()), Factor: 3, Jitter: model.JitterDecorrelated, Share: 1}
	figures := 1
	if limit := l.plateau(); limit < 2*l.shortest() {
		return list
	} else if limit < math.Inf(1) {
		p.Cap, figures = duration(limit), 2
	}
	return append(list, candidate{Policy: p, figures: figures})
}

// added is for exponential delays with the same time at random on top of each: then the means grow from an offset, and the
// spread stays.
func (l *ladder) added(list []candidate) []candidate {
	const fewest = 4
	if len(l.rungs) < fewest {
		return list
	}
	half := l.halfWidth()
	for n := len(l.rungs); n >= fewest; n-- {
		misfit := func(factor float64) float64 {
			_, _, misfit := l.regress(n, powers(factor))
			return misfit
		}
		factor := minimum(1.2, 4, misfit)
		offset, base, _ := l.regress(n, powers(factor))
		growth := base * (powers(factor)(l.rungs[n-1].number) - 1)
		if misfit(factor)/float64(n-3) > worstMisfit || base <= 0 || offset < -0.1 || growth < 2*half {
			continue
		}
		p := model.Policy{Kind: model.PolicyExponential, Base: duration(base), Factor: factor, Jitter: model.JitterNone}
		figures := 2
		if n < len(l.rungs) {
			limit := l.level(n) - offset
			if !l.isCap(limit, base*powers(factor)(l.rungs[n].number), n) {
				continue
			}
			p.Cap, figures = duration(limit), 3
		}
		if half > narrow/2 && offset > half-0.2 {
			q := p
			q.Jitter, q.AddedFrom, q.AddedTo = model.JitterAdded, duration(max(0, offset-half)), duration(offset+half)
			list = append(list, candidate{Policy: q, figures: figures + 2})
		}
		if offset > leastLate && offset < l.mostLate {
			list = append(list, candidate{Policy: p, figures: figures, late: offset})
		}
	}
	return list
}

// powers returns how delays grow by a factor, from 1 on.
func powers(factor float64) func(k int) float64 {
	return func(k int) float64 { return pow(factor, k-1) }
}

// halfWidth returns half the width of a spread that is the same on all rungs, 0 if it is not.
func (l *ladder) halfWidth() float64 {
	least, most, sum := math.Inf(1), 0.0, 0.0
	for i := range l.rungs {
		r := &l.rungs[i]
		half := math.Sqrt(3) * r.mean * r.spread
		least, most, sum = min(least, half), max(most, half), sum+half
	}
	if most > 1.8*least {
		return 0
	}
	return sum / float64(len(l.rungs))
}

// minimum returns where f has its minimum, by the golden section.
func minimum(from, to float64, f func(float64) float64) float64 {
	const golden = 0.618
	a, b := to-golden*(to-from), from+golden*(to-from)
	fa, fb := f(a), f(b)
	for range 16 {
		if fa < fb {
			to, b, fb = b, a, fa
			a = to - golden*(to-from)
			fa = f(a)
		} else {
			from, a, fa = a, b, fb
			b = from + golden*(to-from)
			fb = f(b)
		}
	}
	return (from + to) / 2
}

// cutOff is for exponential delays with a jitter around them, of which the cap cuts off what is longer.
func (l *ladder) cutOff(list []candidate) []candidate {
	limit := l.plateau()
	if limit == math.Inf(1) {
		return list
	}
	n := 0
	for n < len(l.rungs) && l.rungs[n].mean <= 0.6*limit {
		n++
	}
	share := l.share(limit)
	if n < 2 || share < leastJitter || share > 0.9 {
		return list
	}
	slope, intercept := l.line(n)
	if slope < math.Log(leastFactor) {
		return list
	}
	return append(list, candidate{figures: 4, Policy: model.Policy{
		Kind: model.PolicyExponential, Base: duration(math.Exp(intercept)), Factor: math.Exp(slope), Cap: duration(limit),
		Jitter: model.JitterPartial, Share: share, CapLast: true,
	}})
}

// steps is the table of the median delays. It begins with the first attempt, or is none.
func (l *ladder) steps(list []candidate) []candidate {
	if l.rungs[0].number != 1 {
		return list
	}
	table := make([]time.Duration, len(l.rungs))
	for i := range table {
		r := &l.rungs[i]
		table[i] = rounded(r.median())
		if r.narrow() && r.median() > r.mean+usualBlur/2 { // most of them are late
			table[i] = rounded(r.mean)
		}
	}
	if slices.Max(table)-slices.Min(table) < slices.Max(table)/20+100*time.Millisecond { // those are no steps
		return list
	}
	return append(list, candidate{figures: len(table), Policy: model.Policy{
		Kind: model.PolicySteps, Base: table[0], Steps: table, Factor: 1, Jitter: model.JitterNone,
	}})
}

// pow returns f to the power of n, which must not be negative.
func pow(f float64, n int) float64 {
	p := 1.0
	for range min(n, 64) {
		p *= f
	}
	return p
}

func duration(seconds float64) time.Duration {
	return time.Duration(min(max(seconds, 0), model.MaxDelay.Seconds()) * float64(time.Second))
}

// rounded returns a delay of d seconds, rounded to two digits: more are not known.
func rounded(d float64) time.Duration {
	if d <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(d))-1)
	return time.Duration(math.Round(math.Round(d/unit)*unit*1e9/1e5)) * 100 * time.Microsecond
}
