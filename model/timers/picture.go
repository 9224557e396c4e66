package timers

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"

	"holter/model"
)

// Cut is a limit that ends of connections have shown, on this path or on others. Ends, Of and Where are those of the path on
// which it has ended the most.
type Cut struct {
	model.Limit
	Cohort int        // of these ends
	Side   model.Side // on which they were
	Via    netip.Addr // the address of the other end of their sockets; the zero Addr for several
}

// reaches reports whether what cuts connections elsewhere is on the way of these too.
func (p *Path) reaches(c *Cut) bool {
	return c.Ends > 0 && !c.Either && (c.Side == model.UpstreamSide || c.Via.IsValid() && c.Via == p.open.via && !p.open.mixed)
}

// Picture returns what is known of the path, without its id, template and upstream. Of cuts, those count by which one of its
// connections has ended lately.
func (p *Path) Picture(now model.Instant, m Mode, cuts []Cut) model.Path {
	r, silent := p.open.record, p.open.silent
	for i := range p.halves {
		r.join(p.halves[i].record)
		silent = max(silent, p.halves[i].silent)
	}
	s := model.Path{
		Open: p.open.open, Opened: p.opened, EndsOver: p.endsOver(now),
		MedianAge: p.medianAge(now), Clocks: p.clocks(now, m), Data: p.data(now),
		Survived: r.bytes, DataSurvived: r.lapse,
	}
	s.Ends, s.Ended = p.ended()
	s.Limits = p.limits(cuts, m, &r)
	v := view{path: p, now: now, mode: m, picture: &s, quiet: max(r.calm, silent)}
	v.judge()
	return s
}

// endsOver is the time in which ends are counted, in whole minutes once it is long, so that it is the same in many pictures.
func (p *Path) endsOver(now model.Instant) time.Duration {
	over := min(time.Duration(now-p.begun)+halfFor, time.Duration(now-p.since))
	if over > 5*time.Minute {
		over = over.Truncate(time.Minute)
	}
	return over
}

func (p *Path) medianAge(now model.Instant) time.Duration {
	var all []time.Duration
	p.ages.newest(now, func(d time.Duration) { all = append(all, d) })
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return quantile(all, 0.5)
}

// clocks returns all that end the silence again and again.
func (p *Path) clocks(now model.Instant, m Mode) []model.Clock {
	all := append(clocks(model.ServerClock, &p.server, now), clocks(model.ClientClock, &p.client, now)...)
	if m.Interval > 0 && p.open.beating {
		all = append(all, model.Clock{Of: model.HolterClock, Period: m.Interval, Late: holterWithin(m) - m.Interval, Share: 1})
	}
	if steady := slices.Clone(p.open.steady); !p.beats(now) && len(steady) > 0 && 5*len(steady) >= 4*min(p.open.aged, mostSteady) {
		slices.Sort(steady)
		c := model.Clock{Of: model.MessageClock, Period: quantile(steady, 0.5), Count: len(steady), Share: 1}
		c.Late = steady[len(steady)-1] - c.Period
		all = append(all, c)
	}
	return all
}

// fewestGaps is the number of gaps that make a rhythm.
const fewestGaps = 8

func (p *Path) data(now model.Instant) (d model.DataRhythm) {
	var all []time.Duration
	p.gaps.newest(now, func(gap time.Duration) { all = append(all, gap) })
	if len(all) < fewestGaps {
		return d
	}
	slices.Sort(all)
	d.Median, d.P99 = quantile(all, 0.5), quantile(all, 0.99)
	d.Bins = make([]uint32, gapBin(all[len(all)-1])+1)
	for _, gap := range all {
		d.Bins[gapBin(gap)]++
	}
	return d
}

// gapBin is the number of the bin of a gap: two to an octave.
func gapBin(gap time.Duration) int {
	if gap <= model.LeastGap {
		return 0
	}
	return min(int(math.Ceil(2*math.Log2(float64(gap)/float64(model.LeastGap)))), model.MaxGapBins-1)
}

// limits returns those that are seen, set, shown by handshakes and usual, the shortest first.
func (p *Path) limits(cuts []Cut, m Mode, r *record) (all []model.Limit) {
	by, of := p.Cut()
	for _, c := range cuts {
		if n := by[c.Cohort]; n > 0 {
			c.From, c.Ends, c.Of, c.Where = model.LimitSeen, n, of, ""
		} else if p.reaches(&c) {
			c.From = model.LimitElsewhere
		} else {
			continue
		}
		c.Name, c.Source = p.nameOf(&c.Limit)
		all = append(all, c.Limit)
	}
	for kind, after := range map[model.LimitKind]time.Duration{model.SilenceLimit: m.Idle, model.AgeLimit: m.Age} {
		if after > 0 {
			all = append(all, model.Limit{Kind: kind, After: after, From: model.LimitSet})
		}
	}
	all = settle(all)
	for i := range limits {
		l := limits[i].Limit
		l.From = model.LimitUsual
		if p.boxes&limits[i].box != 0 {
			l.From = model.LimitNamed
		}
		all = append(all, l)
	}
	for i := range all {
		all[i].Refuted = all[i].From != model.LimitSeen && outlived(&all[i], r)
	}
	slices.SortStableFunc(all, func(a, b model.Limit) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(rank(a.From), rank(b.From)), cmp.Compare(a.Kind, b.Kind))
	})
	return all[:min(len(all), model.MaxLimits)]
}

// settle takes a limit that may be one of age for one of silence, if one of silence is known that is as long. What is known from
// elsewhere gives way to what has been seen here.
func settle(all []model.Limit) []model.Limit {
	for i := range all {
		l := &all[i]
		l.Either = l.Either && !slices.ContainsFunc(all, func(o model.Limit) bool { return !o.Either && same(&o, l) })
	}
	seen := slices.DeleteFunc(slices.Clone(all), func(l model.Limit) bool { return l.From != model.LimitSeen })
	return slices.DeleteFunc(all, func(l model.Limit) bool {
		return l.From == model.LimitElsewhere && slices.ContainsFunc(seen, func(o model.Limit) bool { return same(&o, &l) })
	})
}

// same reports whether two limits are about as long, and of the same kind.
func same(a, b *model.Limit) bool {
	return a.Kind == b.Kind && (a.After-b.After).Abs() <= max(a.Spread+b.Spread, b.After/200)
}

func rank(f model.LimitFrom) int {
	return slices.Index([]model.LimitFrom{model.LimitSeen, model.LimitElsewhere, model.LimitSet, model.LimitNamed, model.LimitUsual}, f)
}

// outlived reports whether connections have been through more than a limit.
func outlived(l *model.Limit, r *record) bool {
	longest := r.bytes
	switch l.Kind {
	case model.AgeLimit:
		longest = r.age
	case model.DataLimit:
		longest = r.lapse
	}
	late := max(l.After/50, 500*time.Millisecond) // a timer of a box may be late as well
	if l.From == model.LimitElsewhere {           // how late it may be has been seen
		late = l.Spread + max(l.After/50, 50*time.Millisecond)
	}
	return longest > l.After+late
}

// nameOf returns what is known to have a limit of about that length, if it is on the way: the name of a limit of which
// handshakes show the box.
func (p *Path) nameOf(l *model.Limit) (name, source string) {
	for i := range limits {
		k := &limits[i]
		if k.Kind == l.Kind && p.boxes&k.box != 0 && near(k.After, l) {
			return k.Name, k.Source
		}
	}
	return "", ""
}

func near(after time.Duration, l *model.Limit) bool {
	return (after - l.After).Abs() <= l.Spread+l.After/50
}
