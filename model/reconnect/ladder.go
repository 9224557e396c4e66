package reconnect

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// ladder holds the attempts of a pool's clients by their number: the first rung has all first attempts, and so on,
// as far as enough clients have come.
type ladder struct {
	rungs    []rung
	raw      [longRun - 1]rung // all rungs, also those with few clients; of a higher rung only the last attempt of a long run is kept
	samples  []sample          // all delays, those of one client one after the other
	places   []float64         // of samples, for judge
	some     int               // as many of samples are judged
	first    []time.Duration   // before first attempts of any kind, in order
	pairs    int               // of delays of one client, one after the other
	attempts int
	mayObey  bool // clients that were asked to wait have waited that long
	heed     heed

	blur     float64 // seconds by which delays differ because of the network and timers alone
	skewed   float64 // the same, if spreads to both sides are the clients' own
	mostLate float64 // seconds that all delays may be late
	longest  float64 // see plateau
	asked    float64 // seconds that were asked for on top of each delay, on average

	judgement judgement
}

// sample is a delay of one client's own choice, in seconds.
type sample struct {
	delay  float64
	before float64 // the delay before it
	client int32
	number uint8
	linked bool // before is known
}

// heed sums up how the delays of one rung depend on what a refusal asked for, both in seconds.
type heed struct{ squares, products float64 }

// rung is the delays before attempts of one number, in seconds and in order.
type rung struct {
	number  int
	delays  []float64
	mean    float64 // of the delays without outliers
	spread  float64 // their standard deviation over the mean
	clients int
	asked   []pair    // what was asked for, and the whole delay
	last    *Attempts // the client added last
	pending int       // clients whose attempt has yet to come
	clump   float64   // where most delays are alike: the longest of them
	clumped int       // as many
}

type pair struct{ before, delay float64 }

// climb makes l the ladder of members. With obeys, delays count from the moment when a client may come again.
func (l *ladder) climb(members []*Attempts, now model.Instant, obeys bool) {
	l.reset()
	rungs := l.raw[:]
	asked, waited, total := 0, 0, 0
	unmeasured := 0 // ways there and back
	for i, a := range members {
		if a.path == 0 {
			unmeasured++
		}
		before := attempt{}
		for _, x := range a.list {
			if x.number == 1 {
				l.first = append(l.first, x.delay())
			}
			if x.asked > 0 {
				asked++
				waited += x.waited()
				total += int(x.asked)
			}
			l.step(rungs, a, int32(i), before, x, obeys)
			before = x
		}
	}
	l.mayObey = asked >= fewestClients && waited >= asked*95/100
	slices.Sort(l.first)
	for i := range rungs {
		rungs[i].number = i + 1
		rungs[i].measure()
		l.heed.add(rungs[i].asked)
	}
	await(rungs, members, now)
	l.rungs = usable(rungs)
	for i := range l.rungs {
		l.attempts += len(l.rungs[i].delays)
	}
	l.mostLate = oftenLate
	if 2*unmeasured > len(members) && l.shortest() > oftenLate {
		l.mostLate = mostLate
	}
	if obeys {
		l.asked = float64(total) / float64(max(1, asked))
	}
	l.blur, l.skewed = l.noise()
	l.places, l.some = slices.Grow(l.places, len(l.samples))[:len(l.samples)], len(l.samples)
}

// reset empties l, but for the memory.
func (l *ladder) reset() {
	old := l.raw
	*l = ladder{samples: l.samples[:0], places: l.places[:0], first: l.first[:0]}
	for i := range old {
		l.raw[i] = rung{delays: old[i].delays[:0], asked: old[i].asked[:0]}
	}
}

// step puts an attempt on its rung, if its delay is the client's own choice.
func (l *ladder) step(rungs []rung, a *Attempts, client int32, before, x attempt, obeys bool) {
	k := int(x.number)
	if k == 0 || k > len(rungs) || x.choice == notChosen {
		return
	}
	d := x.own(obeys).Seconds()
	rungs[k-1].add(a, d)
	if x.asked > 0 {
		rungs[k-1].asked = append(rungs[k-1].asked, pair{float64(x.asked), x.delay().Seconds()})
	}
	now := sample{delay: d, client: client, number: x.number}
	if before.choice != notChosen && before.refused && int(before.number) == k-1 {
		now.linked, now.before = true, before.own(obeys).Seconds()
		l.pairs++
	}
	l.samples = append(l.samples, now)
}

// usualBlur is how many seconds the network and timers add to a delay, where that cannot be seen, and leastBlur is how many they
// add always.
const usualBlur, leastBlur = 0.05, 0.02

// noise returns how far the longer delays of a rung are from its median, where that is least: no delays differ by less than what
// the network and timers do to them. skewed is how much farther they are than the shorter ones, on average: timers are only
// ever late, so a spread to both sides is the clients' own.
func (l *ladder) noise() (most, skewed float64) {
	most = math.Inf(1)
	for i := range l.rungs {
		r := &l.rungs[i]
		n := len(r.delays)
		longer, shorter := r.delays[n-1-n/10]-r.median(), r.median()-r.delays[n/10]
		most = min(most, 2.2*longer)
		skewed += 3.5 * (longer - shorter) / float64(len(l.rungs))
	}
	if most > 8*usualBlur { // the delays differ by themselves on every rung
		return usualBlur, usualBlur
	}
	return min(max(most, leastBlur), 3*usualBlur), min(max(skewed, leastBlur), 3*usualBlur)
}

// waited returns 1 if the client came no sooner than it was asked to, else 0.
func (x attempt) waited() int {
	if x.delay() < time.Duration(x.asked)*time.Second*98/100 {
		return 0
	}
	return 1
}

