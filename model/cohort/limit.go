package cohort

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"time"

	"holter/model"
)

// limit is a silence or an age at which connections are cut, as it has been learnt.
type limit struct {
	group     *group
	of        class
	clock     Clock
	way       way             // that the members came
	low, high time.Duration   // what is taken for it
	recent    []time.Duration // the newest readings of members, in a ring once there are maxRecent
	next      int
	ends      int  // that came the same way and were cut, since the first member
	outlived  int  // of them
	revised   int  // members when the way was last taken from them
	partial   bool // some that came the same way have outlived it: it does not cut all
	stale     bool // it is outlived, and takes no more: it names no more ends
}

const (
	maxLimits = 32
	maxRecent = 64
	// leastPad is how far beyond the readings so far another one may be.
	leastPad = 10 * time.Millisecond
	// widePad is the same of a limit that nothing outlives: what comes near it is cut, so an end there is hardly another's.
	widePad = 50 * time.Millisecond
	// lazy is how much sooner a silence may be cut: nginx does not set a timer anew within so long
	// (nginx/nginx:src/event/ngx_event_timer.h, NGX_TIMER_LAZY_DELAY).
	lazy = 300 * time.Millisecond
)

// explain returns the cohort that an end is a member of by its clocks, nil if there is none.
func (w *Watch) explain(e *End) (in *group) {
	for _, l := range w.limits {
		if !l.of.has(e) || !l.way.has(&e.Peer) {
			continue
		}
		l.ends++
		l.group.dirty = true
		v := e.Clocks[l.clock]
		if v > beyond(l.high) {
			l.outlived++
			l.partial = l.partial || l.outlived >= survivors
		}
		if in == nil && !l.stale && l.low <= v && v <= l.high && !l.group.vague() {
			l.group.count(w, e)
			l.read(v)
			in = l.group
		}
	}
	return in
}

func (l *limit) read(v time.Duration) {
	if len(l.recent) < maxRecent {
		l.recent = append(l.recent, v)
		return
	}
	l.recent[l.next] = v
	l.next = (l.next + 1) % maxRecent
}

// measure takes the length and the spread from the newest members. The window that counts is wider, as k members show
// (k-1)/(k+1) of the range of all on average.
func (l *limit) measure(w *Watch) {
	sorted := slices.Sorted(slices.Values(l.recent))
	n := len(sorted)
	low, high := sorted[n/20], sorted[n-1-n/20]
	middle := sorted[n/2]
	pad := max(2*(high-low)/time.Duration(max(n-1, 1)), leastPad)
	if !l.partial {
		pad = max(pad, widePad)
		if l.clock != Age {
			pad = max(pad, middle/50)
		}
	}
	room, sooner := widest(middle)/2, time.Duration(0)
	if !l.partial && l.clock != Age {
		sooner = lazy
	}
	l.low, l.high = max(low-max(pad, sooner), middle-max(room, sooner)), min(high+pad, middle+room)
	g := l.group
	g.Length, g.Spread = middle, max(middle-low, high-middle)
	g.Of = max(l.ends, g.Count)
}

// limitOf returns the limit of a cohort, nil if it has none.
func (w *Watch) limitOf(g *group) *limit {
	if i := slices.IndexFunc(w.limits, func(l *limit) bool { return l.group == g }); i >= 0 {
		return w.limits[i]
	}
	return nil
}

// cluster is ends with nearly the same reading of a clock.
type cluster struct {
	clock   Clock
	members []*entry
	chance  float64 // logarithm
}

// findLimit looks for a limit among the ends of a class that are not understood yet. It reports false if that depends on
// the open connections, and it has not got them.
func (w *Watch) findLimit(i int, open iter.Seq[Living], news *News) bool {
	of := classes[i]
	ends := w.unexplained(of)
	w.scans[i].of = len(ends)
	var best cluster
	for c := range clocks {
		if found := w.search(ends, c); found.members != nil && (best.members == nil || found.chance < best.chance) {
			best = found
		}
	}
	if best.members == nil || best.chance > level(w.cuts[i]) {
		return true
	}
	slices.SortFunc(best.members, byTime)
	clock, cause := w.decide(&best, of.side, open)
	if cause == model.CauseUnknown && open == nil {
		return false
	}
	if of.manner != Cut && cause != model.CauseUnknown {
		cause = "" // nothing on the way has done it
	}
	if l := w.near(of, clock, cause, &best); l != nil {
		w.join(l, best.members, news)
		return true
	}
	w.learn(of, clock, cause, &best, news)
	return true
}

