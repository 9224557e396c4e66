package heart

import (
	"sync/atomic"
	"time"

	"holter/model"
)

// Lateness is how late a monitor's own scheduler runs. Silence is no evidence against a peer while
// holter itself was not listening, so beats that were open at such a time are void, and whoever is
// late often waits longer for everybody: the local pause of Cassandra's FailureDetector and the
// local health of Lifeguard (arXiv 1707.00788).
//
// The zero value is on time. One scheduler calls Observe; everything else may be called from any
// goroutine at the same time.
type Lateness struct {
	lastRun   atomic.Int64 // Instant of the newest Observe, 0 before the first
	void      atomic.Int64 // Instant
	factor    atomic.Int32 // 0 until late for the first time
	lateBy    atomic.Int64 // at the last lateness
	diagnosis atomic.Pointer[model.Diagnosis]

	// The scheduler's own.
	score int32         // one up for each lateness, one down for each calmSpan on time
	calm  model.Instant // start of the running calmSpan
}

const (
	// SchedulerPause is the longest time between two runs of a scheduler that is on time.
	SchedulerPause = 50 * time.Millisecond

	// lateLimit is how late a run may be before open beats are void.
	lateLimit = 100 * time.Millisecond
	// calmSpan on time makes up for one lateness.
	calmSpan = 10 * time.Second
	// maxFactor bounds how far timeouts are stretched.
	maxFactor = 8
)

// Observe notes a run of the scheduler at now that came lateBy late. A jump of the wall clock
// against the monotonic one, as after the machine slept, counts as lateness too. Even a run that
// claims to be on time is late if the one before it was too long ago.
func (l *Lateness) Observe(now model.Instant, lateBy time.Duration) {
	if last := l.lastRun.Swap(int64(now)); last != 0 {
		lateBy = max(lateBy, time.Duration(int64(now)-last)-SchedulerPause)
	}
	if lateBy <= lateLimit {
		l.recover(now)
		return
	}
	l.calm = now
	l.score = min(l.score+1, maxFactor)
	l.factor.Store(l.score)
	d := diagnose(&model.Evidence{Late: lateBy})
	l.diagnosis.Store(&d)
	l.lateBy.Store(int64(lateBy))
	l.void.Store(int64(now)) // last: who sees it finds the diagnosis
}

func (l *Lateness) recover(now model.Instant) {
	if l.score == 0 || time.Duration(now-l.calm) < calmSpan {
		return
	}
	l.calm = now
	l.score--
	l.factor.Store(l.score)
}

// VoidBefore is the end of the last lateness: a ping written before it proves nothing but, by its
// answer, life. It is 0 before the first lateness.
func (l *Lateness) VoidBefore() model.Instant { return model.Instant(l.void.Load()) }

// Factor is what all timeouts are stretched by, from 1 to 8. A single lateness, which voided all
// beats, leaves it at 1.
func (l *Lateness) Factor() int { return int(max(l.factor.Load(), 1)) }

// Overdue reports whether the scheduler should have run by now and did not, so that a lateness is
// going on that Observe has yet to see.
func (l *Lateness) Overdue(now model.Instant) bool {
	last := l.lastRun.Load()
	return last != 0 && time.Duration(int64(now)-last) > lateLimit+SchedulerPause
}

// Void reports whether a round trip that began at sent and ended at now must not be believed.
func (l *Lateness) Void(sent, now model.Instant) bool {
	return sent < l.VoidBefore() || l.Overdue(now)
}

// since is how late the last lateness was, if it was since an instant.
func (l *Lateness) since(at model.Instant) time.Duration {
	if at >= l.VoidBefore() {
		return 0
	}
	return time.Duration(l.lateBy.Load())
}
