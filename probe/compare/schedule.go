package compare

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"holter/model/heart"
)

// schedule visits all hearts when they are due, in one goroutine as holter serve does, so that they
// pay for one timer and share what is known of its lateness.
type schedule struct {
	clock clock // of those whose time is not compressed
	late  heart.Lateness
	exact heart.Lateness // always on time: see lateness

	mu    sync.Mutex // protects all following
	queue queue
	worst time.Duration // that a run was late
	often int           // that one was late by more than lateLimit
}

const (
	// slot gathers what is due within it into one run.
	slot = 10 * time.Millisecond
	// lateLimit is how late a run may be before hearts void their beats: heart.Lateness' own.
	lateLimit = 100 * time.Millisecond
)

// newSchedule starts its clock a little late, so that no moment is the zero Instant.
func newSchedule() *schedule {
	return &schedule{clock: clock{time.Now().Add(-time.Second), 1}}
}

// lateness is what a heart with that clock is to know of its own process. In compressed time a
// pause of a few milliseconds would pass for one of a tenth of a second and void every beat: there
// none is told of, and the report says how late the process was.
func (s *schedule) lateness(c clock) *heart.Lateness {
	if c.compression != 1 {
		return &s.exact
	}
	return &s.late
}

func (s *schedule) add(b *beating, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.due = due
	heap.Push(&s.queue, b)
}

func (s *schedule) remove(b *beating) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.place >= 0 {
		heap.Remove(&s.queue, b.place)
	}
	b.due = time.Time{} // it may be on a visit: see put
}

// run visits until ctx ends.
func (s *schedule) run(ctx context.Context) {
	timer := time.NewTimer(slot)
	defer timer.Stop()
	var batch []*beating
	for due := time.Now().Add(slot); ; timer.Reset(time.Until(due)) {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		s.observe(now, now.Sub(due))
		batch = s.take(now, batch[:0])
		for _, b := range batch {
			s.put(b, b.visit(time.Now()))
		}
		due = time.Now().Add(s.pause())
	}
}

func (s *schedule) observe(now time.Time, lateBy time.Duration) {
	s.late.Observe(s.clock.at(now), lateBy)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worst = max(s.worst, lateBy)
	if lateBy > lateLimit {
		s.often++
	}
}

// lateBy is how late a run was at worst, and how many were too late.
func (s *schedule) lateBy() (worst time.Duration, often int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worst, s.often
}

// take removes those that are due.
func (s *schedule) take(now time.Time, batch []*beating) []*beating {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 && !s.queue[0].due.After(now) {
		batch = append(batch, heap.Pop(&s.queue).(*beating))
	}
	return batch
}

// put has b visited again, unless it was removed meanwhile.
func (s *schedule) put(b *beating, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !b.due.IsZero() {
		b.due = due
		heap.Push(&s.queue, b)
	}
}

// pause is how long to wait before the next run.
func (s *schedule) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return heart.SchedulerPause
	}
	return min(max(time.Until(s.queue[0].due), slot), heart.SchedulerPause)
}

// queue is a heap by due time.
type queue []*beating

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push is heap.Interface's.
func (q *queue) Push(x any) {
	b := x.(*beating)
	b.place = len(*q)
	*q = append(*q, b)
}

// Pop is heap.Interface's.
func (q *queue) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last], b.place = nil, -1
	*q = (*q)[:last]
	return b
}
