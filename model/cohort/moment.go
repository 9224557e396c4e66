package cohort

import (
	"cmp"
	"iter"
	"math"
	"net/netip"
	"slices"
	"time"

	"holter/model"
)

// stream counts ends of a kind, to find the moments at which many came.
type stream struct {
	suspicions bool
	bins       []uint32 // of the last ones, in a ring; nil before the first end
	done       int64    // number of bins that have been looked at
	from       int64    // the bin at which a burst may have begun; 0 while there is none
	to         int64    // the last bin so far that is part of it
	peak       int      // ends in its fullest bin
}

const (
	bin      = model.ActivityBin
	keptBins = model.MaxActivity
	// leastBurst is the number of ends that may be a burst.
	leastBurst = 5
	// factorBurst is how much higher a burst must be than the highest window before.
	factorBurst = 2
	// longestBurst is the number of bins after which a high rate is no moment: something else goes on. Suspicions of one
	// moment may come until the last of the peers has missed a beat.
	longestBurst     = 14
	longestSuspicion = 60
	// mostCalm is the number of bins in which it must have shown that a burst is over.
	mostCalm = 40
	// overBurst is the logarithm of the probability of a burst, with the rate after it, from which on it is over.
	overBurst = -20
	// farCloser is how much closer together than their beginnings ends must be that are nearly of the same age.
	farCloser = 20
	// warmUp is the number of bins that a background is taken over at least.
	warmUp = 40
)

// windows are the lengths of a burst that are tried, in bins: up to 2 s.
var windows = [...]int64{1, 2, 4, 8}

func (s *stream) add(at model.Instant) {
	b := int64(at) / int64(bin)
	if s.bins == nil {
		s.bins = make([]uint32, keptBins)
		s.done = b
	}
	if b > s.done-keptBins/2 && b < s.done+keptBins/2 {
		s.bins[b%keptBins]++
	}
}

// over reports whether a burst is over by now, and from which bin to which it was.
func (s *stream) over(now model.Instant) (from, to int64, over bool) {
	if s.bins == nil {
		return 0, 0, false
	}
	present := int64(now) / int64(bin)
	if present-s.done > keptBins/2 {
		clear(s.bins)
		s.done, s.from = present, 0
	}
	for ; s.done < present && !over; s.done++ {
		s.bins[(s.done+keptBins/2)%keptBins] = 0 // long past, and still to come
		switch {
		case s.from == 0:
			s.start(s.done)
		case s.goesOn(s.done):
			from, to, over = s.from, s.to, true
			s.from = 0
		}
	}
	return from, to, over
}

// goesOn looks at one more bin of a burst, and reports whether the burst is over: its rate is far higher than that after it.
func (s *stream) goesOn(at int64) (over bool) {
	n := s.count(at)
	s.peak = max(s.peak, n)
	if n*10 > s.peak {
		s.to = at
	}
	length, calm := s.to-s.from+1, at-s.to
	if length > s.longest() || calm > mostCalm {
		s.from = 0
		return false
	}
	mean := float64((s.sum(s.to+1, at)+1)*int(length)) / float64(max(calm, 1))
	return calm >= 2 && poisson(s.sum(s.from, s.to), mean) < overBurst
}

// longest is the number of bins of the longest burst.
func (s *stream) longest() int64 {
	if s.suspicions {
		return longestSuspicion
	}
	return longestBurst
}

// start looks whether a burst has begun by a bin.
func (s *stream) start(at int64) {
	widest := windows[len(windows)-1]
	if s.sum(at-widest+1, at) < leastBurst {
		return
	}
	looks := len(windows) * int(at+warmUp)
	for _, width := range windows {
		k := s.sum(at-width+1, at)
		all, highest := s.background(at-width, width)
		// The rate before may have been the chance of few ends: one more is always possible.
		mean := float64((all+1)*int(width)) / float64(max(min(at-width, keptBins/2-width), warmUp))
		if k >= leastBurst && k > factorBurst*highest && poisson(k, mean)+math.Log(float64(len(windows))) < level(looks) {
			s.begin(at-widest+1, at)
			return
		}
	}
}

// begin begins a burst that has been found in the last bin of a window.
func (s *stream) begin(from, at int64) {
	s.from, s.to, s.peak = at, at, 0
	for b := from; b <= at; b++ {
		s.peak = max(s.peak, s.count(b))
	}
	for b := at; b >= from; b-- {
		if s.count(b)*10 > s.peak {
			s.from = b
		}
	}
}

// background returns the number of ends up to a bin, and the most of them in a window of a width.
func (s *stream) background(at, width int64) (all, highest int) {
	begin := max(0, at-keptBins/2+width+1)
	window := 0
	for b := begin; b <= at; b++ {
		n := s.count(b)
		all += n
		window += n
		if b-width >= begin {
			window -= s.count(b - width)
		}
		highest = max(highest, window)
	}
	return all, highest
}

