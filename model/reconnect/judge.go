package reconnect

import (
	"math"
	"time"

	"holter/model"
)

// candidate is a policy that the clients of a pool may follow.
type candidate struct {
	model.Policy
	known   *KnownClient // nil for a policy that was fitted
	figures int          // of its figures, as many were fitted to the delays
	late    float64      // seconds that all delays are longer than those of the policy
	stalls  stalls
	round   bool // its figures are, and the delays are theirs but for late and stalls

	score  float64 // the logarithm of its likelihood, less what its fitted figures cost (Schwarz's criterion)
	inside float64 // the share of the delays that are where the policy says
	far    float64 // how far from evenly they are spread there
	odd    float64 // how far from chance they are in all, up to mostOdd
}

// How a delay is blurred between the timer of a client and the clock of holter.
const (
	slack   = 0.01 // of a delay, by which a timer may be off
	early   = 0.02 // seconds that a delay may be too short, because of the clock and of the estimate of the way there and back
	crowded = 0.2  // seconds that first delays may be longer, because clients that come at once wait for one another
	astray  = 0.03 // share of the delays that are anywhere
	late    = 0.15 // share of the first delays that a crowd makes longer
	narrow  = 0.3  // seconds; in a narrower span the place of a delay is mostly noise

	// How late all delays may be if nothing is known of the way there and back, and otherwise.
	mostLate, oftenLate = 0.4, 0.1
	leastLate           = 0.04

	placeBins = 32
)

// judge computes the score of c and reports whether the delays may be those of c, since
//
//   - hardly any lies outside its spans, on any rung, and no more of them are alike than by chance;
//   - within the spans they are spread evenly, or as a bell, on each rung and on all together (Kolmogorov and Smirnov);
//   - the places of the delays of one client have nothing to do with one another: else there are two populations, or each
//     client has a base of its own.
//
// A delay that depends on another one which is not known does not count.
func (l *ladder) judge(c *candidate) bool {
	j := l.rate(c)
	if !j.hits() || l.clumped(j) {
		return false
	}
	uneven := j.uneven()
	if uneven > 1 {
		return false
	}
	together := max(0, l.together(j))
	c.odd = uneven*uneven + together*together
	return together <= 1 && c.odd <= mostOdd
}

// mostOdd is how far from chance a candidate may be in two ways at once, of which either would do at 1.
const mostOdd = 1.2

// rate computes the score of c.
func (l *ladder) rate(c *candidate) *judgement {
	j := l.try(c)
	if late := j.lateness(); c.known != nil && c.late == 0 && late > leastLate {
		c.late = min(late, l.mostLate)
		c.figures++
		j = l.try(c)
	}
	n := 0
	for k := range j.all {
		n += j.all[k]
	}
	c.score = j.likelihood - float64(c.figures)/2*math.Log(float64(max(n, 1)))
	return j
}

// judgement is what became of the delays under a candidate.
type judgement struct {
	c          *candidate
	likelihood float64 // its logarithm, but for product
	product    float64 // of the newest densities: a logarithm for each would take longer than all else
	all, out   [longRun]int
	bins       [longRun][placeBins]uint16 // of the places in the spans, on each rung
	placed     [longRun]int
	sum        [longRun]float64 // of the places
	squares    [longRun]float64
	blur       [longRun]float64 // how far noise moves the places, in all
	width, cap [longRun]float64 // of the spans, 0 if places in them mean nothing
	cut        int              // delays at the cap

	residuals, weights float64 // of the delays, to know how late all of them are
}

// unplaced marks a delay whose place means nothing.
const unplaced = -1

// try places all delays of l in the spans of c. The places are left in l.places.
func (l *ladder) try(c *candidate) *judgement {
	j := &l.judgement
	*j = judgement{c: c, product: 1}
	low, high := l.rungs[0].number, l.rungs[len(l.rungs)-1].number
	depends := c.Depends()
	var frames [longRun]frame
	for k := low; k <= high && !depends; k++ {
		f := l.frame(c, k, -1)
		if frames[k] = f; f.placed && !f.bell {
			j.width[k] = f.width
			if j.cap[k] = math.Inf(1); f.beyond > 0 {
				j.cap[k] = f.top - f.before
			}
		}
	}
	for i := range l.samples[:l.some] {
		x := &l.samples[i]
		l.places[i] = unplaced
		k := int(x.number)
		if k < low || k > high {
			continue
		}
		f := &frames[k]
		if depends {
			if k > 1 && !x.linked {
				continue
			}
			*f = l.frame(c, k, time.Duration(max(0, x.before-c.late)*float64(time.Second)))
		}
		l.places[i] = j.place(k, x.delay, f)
	}
	j.likelihood += math.Log(j.product)
	return j
}

