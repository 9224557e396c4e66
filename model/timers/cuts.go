package timers

import (
	"slices"
	"time"

	"holter/model"
)

// death is the end of a connection that nobody announced.
type death struct {
	silence, age time.Duration
	cut          bool // it ended without a close frame, by neither end and while nothing was wrong
}

// cutOff reports whether an end is like that of a box that drops what is silent.
func cutOff(e *model.PathEnd) bool { return e.Cause == "" && e.By == model.ByNetwork && e.Code == 1006 }

const (
	fewestCuts = 3  // ends that show a limit
	looked     = 30 // of the newest ends
	// shortestCut is the least silence that a limit is looked for at.
	shortestCut = 1500 * time.Millisecond
)

// seen returns the limit of silence that the newest ends show, false if they show none.
func (p *Path) seen(now model.Instant) (l model.Limit, found bool) {
	var all []death
	p.deaths.newest(now, func(d death) {
		if len(all) < looked {
			all = append(all, d)
		}
	})
	var silences, ages []time.Duration
	for _, d := range all {
		if d.cut {
			silences = append(silences, d.silence)
		}
	}
	from, to := densest(silences)
	if to-from < fewestCuts || 2*(to-from) < len(silences) || silences[from] < shortestCut {
		return l, false
	}
	low, high := silences[from], silences[to-1]
	for _, d := range all {
		if d.cut && d.silence >= low && d.silence <= high {
			ages = append(ages, d.age)
		}
	}
	if slices.Max(ages)-slices.Min(ages) <= high-low+wide(high) {
		return l, false // of the same age as well: it may be that which ended them
	}
	middle := silences[(from+to-1)/2]
	return model.Limit{
		Kind: model.SilenceLimit, After: middle, Spread: max(high-middle, middle-low), From: model.LimitSeen,
		Ends: to - from, Of: len(all),
	}, true
}

// wide is how far apart the silences are at most that one limit ends.
func wide(at time.Duration) time.Duration { return max(300*time.Millisecond, at/20) }

// densest sorts lengths, and returns where the most lie that one limit may have.
func densest(all []time.Duration) (from, to int) {
	slices.Sort(all)
	for i, j := 0, 0; j < len(all); j++ {
		for all[j]-all[i] > wide(all[j]) {
			i++
		}
		if j+1-i > to-from {
			from, to = i, j+1
		}
	}
	return from, to
}
