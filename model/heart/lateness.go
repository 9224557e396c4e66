package heart

import (
	"slices"
	"sync/atomic"
	"time"

	"holter/model"
)

// Lateness is how late a monitor's own scheduler runs. The silence of a peer is no evidence while holter itself
// was not listening, so pings that were out at such a time are void. A monitor that is late often waits longer for
// all peers. Both ideas are known: the local pause of Cassandra's FailureDetector, and the local health of
// Lifeguard (arXiv 1707.00788).
//
// The zero value is on time. Only the scheduler calls Observe; any goroutine may call the other methods at any
// time.
type Lateness struct {
	lastRun   atomic.Int64 // Instant of the newest Observe, 0 before the first
	void      atomic.Int64 // Instant of the end of the last lateness
	factor    atomic.Int32 // 0 before the first lateness
	lateBy    atomic.Int64 // at the last lateness
	diagnosis atomic.Pointer[model.Diagnosis]
	lapses    atomic.Pointer[[]lapse] // the newest latenesses, oldest first; what it points to never changes

	// Used by Observe alone.
	score int32         // rises by one with each lateness, falls by one with each calmSpan on time
	calm  model.Instant // start of the present calmSpan
}

const (
	// SchedulerPause is the longest time between two runs of a scheduler that is on time.
	SchedulerPause = 50 * time.Millisecond

	// lateLimit is how late a run may be before open beats are void.
	lateLimit = 100 * time.Millisecond
	// calmSpan is the time without lateness that makes up for one. In a simulation of a machine that starved for a fifth of
	// the time, clients on it included, at an interval of 1 s, 37 connection-hours for each: with 10 s there were 0.5 false
	// suspicions an hour, with 2 s 1.1, with 1 s 1.2, with 0.5 s 2.1, and never a false failure. But a client that died
	// after holter had been stopped for 5 s and then five times for 0.4 s was called failed after 40 s at most with 10 s,
	// 12.8 s with 2 s, 9.1 s with 1 s and 7.7 s with 0.5 s. Without lateness it takes 5 s.
	calmSpan = time.Second
	// maxFactor bounds how far timeouts are stretched.
	maxFactor = 8
	// mostLapses bounds the latenesses that are kept.
	mostLapses = 16
)

// lapse is one lateness.
type lapse struct {
	end    model.Instant
	length time.Duration
}

// Observe records a run of the scheduler at now, which came late by lateBy. The caller counts a jump of the wall
// clock against the monotonic one as lateness too, as after the machine slept. A run is also late if the one
// before it was too long ago, for any lateBy. It returns how late that is, 0 for a run on time.
func (l *Lateness) Observe(now model.Instant, lateBy time.Duration) time.Duration {
	if last := l.lastRun.Swap(int64(now)); last != 0 {
		lateBy = max(lateBy, time.Duration(int64(now)-last)-SchedulerPause)
	}
	if lateBy <= lateLimit {
		l.recover(now)
		return 0
	}
	l.calm = now
	l.score = min(l.score+1, maxFactor)
	l.factor.Store(l.score)
	d := diagnose(&model.Evidence{Late: lateBy})
	l.diagnosis.Store(&d)
	l.lateBy.Store(int64(lateBy))
	l.keep(lapse{now, lateBy})
	l.void.Store(int64(now)) // last, so that a goroutine which sees it finds the diagnosis
	return lateBy
}

func (l *Lateness) keep(one lapse) {
	var all []lapse
	if before := l.lapses.Load(); before != nil {
		all = *before
	}
	all = append(slices.Clone(all[max(0, len(all)-mostLapses+1):]), one)
	l.lapses.Store(&all)
}

// Touched returns for how long holter was late between two instants, 0 if it was not. A lateness that is not over counts.
func (l *Lateness) Touched(from, now model.Instant) (sum time.Duration) {
	if l.Overdue(now) {
		sum = time.Duration(int64(now)-l.lastRun.Load()) - SchedulerPause
	}
	return sum + l.lost(from)
}

// lost returns how long the latenesses were that have ended after from.
func (l *Lateness) lost(from model.Instant) (sum time.Duration) {
	if all := l.lapses.Load(); all != nil {
		for _, one := range *all {
			if one.end > from {
				sum += one.length
			}
		}
	}
	return sum
}

func (l *Lateness) recover(now model.Instant) {
	if l.score == 0 || time.Duration(now-l.calm) < calmSpan {
		return
	}
	l.calm = now
	l.score--
	l.factor.Store(l.score)
}

// VoidBefore returns the end of the last lateness, 0 before the first. An answer to a ping written before it
// proves that the peer lives, and nothing else.
func (l *Lateness) VoidBefore() model.Instant { return model.Instant(l.void.Load()) }

// LateBy returns how late the last run was that came late, 0 before the first.
func (l *Lateness) LateBy() time.Duration { return time.Duration(l.lateBy.Load()) }

// Factor returns the factor by which all timeouts are longer, from 1 to 8. A single lateness leaves it at 1,
// because it has made all open beats void.
func (l *Lateness) Factor() int { return int(max(l.factor.Load(), 1)) }

// Overdue reports whether the scheduler should have run by now and has not. Then holter is late, and Observe will
// record that.
func (l *Lateness) Overdue(now model.Instant) bool {
	last := l.lastRun.Load()
	return last != 0 && time.Duration(int64(now)-last) > lateLimit+SchedulerPause
}

// Void reports whether a round trip from sent to now is not reliable, because holter was late meanwhile.
func (l *Lateness) Void(sent, now model.Instant) bool {
	return sent < l.VoidBefore() || l.Overdue(now)
}

// since returns how late the last run was that came late after at, 0 if there was none.
func (l *Lateness) since(at model.Instant) time.Duration {
	if at >= l.VoidBefore() {
		return 0
	}
	return time.Duration(l.lateBy.Load())
}