// near returns the limit that a cluster is a part of: it was learnt from too few to know how far readings stray.
func (w *Watch) near(of class, c Clock, cause model.Cause, b *cluster) *limit {
	low, high := b.bounds(c)
	for _, l := range w.limits {
		if l.of == of && l.clock == c && !l.stale && l.group.Cause == cause &&
			max(slices.Max(l.recent), high)-min(slices.Min(l.recent), low) <= widest(high) {
			return l
		}
	}
	return nil
}

// join makes ends members of a cohort that there is.
func (w *Watch) join(l *limit, ends []*entry, news *News) {
	for _, e := range ends {
		if e.in != l.group {
			l.group.take(w, e)
			l.read(e.Clocks[l.clock])
			news.name(e, l.group.verdict)
		}
	}
	members := w.members(l.group)
	l.group.Traits = traitsOf(members)
	if way := wayOf(members); !way.equal(&l.way) {
		l.way = way
		l.ends = w.sameWay(l, l.group.Started)
	}
}

// members returns the newest members of a cohort. Of very many, these show what all share.
func (w *Watch) members(g *group) (newest []*entry) {
	for e := range w.newest() {
		if e.in == g {
			if newest = append(newest, e); len(newest) == scanned {
				break
			}
		}
	}
	return newest
}

// unexplained returns the newest ends of a class that are no members yet.
func (w *Watch) unexplained(of class) (ends []*entry) {
	for e := range w.newest() {
		if !of.has(&e.End) || e.in != nil && !e.in.vague() {
			continue
		}
		if ends = append(ends, e); len(ends) == scanned {
			break
		}
	}
	return ends
}

// search finds the ends whose reading of a clock lies closest together, as far as chance does not explain that.
func (w *Watch) search(ends []*entry, c Clock) (best cluster) {
	type reading struct {
		value time.Duration
		of    int // ends
	}
	shown := make([]reading, 0, len(ends))
	for i, e := range ends {
		if e.shows(c) {
			shown = append(shown, reading{e.Clocks[c], i})
		}
	}
	slices.SortFunc(shown, func(a, b reading) int { return cmp.Compare(a.value, b.value) })
	n, values := len(shown), make([]time.Duration, len(shown))
	for i, r := range shown {
		values[i] = r.value
	}
	best.chance = level(n)
	for _, k := range sizes {
		if k > n {
			break
		}
		s, share := narrowest(values, k)
		if math.IsInf(share, 1) {
			break
		}
		if chance(n, k, share) >= best.chance || !sharp(values, s) {
			continue
		}
		members := make([]*entry, 0, k)
		for _, r := range shown[s.from:s.to] {
			members = append(members, ends[r.of])
		}
		apart := moments(members, values[s.to-1]-values[s.from])
		if apart < fewest {
			continue
		}
		if p := chance(n, apart, share); p < best.chance {
			best = cluster{c, members, p}
		}
	}
	return best
}

// decide says which clock a cluster goes by, and which cause that is. What goes by its age as well as by a silence is
// unknown, unless other connections have outlived one of the two.
func (w *Watch) decide(best *cluster, side model.Side, open iter.Seq[Living]) (Clock, model.Cause) {
	var tight [clocks]bool
	own := best.width(best.clock)
	for c := range clocks {
		_, high := best.bounds(c)
		tight[c] = high >= shortest && best.width(c) <= max(2*own, high/50, 20*time.Millisecond)
	}
	silence := best.clock
	for _, c := range []Clock{Data, SilenceOut, SilenceIn, Silence} { // the last one that fits: the plainest
		if tight[c] {
			silence = c
		}
	}
	switch {
	case !tight[Age]:
		return silence, model.CauseIdleCut
	case silence == Age:
		return Age, model.CauseAgeCut
	case w.outlived(best, side, Age, open):
		return silence, model.CauseIdleCut
	case w.outlived(best, side, silence, open):
		return Age, model.CauseAgeCut
	}
	return silence, model.CauseUnknown
}

func (b *cluster) bounds(c Clock) (low, high time.Duration) {
	low = math.MaxInt64
	for _, e := range b.members {
		low, high = min(low, e.Clocks[c]), max(high, e.Clocks[c])
	}
	return low, high
}

func (b *cluster) width(c Clock) time.Duration {
	low, high := b.bounds(c)
	return high - low
}

// beyond is the reading of a clock from which on a limit is outlived.
func beyond(high time.Duration) time.Duration { return high + max(high/10, time.Second) }

// survivors is the number of connections that show that something is no limit.
const survivors = 3