func (s *stream) count(b int64) int {
	if b < 0 {
		return 0
	}
	return int(s.bins[b%keptBins])
}

func (s *stream) sum(from, to int64) (n int) {
	for b := from; b <= to; b++ {
		n += s.count(b)
	}
	return n
}

// judge makes a cohort of the ends in a burst that nothing else explains.
func (w *Watch) judge(b burst, open iter.Seq[Living], news *News) {
	s := &w.streams[b.stream]
	members := oneWay(fromOutside(w.in(b)))
	if b.to-b.from >= longestBurst {
		members = atOneMoment(oneWay(w.during(b)))
	}
	if len(members) < leastBurst {
		return
	}
	if g := w.before(members); g != nil {
		s.forget(b.from, b.to)
		g.takeAll(w, members)
		return
	}
	side := members[0].Side
	length := time.Duration(members[len(members)-1].At - members[0].At)
	crowd := look(members, side, open)
	g := &group{Cohort: model.Cohort{Kind: model.CohortMoment, Side: side, Length: length, Of: len(members) + crowd.open}}
	g.Traits = traitsOf(members)
	g.Chance = math.Exp(poisson(len(members), s.mean(b.from, b.to)))
	if s.suspicions {
		g.Kind, g.Of = model.CohortSuspects, max(crowd.open, len(members)) // they are still open
		g.hush = hushOf(members)
		g.Cause = commonCause(members)
	} else {
		g.Cause = crowd.cause(members, side)
		if g.Cause == "" && count(members, func(e *entry) bool { return e.byApp() })*nearly < (nearly-1)*len(members) {
			g.Cause = model.CauseUnknown
		}
		if cuts := count(members, func(e *entry) bool { return e.Manner == Cut }); cuts > 0 {
			g.verdict = &Verdict{Diagnosis: model.Diagnosis{Cause: cmp.Or(g.Cause, model.CauseUnknown)}}
		}
	}
	s.forget(b.from, b.to)
	w.begin(g, members, news)
}

// mean is how many ends were to be expected in a burst.
func (s *stream) mean(from, to int64) float64 {
	all, _ := s.background(from-1, 1)
	return float64((all+1)*int(to-from+1)) / float64(max(min(from, keptBins/2), warmUp))
}

// forget takes a burst out of the background.
func (s *stream) forget(from, to int64) {
	for b := from; b <= to; b++ {
		if b >= 0 {
			s.bins[b%keptBins] = 0
		}
	}
}

