package habit

import (
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
)

// Path is what the streams of one path template have in common. The zero Path is that of no connection.
type Path struct {
	mu   sync.Mutex // protects all following; no other lock is taken under it
	ways [ways]pathWay
}

// grades are those of limits: see gradeOf.
const grades = 64

// pathWay is one direction of a Path.
type pathWay struct {
	all atomic.Int32 // streams with a habit; written under mu

	steady [grades]uint32 // streams with a habit, by the grade of their limit
	quiet  [grades]uint32 // those among them that have been quiet for half of it

	// Quiets beyond the limit that ended by themselves.
	rest    time.Duration // the longest
	returns int
	restAt  model.Instant // of the newest

	// Stops at different moments.
	moments  int // in the last hour or so
	lastStop model.Instant
	halved   model.Instant // when moments was last halved
}

const (
	// restFor is how long a path remembers that its streams rest: longer than a week with its weekend.
	restFor = 8 * 24 * time.Hour
	// A single return is a habit only if the quiet was longer than outages are.
	fewReturns = 2
	longRest   = 30 * time.Minute

	// momentLooks is the number of looks in which all stops are one moment.
	momentLooks = 12
	// Stops at more than fewMoments moments of an hour, or than one in forty streams, are ordinary.
	fewMoments    = 2
	rareStops     = 40
	momentsHalved = time.Hour

	// waitForSlower is how many times its limit a stream may be quiet before slower ones on the path, which cannot show yet
	// whether they flow on, are not waited for any more.
	waitForSlower = 8
	// flowShare is the part of the others that must flow on: a quarter.
	flowShare = 4
)

// count counts a stream with that limit and quiet, in place of how it was counted before.
func (p *Path) count(i Way, w *way, limit, quiet time.Duration) {
	grade, isQuiet := uint8(0), false
	if limit > 0 {
		grade, isQuiet = gradeOf(limit), quiet > limit/2
	}
	if grade == w.grade && isQuiet == w.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	to := &p.ways[i]
	if w.grade != 0 {
		to.steady[w.grade]--
		to.all.Add(-1)
		if w.quiet {
			to.quiet[w.grade]--
		}
	}
	w.grade, w.quiet = grade, isQuiet
	if grade != 0 {
		to.steady[grade]++
		to.all.Add(1)
		if isQuiet {
			to.quiet[grade]++
		}
	}
}

// manySteady is the number of streams with a habit from which on a path is known for them.
const manySteady = 8

// known reports whether many streams on the path have a habit.
func (p *Path) known(i Way) bool { return p.ways[i].all.Load() >= manySteady }

// others returns how many other streams with a habit there are, and how many of them flow.
func (p *Path) others(i Way, w *way) (all, flowing int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, quiet := p.ways[i].upTo(grades-1, w.grade)
	return all, all - quiet
}

// upTo counts the streams with a limit of that grade at most, and those of them that are quiet, but for one quiet stream
// of grade own.
func (w *pathWay) upTo(grade, own uint8) (all, quiet int) {
	for o := range grade + 1 {
		all, quiet = all+int(w.steady[o]), quiet+int(w.quiet[o])
	}
	if own != 0 && own <= grade {
		all, quiet = all-1, quiet-1
	}
	return all, quiet
}

// flowsOn reports whether other streams on the path flow while one of grade own is quiet. Those count whose own limit would
// have shown by now that they do not.
func (w *pathWay) flowsOn(own uint8, quiet, limit, between time.Duration) bool {
	total, _ := w.upTo(grades-1, own)
	comparable, still := w.upTo(gradeOf(quiet-between)-1, own)
	if comparable == 0 {
		return total == 0 || quiet > waitForSlower*limit
	}
	return flowShare*(comparable-still) >= comparable
}

// habitual reports whether a quiet is a habit of the path.
func (w *pathWay) habitual(now model.Instant, quiet time.Duration) bool {
	all, _ := w.upTo(grades-1, 0)
	if w.moments > max(fewMoments, all/rareStops) {
		return true
	}
	rests := time.Duration(now-w.restAt) < restFor && (w.returns >= fewReturns || w.rest >= longRest)
	return rests && quiet <= w.rest+w.rest/2
}

// stops notes that a stream has gone beyond its limit.
func (p *Path) stops(i Way, now model.Instant, between time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &p.ways[i]
	if w.halved == 0 {
		w.halved = now
	}
	for time.Duration(now-w.halved) >= momentsHalved {
		w.moments, w.halved = w.moments/2, w.halved+model.Instant(momentsHalved)
	}
	if w.lastStop == 0 || time.Duration(now-w.lastStop) > momentLooks*between {
		w.moments++
	}
	w.lastStop = now
}

// returned notes that a stream has come back after a quiet beyond its limit.
func (p *Path) returned(i Way, quiet time.Duration, now model.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &p.ways[i]
	if time.Duration(now-w.restAt) >= restFor {
		w.rest, w.returns = 0, 0
	}
	w.rest, w.restAt = max(w.rest, quiet), now
	w.returns++
}
