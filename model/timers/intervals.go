package timers

import (
	"slices"
	"time"

	"holter/model"
)

const (
	kept = 256 // values of a ring
	// keptFor is how old a value may be, unless there are fewer than fewKept newer ones.
	keptFor = time.Hour
	fewKept = 8
	// ringOver is the least time that a full ring is about: on a busy path only some of the values are kept.
	ringOver = time.Minute
)

// ring keeps the newest values of many. The zero value is empty.
type ring[T any] struct {
	values []entry[T] // in the order of time, from next on, once it is full
	next   int
}

type entry[T any] struct {
	at    model.Instant
	value T
}

// wants reports whether a value of that moment would be kept.
func (r *ring[T]) wants(at model.Instant) bool {
	return len(r.values) < kept || time.Duration(at-r.values[(r.next+kept-1)%kept].at) >= ringOver/kept
}

func (r *ring[T]) add(at model.Instant, v T) {
	switch {
	case len(r.values) < kept:
		r.values = append(r.values, entry[T]{at, v})
	case r.wants(at):
		r.values[r.next] = entry[T]{at, v}
		r.next = (r.next + 1) % kept
	}
}

// newest calls f for the values that count, the newest first.
func (r *ring[T]) newest(now model.Instant, f func(T)) {
	n := len(r.values)
	for i := range n {
		e := &r.values[(r.next+n-1-i)%n]
		if i >= fewKept && time.Duration(now-e.at) > keptFor {
			return
		}
		f(e.value)
	}
}

// merge adds the values of another ring.
func (r *ring[T]) merge(other *ring[T]) {
	all := slices.Concat(r.values, other.values)
	slices.SortStableFunc(all, func(a, b entry[T]) int { return int(max(-1, min(1, a.at-b.at))) })
	r.values, r.next = slices.Clip(all[max(0, len(all)-kept):]), 0
}

// interval is the time from one beat to the next.
type interval struct {
	every time.Duration
	quiet time.Duration // before it, in which nothing passed; 0 if that is not known
}

const (
	// leastEvery is the least time between two beats: closer ones are one.
	leastEvery = 200 * time.Millisecond
	// apart is the factor between two periods that are not of one population.
	apart = 1.2
	// leastShare is the share of a population, and leastPeriods the number of periods, from which on it counts.
	leastShare   = 0.05
	leastPeriods = 3
	// hours is the period of a beat that is most likely a mistake. A single one is enough.
	hours = time.Hour
)

// clocks returns the populations of beats, the most frequent first.
//
// Some programs beat at a fixed rate, others only after a silence of a fixed length. What is steadier tells which it is.
func clocks(of model.ClockOf, beats *ring[interval], now model.Instant) []model.Clock {
	var every, quiet []time.Duration
	beats.newest(now, func(b interval) {
		every, quiet = append(every, b.every), append(quiet, b.quiet)
	})
	slices.Sort(every)
	slices.Sort(quiet)
	if len(every) >= 2*leastPeriods && spread(every) > 0.2 && spread(quiet) < 0.1 {
		every = quiet
	}
	return populations(of, every)
}

// spread is how far the middle four fifths of sorted lengths reach, relative to their median.
func spread(sorted []time.Duration) float64 {
	n := len(sorted)
	median := sorted[n/2]
	if median <= 0 {
		return 1
	}
	return float64(sorted[(n-1)*9/10]-sorted[(n-1)/10]) / float64(median)
}

// populations parts sorted lengths where none are for a while.
func populations(of model.ClockOf, sorted []time.Duration) (all []model.Clock) {
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && float64(sorted[to]) <= apart*float64(sorted[to-1]) {
			to++
		}
		part := sorted[from:to]
		share := float64(len(part)) / float64(len(sorted))
		if len(part) >= leastPeriods && share >= leastShare || part[0] >= hours {
			c := model.Clock{Of: of, Period: quantile(part, 0.5), Count: len(part), Share: share}
			c.Late = max(0, quantile(part, 0.99)-c.Period)
			all = append(all, c)
		}
		from = to
	}
	slices.SortStableFunc(all, func(a, b model.Clock) int { return b.Count - a.Count })
	return all[:min(len(all), mostPopulations)]
}

// mostPopulations bounds the clocks of one kind.
const mostPopulations = 3

// quantile of sorted lengths: the least that at least a share of them does not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	n := len(sorted)
	i := int(share * float64(n))
	if float64(i) == share*float64(n) {
		i--
	}
	return sorted[max(0, min(i, n-1))]
}