// in returns the ends of a burst that are no members yet, in the order of time: where they are
// densest, and what is close to that on either side, a bin at most beyond the burst.
func (w *Watch) in(b burst) []*entry {
	begin, end := model.Instant((b.from-1)*int64(bin)), model.Instant((b.to+2)*int64(bin))
	var all []*entry
	for e := range w.newest() {
		if e.At < begin-model.Instant(time.Second) {
			break
		}
		if e.in == nil && !e.orderly() && streamOf(&e.End) == b.stream && begin <= e.At && e.At < end {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, byTime)
	from, to := densest(all)
	if to-from < fewest {
		return nil
	}
	close := max(20*(all[to-1].At-all[from].At)/model.Instant(to-from-1), model.Instant(5*resolution))
	if w.streams[b.stream].suspicions {
		close = max(close, 2*model.Instant(bin)) // each suspicion waits for a beat
	}
	near := func(a, b, far int) bool {
		gap := apart(all[a], all[b])
		// holter itself may have paused: what is as dense beyond is part of it.
		dense := far >= 0 && far < len(all) && apart(all[b], all[far]) <= leastBurst*close
		return gap <= close || dense && gap <= model.Instant(bin)
	}
	for from > 0 && near(from, from-1, from-leastBurst) {
		from--
	}
	for to < len(all) && near(to-1, to, to+leastBurst-1) {
		to++
	}
	return all[from:to]
}

// during returns the ends of a burst that are no members yet, in the order of time.
func (w *Watch) during(b burst) []*entry {
	begin, end := model.Instant(b.from*int64(bin)), model.Instant((b.to+1)*int64(bin))
	var all []*entry
	for e := range w.newest() {
		if e.At < begin-model.Instant(time.Second) {
			break
		}
		if e.in == nil && streamOf(&e.End) == b.stream && begin <= e.At && e.At < end {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, byTime)
	return all
}

// apart is the time between two ends.
func apart(a, b *entry) model.Instant { return max(a.At-b.At, b.At-a.At) }

// densest returns where half of the ends in the fullest bin are closest together.
func densest(sorted []*entry) (from, to int) {
	begin, end := fullest(sorted)
	if begin == end {
		return begin, end
	}
	n := max((end-begin+1)/2, min(fewest, end-begin))
	from, to = begin, begin+n
	for i := begin; i+n <= end; i++ {
		if sorted[i+n-1].At-sorted[i].At < sorted[to-1].At-sorted[from].At {
			from, to = i, i+n
		}
	}
	return from, to
}

// fullest returns where the ends of the fullest bin are.
func fullest(sorted []*entry) (from, to int) {
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && int64(sorted[j].At)/int64(bin) == int64(sorted[i].At)/int64(bin) {
			j++
		}
		if j-i > to-from {
			from, to = i, j
		}
		i = j
	}
	return from, to
}

// fromOutside leaves out the clients that the application or holter sent away, unless they are most: they are beside the burst.
func fromOutside(members []*entry) []*entry {
	sentAway := func(e *entry) bool {
		return e.Side == model.ClientSide && (e.By == model.ByApp || e.By == model.ByHolter)
	}
	if 2*count(members, sentAway) > len(members) {
		return members
	}
	return slices.DeleteFunc(members, sentAway)
}

// oneWay leaves out the few ends that came through another address than most: they are beside the burst.
func oneWay(members []*entry) []*entry {
	counts := map[netip.Addr]int{}
	for _, e := range members {
		counts[e.Via]++
	}
	for via, n := range counts {
		if n < len(members) && 5*n >= 4*len(members) {
			return slices.DeleteFunc(members, func(e *entry) bool { return e.Via != via })
		}
	}
	return members
}

// crowd is what a burst is compared with.
type crowd struct {
	via     netip.Addr // that all came through
	open    int        // connections of the same side that are still open
	spared  int        // of them: the same way, and open for longer than the youngest that ended
	clients int        // that ended
	proxied bool       // a proxy has said so
	various bool       // the ages are not those of connections that were opened together, nor the silences the same
}

// look compares a burst with what is open.
func look(members []*entry, side model.Side, open iter.Seq[Living]) (c crowd) {
	names := make(map[string]bool, len(members))
	youngest, forwarded := time.Duration(math.MaxInt64), 0
	for _, e := range members {
		names[e.Client] = true
		youngest = min(youngest, e.Clocks[Age])
		if e.forwarded() {
			forwarded++
		}
	}
	c.clients, c.proxied = len(names), 2*forwarded > len(members)
	for _, t := range traitsOf(members) {
		if t.Kind == model.TraitAddress {
			c.via, _ = netip.ParseAddr(t.Value)
		}
	}
	allForwarded := forwarded*nearly >= (nearly-1)*len(members) // then what is not came past the proxy
	last := members[len(members)-1].At
	opened := last - model.Instant(youngest)
	for l := range open {
		if l.Side != side || l.Opened > last {
			continue
		}
		c.open++
		if l.Via == c.via && l.Opened < opened && (l.forwarded() || !allForwarded) {
			c.spared++
		}
	}
	c.various = various(members, Age) && (brief(members, Silence) || various(members, Silence)) && (brief(members, Data) || various(members, Data))
	return c
}

// various reports whether readings of a clock differ by far more than the moments at which they were taken. A limit on that
// clock ends connections as far apart as the clock began in them; what ends them far closer together is no such limit.
func various(members []*entry, c Clock) bool {
	values := make([]time.Duration, len(members))
	for i, e := range members {
		values[i] = e.Clocks[c]
	}
	slices.Sort(values)
	n := len(values)
	length := time.Duration(members[n-1].At - members[0].At)
	middle := values[n-1-n/10] - values[n/10]
	if middle*50 <= values[n/2] { // a coarse timer may stray so far
		return middle > farCloser*max(length, resolution)
	}
	return middle > 2*length && middle > 5*resolution
}

// brief reports whether most readings of a clock are too short for a limit.
func brief(members []*entry, c Clock) bool {
	return 2*count(members, func(e *entry) bool { return e.Clocks[c] < shortest }) > len(members)
}

// cause is proxy-reload if all that came through one address have ended, whatever their ages, and "" if that is not sure.
// Many clients at one address are a proxy's, or those of one program that has ended: close frames may be that program's.
func (c *crowd) cause(members []*entry, side model.Side) model.Cause {
	cut := count(members, func(e *entry) bool { return e.Manner == Cut })
	switch {
	case !c.via.IsValid() || !c.various || c.spared*20 > len(members):
		return ""
	case count(members, func(e *entry) bool { return e.By == model.ByApp || e.By == model.ByHolter })*20 > len(members):
		return ""
	case side == model.ClientSide && !c.proxied && (c.clients < leastBurst || cut*20 < 19*len(members)):
		return ""
	case side == model.UpstreamSide && cut*2 < len(members):
		return ""
	}
	return model.CauseProxyReload
}

// commonCause is the cause that nearly all members have, CauseUnknown if there is none.
func commonCause(members []*entry) model.Cause {
	counts := map[model.Cause]int{}
	for _, e := range members {
		if counts[e.Cause]++; counts[e.Cause]*nearly >= (nearly-1)*len(members) {
			return cmp.Or(e.Cause, model.CauseUnknown)
		}
	}
	return model.CauseUnknown
}

func count(members []*entry, is func(*entry) bool) (n int) {
	for _, e := range members {
		if is(e) {
			n++
		}
	}
	return n
}
