package hub

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"holter/model"
)

// schedule knows which connection is due next. It only decides who that is: see Hub.beat.
type schedule struct {
	mu    sync.Mutex // protects all following, and due and index of the connections in it
	queue queue
}

type queue []*connection

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = int32(i), int32(j)
}
func (q *queue) Push(x any) {
	c := x.(*connection)
	c.index = int32(len(*q))
	*q = append(*q, c)
}
func (q *queue) Pop() any {
	old := *q
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	c.index = -1
	return c
}

// set has c visited at that moment, instead of any other.
func (s *schedule) set(c *connection, at model.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.due = at
	if c.index < 0 {
		heap.Push(&s.queue, c)
	} else {
		heap.Fix(&s.queue, int(c.index))
	}
}

func (s *schedule) remove(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.index >= 0 {
		heap.Remove(&s.queue, int(c.index))
	}
}

// take appends to batch those that are due, and says when the next is.
func (s *schedule) take(now model.Instant, batch []*connection) (_ []*connection, next model.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		if s.queue[0].due > now {
			return batch, s.queue[0].due
		}
		batch = append(batch, heap.Pop(&s.queue).(*connection))
	}
	return batch, 0
}

// leastPause gathers what is due within it into one run: thousands of timers a second would cost
// more than the pings. It delays beats, and no figure: round trips count from the write.
const leastPause = 10 * time.Millisecond

// beat visits every connection when it is due, until ctx ends. It is the one goroutine that decides
// on pings and suspicions.
func (h *Hub) beat(ctx context.Context) error {
	var batch []*connection
	timer := time.NewTimer(leastPause)
	defer timer.Stop()
	pause, before := leastPause, time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		t := time.Now()
		now := model.Instant(t.Sub(h.zero))
		lateBy := lateness(before, t, pause)
		before = t
		h.late.Observe(now, lateBy)
		var next model.Instant
		batch, next = h.schedule.take(now, batch[:0])
		void := h.late.VoidBefore() == now
		for _, c := range batch {
			if void && c.calm() {
				// All that fell due meanwhile would beat at once, and go on together.
				h.schedule.set(c, now+model.Instant(rand.Float64()*float64(h.o.Rhythm.Interval)))
				continue
			}
			c.visit(now)
		}
		clear(batch)
		pause = model.SchedulerPause
		if next != 0 {
			pause = min(max(time.Duration(next-h.now()), leastPause), pause)
		}
		timer.Reset(pause)
	}
}

// lateness is how much later than after pause a run came: by the monotonic clock, or, where that one
// stands still while the machine sleeps, by the wall's.
func lateness(before, now time.Time, pause time.Duration) time.Duration {
	return max(now.Sub(before), now.Round(0).Sub(before.Round(0))) - pause
}
