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
	raw      []rung          // all rungs, also those with few clients
	pairs    []pair          // two delays of one client, one after the other
	first    []time.Duration // before first attempts of any kind, in order
	attempts int
	mayObey  bool // clients that were asked to wait have waited that long
	heed     heed

	wanderings int // pairs of delays of which the second may depend on the first, if they are too few to tell
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
}

type pair struct{ before, delay float64 }

// climb makes the ladder of members. With obeys, delays count from the moment when a client may come again.
func climb(members []*Attempts, now model.Instant, obeys bool) *ladder {
	l := &ladder{}
	rungs := make([]rung, longRun-1) // of a higher rung only the last attempt of a long run is kept
	asked, waited := 0, 0
	for _, a := range members {
		before := attempt{}
		for _, x := range a.list {
			if x.number == 1 {
				l.first = append(l.first, x.delay())
			}
			if x.asked > 0 {
				asked++
				waited += x.waited()
			}
			l.step(rungs, a, before, x, obeys)
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
	l.raw, l.rungs = rungs, usable(rungs)
	for i := range l.rungs {
		l.attempts += len(l.rungs[i].delays)
	}
	return l
}

// step puts an attempt on its rung, if its delay is the client's own choice.
func (l *ladder) step(rungs []rung, a *Attempts, before, x attempt, obeys bool) {
	k := int(x.number)
	if k == 0 || k > len(rungs) || !x.free {
		return
	}
	d := x.own(obeys).Seconds()
	rungs[k-1].add(a, d)
	if x.asked > 0 {
		rungs[k-1].asked = append(rungs[k-1].asked, pair{float64(x.asked), x.delay().Seconds()})
	}
	if before.free && before.refused && int(before.number) == k-1 {
		l.pairs = append(l.pairs, pair{before.own(obeys).Seconds(), d})
	}
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

// plateau returns the longest delay if enough delays are that long to show a cap; otherwise +Inf.
func (l *ladder) plateau() float64 {
	longest, n, all := 0.0, 0, 0
	for i := range l.rungs {
		longest = max(longest, l.rungs[i].delays[len(l.rungs[i].delays)-1])
	}
	for i := range l.rungs {
		for _, d := range l.rungs[i].delays {
			if d > 0.98*longest {
				n++
			}
		}
		all += len(l.rungs[i].delays)
	}
	if n < 5 || n < all/20 {
		return math.Inf(1)
	}
	return longest
}

// table returns the median delay of each rung.
func (l *ladder) table() []time.Duration {
	steps := make([]time.Duration, len(l.rungs))
	for i := range steps {
		steps[i] = rounded(l.rungs[i].median())
	}
	return steps
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

// obeys reports whether clients that are asked to wait a second longer come a second later: that is the slope of the
// line through all delays. known is false if all were asked to wait for the same time.
func (h *heed) obeys() (obeys, known bool) {
	if h.squares < 1e-3 {
		return false, false
	}
	return h.products > h.squares/2, true
}
