package cohort

import (
	"slices"
	"time"

	"holter/model"
)

// A peer that falls silent is suspected when the beat after that is overdue, so the suspicions of one moment come over as long
// a time as there is between two beats. What shows that they belong together is that none of the peers was heard of after that
// moment. So those that come in a second burst, and the last few that are no burst, join the cohort that there is.

// hush is a moment since which nothing has been heard of the members of a cohort.
type hush struct {
	since model.Instant // not after the earliest suspicions
	until model.Instant // by when the last of them has come
	side  model.Side
	way   way
}

// longestHush bounds the time in which the suspicions of a moment come: few things beat less often.
const longestHush = time.Minute

// hushOf returns that of suspicions, which are in the order of time. Some may be beside it.
func hushOf(members []*entry) *hush {
	silences := make([]time.Duration, len(members))
	for i, e := range members {
		silences[i] = e.Clocks[SilenceIn]
	}
	slices.Sort(silences)
	n := len(members)
	h := &hush{since: members[n/10].At, side: members[0].Side, way: wayOf(members)}
	h.until = h.since + model.Instant(min(silences[n-1-n/10]*5/4+time.Second, longestHush))
	return h
}

// has reports whether a suspicion may be one of that moment.
func (h *hush) has(e *entry) bool {
	return e.Manner == Suspected && e.Side == h.side && e.At <= h.until && e.At-model.Instant(e.Clocks[SilenceIn]) <= h.since && h.way.has(&e.Peer)
}

// atOneMoment returns those of the suspicions of a long time that are of one moment, nil if these are not nearly all.
func atOneMoment(all []*entry) []*entry {
	if len(all) < leastBurst {
		return nil
	}
	h := hushOf(all)
	h.until = all[len(all)-1].At
	members := slices.DeleteFunc(slices.Clone(all), func(e *entry) bool { return !h.has(e) })
	if 10*len(members) < 9*len(all) {
		return nil
	}
	return members
}

// before returns the cohort of the moment at which the peers of a burst fell silent, nil if there is none yet.
func (w *Watch) before(members []*entry) *group {
	for _, g := range slices.Backward(w.all) {
		if g.hush != nil && 10*count(members, g.hush.has) >= 9*len(members) {
			return g
		}
	}
	return nil
}

// gather takes the last few suspicions of each moment into its cohort, once no more can come: a burst that goes on may be of
// another moment.
func (w *Watch) gather(now model.Instant) {
	for _, g := range w.all {
		if g.hush == nil || now <= g.hush.until || len(w.bursts) > 0 || w.streams[sides+g.hush.side].from != 0 {
			continue
		}
		var late []*entry
		for e := range w.newest() {
			if e.At < g.hush.since-model.Instant(longestHush) {
				break
			}
			if e.in == nil && g.hush.has(e) {
				late = append(late, e)
			}
		}
		g.takeAll(w, late)
		g.survey(w)
		g.hush = nil
	}
}

// takeAll makes ends members, whatever their order.
func (g *group) takeAll(w *Watch, ends []*entry) {
	slices.SortStableFunc(ends, byTime)
	for _, e := range ends {
		g.take(w, e)
	}
}

// survey finds anew what suspects have in common, now that there are more.
func (g *group) survey(w *Watch) {
	members := w.members(g)
	if len(members) == 0 {
		return
	}
	for _, e := range members {
		if at := w.time(e.At); at.Before(g.Started) {
			g.Started = at
		}
	}
	g.Cause, g.Traits = commonCause(members), traitsOf(members)
	g.Length, g.Of = g.Newest.Sub(g.Started), max(g.Of, g.Count)
}