// outlived reports whether enough connections of the same way are, or were, beyond the readings of a cluster.
func (w *Watch) outlived(b *cluster, side model.Side, c Clock, open iter.Seq[Living]) bool {
	_, high := b.bounds(c)
	n, way := 0, wayOf(b.members)
	for e := range w.newest() {
		if e.Side == side && e.Clocks[c] > beyond(high) && way.has(&e.Peer) {
			n++
		}
	}
	if open == nil || n >= survivors {
		return n >= survivors
	}
	for l := range open {
		if l.Side == side && l.Clocks[c] > beyond(high) && way.has(&l.Peer) {
			n++
		}
	}
	return n >= survivors
}

// learn makes a limit of a cluster. All ends within it become members.
func (w *Watch) learn(of class, c Clock, cause model.Cause, b *cluster, news *News) {
	l := &limit{of: of, clock: c}
	g := &group{Cohort: model.Cohort{Kind: kinds[c], Cause: cause, Side: of.side, Chance: math.Exp(b.chance)}, manner: of.manner}
	l.group = g
	if of.manner == Cut {
		g.verdict = &Verdict{Diagnosis: model.Diagnosis{Cause: cause}}
	}
	l.way, l.partial = wayOf(b.members), w.outlived(b, of.side, c, nil)
	for _, e := range b.members {
		l.read(e.Clocks[c])
	}
	l.measure(w)
	members := w.within(l)
	if len(members) < fewest {
		return // most came another way
	}
	g.Traits = traitsOf(members)
	l.ends = w.sameWay(l, w.time(members[0].At))
	l.recent = nil
	for _, e := range members {
		l.read(e.Clocks[c])
	}
	w.replace(l)
	w.begin(g, members, news)
}

// grown reports whether a limit has twice as many members as when its way was taken from them.
func (w *Watch) grown() bool { return slices.ContainsFunc(w.limits, (*limit).grown) }

func (l *limit) grown() bool {
	return !l.group.vague() && l.group.Count >= 2*max(l.revised, 1)
}

// revise takes the way of a limit from all its members: the few that taught it may have come by another one. Then what outlives
// it is another question too, and more ends may be members.
func (w *Watch) revise(l *limit, open iter.Seq[Living], news *News) {
	l.revised = l.group.Count
	b := cluster{clock: l.clock, members: w.members(l.group)}
	if len(b.members) < fewest {
		return
	}
	if way := wayOf(b.members); !way.equal(&l.way) {
		l.way, l.partial, l.outlived = way, false, 0
	}
	l.partial = l.partial || w.outlived(&b, l.of.side, l.clock, open)
	l.measure(w)
	for _, e := range w.within(l) {
		l.group.take(w, e)
		l.read(e.Clocks[l.clock])
		news.name(e, l.group.verdict)
	}
	l.ends = w.sameWay(l, l.group.Started)
}

// within returns the ends, understood or not, that a limit explains, in the order of time.
func (w *Watch) within(l *limit) (members []*entry) {
	for e := range w.newest() {
		if v := e.Clocks[l.clock]; l.of.has(&e.End) && l.low <= v && v <= l.high &&
			(e.in == nil || e.in.vague()) && l.way.has(&e.Peer) {
			members = append(members, e)
		}
	}
	slices.SortStableFunc(members, byTime)
	return members
}

// sameWay counts the ends that came the same way and were cut since a time, as far as they are remembered.
func (w *Watch) sameWay(l *limit, from time.Time) (n int) {
	for e := range w.newest() {
		if l.of.has(&e.End) && l.way.has(&e.Peer) && !w.time(e.At).Before(from) {
			n++
		}
	}
	return n
}

// replace adds a limit, in place of what was less sure at the same time.
func (w *Watch) replace(l *limit) {
	w.limits = slices.DeleteFunc(w.limits, func(o *limit) bool {
		same := o.of == l.of && o.low <= l.high && l.low <= o.high && (o.stale && o.clock == l.clock || o.group.vague())
		if same && o.group.vague() {
			w.all = slices.DeleteFunc(w.all, func(g *group) bool { return g == o.group })
		}
		return same
	})
	if len(w.limits) == maxLimits {
		w.limits = slices.Delete(w.limits, 0, 1)
	}
	w.limits = append(w.limits, l)
}

// doubt takes the limits that are outlived for what they are.
func (w *Watch) doubt(now model.Instant, open iter.Seq[Living]) {
	outlived := make([]int, len(w.limits))
	for living := range open {
		for i, l := range w.limits {
			if living.Side == l.of.side && living.Clocks[l.clock] > beyond(l.high) && l.way.has(&living.Peer) {
				outlived[i]++
			}
		}
	}
	for i, l := range w.limits {
		l.partial = l.partial || outlived[i] >= survivors
		quiet := now - model.Instant(l.group.Newest.Sub(w.zero))
		l.stale = l.stale || outlived[i] >= max(survivors, l.group.Count) && time.Duration(quiet) > beyond(l.high)
	}
}
