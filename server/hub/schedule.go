package hub

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"holter/model"
	"holter/model/heart"
)

// schedule knows which legs are due: a timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing
// Wheels", 1987). Each beat puts its leg in and takes it out twice. That costs a few pointers here; in a heap
// it would be a walk through cold memory. It only says which legs are due: Hub.beat visits them.
type schedule struct {
	mu    sync.Mutex       // protects all following, and the fields of the legs in it
	slots [wheelSlots]*leg // each a list of the legs due in one slotTime, now or after whole turns of the wheel
	done  int64            // number of slotTimes whose slots have been emptied
}

const (
	// slotTime is the span of time whose legs are visited in one run: thousands of timers a second would
	// cost more than the pings. A beat may go out up to this late. The RTT is not affected, as it is measured from
	// the write.
	slotTime   = 10 * time.Millisecond
	wheelSlots = 1024
)

// set makes the scheduler visit l at that moment, instead of any moment that was set before.
func (s *schedule) set(l *leg, at model.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlink(l)
	l.due = at
	l.slot = int16(max(int64(at)/int64(slotTime), s.done) % wheelSlots)
	l.then = s.slots[l.slot]
	if l.then != nil {
		l.then.before = l
	}
	s.slots[l.slot] = l
}

func (s *schedule) remove(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlink(l)
}

func (s *schedule) unlink(l *leg) {
	if l.slot < 0 {
		return
	}
	if l.before != nil {
		l.before.then = l.then
	} else {
		s.slots[l.slot] = l.then
	}
	if l.then != nil {
		l.then.before = l.before
	}
	l.before, l.then, l.slot = nil, nil, -1
}

// popDue takes out the legs that are due, and appends them to batch: the earlier first, but in any order
// within one slotTime.
func (s *schedule) popDue(now model.Instant, batch []*leg) []*leg {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := int64(now) / int64(slotTime)
	for tick := max(s.done, last-wheelSlots+1); tick <= last; tick++ {
		for l := s.slots[tick%wheelSlots]; l != nil; {
			then := l.then
			if l.due <= now {
				s.unlink(l)
				batch = append(batch, l)
			}
			l = then
		}
	}
	s.done = last
	return batch
}

// untilNext returns the time until a leg may be due, at most limit. It is never that of a moment in the middle of a slotTime:
// calm legs are due at the beginning of one.
func (s *schedule) untilNext(now model.Instant, limit time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pause := time.Duration(0); pause < limit; pause += slotTime {
		if s.slots[(int64(now)+int64(pause))/int64(slotTime)%wheelSlots] != nil {
			return max(pause, slotTime) - time.Duration(now)%slotTime
		}
	}
	return limit
}

// beat visits each leg when it is due, until ctx ends. It is the only goroutine that decides on pings and
// suspicions.
func (h *Hub) beat(ctx context.Context) error {
	var batch []*leg
	pause, passing := slotTime, h.passing(time.Now())
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		t := time.Now()
		now := model.Instant(t.Sub(h.zero))
		if lateBy := h.late.Observe(now, passing.beyond(t, pause)); lateBy > 0 {
			h.lapses.add(lapse{now, lateBy})
			for _, o := range h.observers() {
				o.Late(lateBy)
			}
		}
		batch = h.schedule.popDue(now, batch[:0])
		void := h.late.VoidBefore() == now
		for _, l := range batch {
			if void && h.calm(l) {
				// Otherwise all legs that became due meanwhile would beat at once, and together from then on.
				h.schedule.set(l, now+model.Instant(rand.Float64()*float64(h.o.Rhythm.Interval)))
				continue
			}
			h.visit(l, now)
		}
		clear(batch)
		pause = h.schedule.untilNext(h.now(), heart.SchedulerPause)
		timer.Reset(pause)
	}
}