// await counts for each rung the clients whose attempt has yet to come. While there are many, only the short delays
// of the rung are known, and would seem to be all. A client that waits for much longer than the others has given up.
func await(rungs []rung, members []*Attempts, now model.Instant) {
	for _, a := range members {
		k := int(a.number) // of its last attempt
		if !a.away() || !a.counts || k >= len(rungs) {
			continue
		}
		if rungs[k].awaits(a, now) {
			rungs[k].pending++
		}
	}
}

// awaits reports whether a client may still make the attempt of r.
func (r *rung) awaits(a *Attempts, now model.Instant) bool {
	return len(r.delays) == 0 || time.Duration(now-a.ended).Seconds() < 3*r.delays[len(r.delays)-1]+1
}

// away reports whether the client has not come back yet.
func (a *Attempts) away() bool {
	return a.number == 0 || len(a.list) > 0 && a.list[len(a.list)-1].refused
}

// usable returns the first rungs in a row on which there are enough clients.
func usable(rungs []rung) []rung {
	enough := func(r rung) bool { return r.clients >= fewestClients && r.pending <= len(r.delays)/10 }
	from := slices.IndexFunc(rungs, enough)
	if from < 0 {
		return nil
	}
	to := from
	for to < len(rungs) && enough(rungs[to]) {
		to++
	}
	return rungs[from:to]
}

func (r *rung) add(a *Attempts, d float64) {
	r.delays = append(r.delays, d)
	if r.last != a {
		r.clients, r.last = r.clients+1, a
	}
}

func (r *rung) median() float64 { return r.delays[len(r.delays)/2] }

// clumpWidth is how many seconds delays may differ that are alike.
const clumpWidth = 0.1

func (r *rung) findClump() {
	from := 0
	for i, d := range r.delays {
		for d-r.delays[from] > clumpWidth {
			from++
		}
		if n := i - from + 1; n > r.clumped {
			r.clumped, r.clump = n, d
		}
	}
}

// narrow reports whether the delays are so near to one another that the network, timers and, at first, a crowd may be all that
// moves them apart. Then the shortest ones tell the most.
func (r *rung) narrow() bool {
	n, most := len(r.delays), 3*usualBlur
	if r.number == 1 {
		most = crowded + early
	}
	return r.delays[n-1-n/10]-r.delays[n/10] < most
}

// measure computes the mean and the spread without outliers: the delays of a uniform spread are no farther from the
// median than its quartiles are from each other.
func (r *rung) measure() {
	if len(r.delays) == 0 {
		return
	}
	slices.Sort(r.delays)
	n := len(r.delays)
	reach := 2.5*(r.delays[n*3/4]-r.delays[n/4]) + 0.02
	sum, squares, m := 0.0, 0.0, 0.0
	for _, d := range r.delays {
		if math.Abs(d-r.median()) <= reach {
			sum, squares, m = sum+d, squares+d*d, m+1
		}
	}
	r.mean = max(sum/m, 1e-3)
	if r.narrow() {
		r.mean = max(r.delays[n/10], 1e-3)
	}
	r.findClump()
	variance := max(0, squares/m-(sum/m)*(sum/m))
	r.spread = math.Sqrt(variance) / r.mean
}

// shortest returns the shortest delay of all.
func (l *ladder) shortest() float64 {
	shortest := math.Inf(1)
	for i := range l.rungs {
		shortest = min(shortest, l.rungs[i].delays[0])
	}
	return shortest
}

// plateau returns the longest delay if enough delays are that long to show a cap; otherwise +Inf. A few that are longer are late.
func (l *ladder) plateau() float64 {
	if l.longest != 0 {
		return l.longest
	}
	all := make([]float64, 0, l.attempts)
	for i := range l.rungs {
		all = append(all, l.rungs[i].delays...)
	}
	slices.Sort(all)
	n := len(all)
	top := all[n-1-n/50]
	from, _ := slices.BinarySearch(all, 0.98*top)
	to, _ := slices.BinarySearch(all, 1.02*top)
	l.longest = math.Inf(1)
	if m := to - from; m >= 5 && m >= n/20 {
		l.longest = all[from+m/2]
	}
	return l.longest
}

// add adds a rung, with a weight that is larger the less its delays vary.
func (h *heed) add(asked []pair) {
	n := float64(len(asked))
	if n < fewestClients {
		return
	}
	var x, y, xx, xy, yy float64
	for _, p := range asked {
		x, y = x+p.before/n, y+p.delay/n
		xx, xy, yy = xx+p.before*p.before/n, xy+p.before*p.delay/n, yy+p.delay*p.delay/n
	}
	weight := n / max(yy-y*y, 1e-4)
	h.squares += weight * (xx - x*x)
	h.products += weight * (xy - x*y)
}

// heeds is whether clients wait for as long as a refusal asks.
type heeds uint8

const (
	heedsUnknown heeds = iota // all were asked to wait for about the same time
	heedsNot
	heedsAlways
)

// tell returns whether clients that are asked to wait a second longer come a second later: that is the slope of the line through all
// delays. It takes requests that vary so much that the slope is certain.
func (h *heed) tell() heeds {
	if h.squares == 0 {
		return heedsUnknown
	}
	slope, off := h.products/h.squares, 1/math.Sqrt(h.squares)
	switch {
	case off > 0.2:
	case math.Abs(slope) <= 0.15+2.5*off && slope < 0.5:
		return heedsNot
	case math.Abs(slope-1) <= 0.15+2.5*off && slope > 0.5:
		return heedsAlways
	}
	return heedsUnknown
}