// frame is a span with the tolerance for its delays.
type frame struct {
	low, top      float64 // of the span, up to the limit
	width         float64 // of the span without the limit
	beyond        float64 // the part of it that is beyond the limit
	before, after float64 // how far a delay may be off
	crowd         float64 // how much later a few may be
	stray         float64 // density of those that are anywhere
	shift         float64 // how far noise moves a place
	middle        float64 // the mean delay
	weight        float64 // one over the variance of the delays
	bell          bool
	placed        bool // places mean something
}

func (l *ladder) frame(c *candidate, k int, previous time.Duration) frame {
	s := c.Span(k, previous)
	f := frame{low: min(s.Low, s.Limit), top: min(s.High, s.Limit), bell: s.Bell, shift: 0.03}
	if c.Kind == model.PolicyNone {
		f.top = atOnce
	}
	blur := l.blur
	if previous >= 0 && k > 1 {
		f.before, blur = blur, 2*blur // that of the delay before too
		if k == 2 {
			f.before += crowded
			f.shift += crowded / 2
		}
	}
	f.width = max(s.High, f.top) - f.low
	f.middle = (f.low + f.top) / 2
	if s.High > s.Limit {
		f.beyond = (s.High - s.Limit) / f.width
		f.middle = (1-f.beyond)*f.middle + f.beyond*f.top
	}
	asked := 0.0
	if k > 1 {
		asked = l.asked
	}
	f.before += early + slack*(f.low+asked)
	f.after = 0.02 + slack*(f.top+asked) + blur
	if k == 1 {
		f.crowd = crowded
		f.shift += crowded / 2
	}
	f.stray = astray / (2*f.top + 2)
	f.placed = f.width >= narrow && f.beyond <= 0.9
	spread := f.top - f.low
	f.weight = 1 / (spread*spread/12 + 0.03*0.03 + slack*slack*f.top*f.top)
	return f
}

// place counts a delay, and returns its place in the span.
func (j *judgement) place(k int, delay float64, f *frame) float64 {
	delay -= j.c.stalls[k]
	d := delay - j.c.late
	j.all[k]++
	out := d < f.low-f.before || d > f.top+f.after+f.crowd
	if k > 1 && (!out || d > f.top && d < f.top+2*mostLate) { // first delays are late for other reasons too
		j.residuals += f.weight * (delay - f.middle)
		j.weights += f.weight
	}
	if out {
		j.out[k]++
		j.count(f.stray)
		return unplaced
	}
	atCap := f.beyond > 0 && d >= f.top-f.before
	density := 0.0
	switch {
	case f.bell:
		sigma := math.Hypot(f.width/6, (f.before+f.after)/4)
		z := (d - f.low - f.width/2) / sigma
		density = math.Exp(-z*z/2) / (sigma * math.Sqrt(2*math.Pi))
	case atCap:
		density = f.beyond/(f.before+f.after) + (1-f.beyond)*f.density(d)
	default:
		density = (1 - f.beyond) * f.density(d)
	}
	j.count((1-astray)*density + f.stray)
	if !f.placed {
		return unplaced
	}
	place, middle := 0.0, 0.0
	switch {
	case f.bell:
		place = math.Erfc(-(d-f.low-f.width/2)/(f.width/6)/math.Sqrt2) / 2
		middle = place
	case atCap: // spread them over what is beyond the cap
		j.cut++
		_, part := math.Modf(float64(j.cut) * math.Phi)
		place, middle = 1-f.beyond*part, 1-f.beyond/2
	default:
		place = min(max((d-f.low)/f.width, 0), 1)
		middle = place
	}
	j.bins[k][min(int(place*placeBins), placeBins-1)]++
	j.placed[k]++
	j.sum[k] += middle
	j.squares[k] += middle * middle
	j.blur[k] += f.shift / f.width
	return middle
}

// count adds a density to the likelihood.
func (j *judgement) count(density float64) {
	if j.product *= density; j.product < 1e-100 || j.product > 1e100 {
		j.likelihood += math.Log(j.product)
		j.product = 1
	}
}

// density returns the density at d of what is spread evenly over the span, and then off by -before to after.
func (f *frame) density(d float64) float64 {
	edge, width := f.before+f.after, f.top-f.low
	ramp := min(d-(f.low-f.before), f.top+f.after-d) // from the end of what is possible
	density := max(0, min(1, ramp/max(min(edge, width), 1e-6))) / max(edge, width)
	if f.crowd > 0 {
		density = (1-late)*density + late/(max(edge, width)+f.crowd)
	}
	return density
}

// middleOf returns the mean delay in a span, and its width up to the limit.
func middleOf(s *model.Span) (middle, width float64) {
	if s.Low >= s.Limit {
		return s.Limit, 0
	}
	top := min(s.High, s.Limit)
	middle = (s.Low + top) / 2
	if s.High > top {
		beyond := (s.High - top) / (s.High - s.Low)
		middle = (1-beyond)*middle + beyond*top
	}
	return middle, top - s.Low
}

// lateness is how late all delays are, 0 if that is not certain.
func (j *judgement) lateness() float64 {
	if j.weights == 0 {
		return 0
	}
	late := j.residuals / j.weights
	if late < 3/math.Sqrt(j.weights) {
		return 0
	}
	return late
}

// strays returns the share of the delays that lie outside the spans.
func (j *judgement) strays() float64 {
	all, out := 0, 0
	for k := range j.all {
		all, out = all+j.all[k], out+j.out[k]
	}
	return float64(out) / float64(max(all, 1))
}

// hits reports whether so few delays lie outside the spans that chance explains them.
func (j *judgement) hits() bool {
	all, out := 0, 0 // of no delays at all, nothing is known
	for k := range j.all {
		all, out = all+j.all[k], out+j.out[k]
		if tooMany(j.out[k], j.all[k], 2*astray) {
			return false
		}
	}
	j.c.inside = 1 - float64(out)/float64(max(all, 1))
	return all > 0 && !tooMany(out, all, astray)
}

// tooMany reports whether chance hardly ever gives n of all, where it gives a share of them on average.
func tooMany(n, all int, share float64) bool {
	mean := share * float64(all)
	return float64(n) > mean+3*math.Sqrt(mean)+1.5
}

// clumped reports whether so many delays of a rung are alike that they cannot be spread over a span.
func (l *ladder) clumped(j *judgement) bool {
	for i := range l.rungs {
		r := &l.rungs[i]
		if width := j.width[r.number]; width > 0 && r.clump < j.cap[r.number] {
			mean := float64(len(r.delays)) * clumpWidth / width
			if float64(r.clumped) > mean+5*math.Sqrt(mean)+3 {
				return true
			}
		}
	}
	return false
}

// uneven returns how far from evenly the delays are spread in the spans, 1 for the most that chance explains.
func (j *judgement) uneven() (most float64) {
	var together [placeBins]uint16
	blur, n := 0.0, 0
	for k := range j.bins {
		if j.placed[k] == 0 {
			continue
		}
		most = max(most, distance(&j.bins[k], j.placed[k])/(likeness(j.placed[k], oneInThousand)+j.blur[k]/float64(j.placed[k])))
		for i, in := range j.bins[k] {
			together[i] += in
		}
		blur, n = blur+j.blur[k], n+j.placed[k]
	}
	if n == 0 {
		return 0
	}
	j.c.far = distance(&together, n)
	return max(most, j.c.far/(likeness(n, oneInHundred)+blur/float64(n)))
}

// distance returns how far n places are from an even spread over 0 to 1: the statistic of Kolmogorov and Smirnov, at the edges of
// the bins.
func distance(in *[placeBins]uint16, n int) float64 {
	far, below := 0.0, 0
	for i, m := range in {
		far = max(far, math.Abs(float64(below)/float64(n)-float64(i)/placeBins))
		below += int(m)
	}
	return far
}

// Kolmogorov's quantiles: chance exceeds this distance once in a hundred or in a thousand samples. The rarer one is
// for a test that is repeated on each rung.
const (
	oneInHundred  = 1.63
	oneInThousand = 1.95
)

// likeness returns the distance that n places may have by chance, plus a little for the noise of the network, which
// does not average out.
func likeness(n int, quantile float64) float64 { return quantile/math.Sqrt(float64(n)) + 0.03 }

// mostTogether is how many standard deviations the places of one client's delays may be nearer to one another than to others'.
const mostTogether = 3

// together returns how much nearer to one another the places of one client's delays are than to those of other clients, 1 for the
// most that chance explains. It compares the sum of the products of any two of them, from the mean of their rungs, with that of
// chance.
func (l *ladder) together(j *judgement) float64 {
	var mean, scale [longRun]float64
	for k := range mean {
		if n := float64(j.placed[k]); n > 1 {
			mean[k] = j.sum[k] / n
			scale[k] = 1 / math.Sqrt(max(j.squares[k]/n-mean[k]*mean[k], 1e-3))
		}
	}
	together, pairs := 0.0, 0.0
	sum, squares, n, client := 0.0, 0.0, 0.0, int32(-1)
	for i := range l.samples[:l.some] {
		x := &l.samples[i]
		if x.client != client {
			together, pairs = together+(sum*sum-squares)/2, pairs+n*(n-1)/2
			sum, squares, n, client = 0, 0, 0, x.client
		}
		if l.places[i] != unplaced {
			z := (l.places[i] - mean[x.number]) * scale[x.number]
			sum, squares, n = sum+z, squares+z*z, n+1
		}
	}
	together, pairs = together+(sum*sum-squares)/2, pairs+n*(n-1)/2
	if pairs == 0 {
		return 0
	}
	own := 0.02 // because each client has a way there and back of its own
	if j.c.late > leastLate || l.mostLate == mostLate {
		own = 0.08
	}
	return together / (mostTogether*math.Sqrt(pairs) + own*pairs)
}
