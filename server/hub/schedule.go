package hub

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"holter/model"
	"holter/model/heart"
)

// schedule knows which legs are due: a timing wheel (Varghese and Lauck, "Hashed and
// Hierarchical Timing Wheels", 1987). Every beat has its leg put in and taken out twice, which
// costs a few pointers here and a walk through a cold heap otherwise. It only decides who is due: see
// Hub.beat.
type schedule struct {
	mu    sync.Mutex       // protects all following, and the fields of the legs in it
	slots [wheelSlots]*leg // lists of those due in one slotTime, or that and whole turns of the wheel
	done  int64            // slotTimes whose slots have been emptied
}

const (
	// slotTime gathers what is due within it into one run: thousands of timers a second would cost
	// more than the pings. It delays beats, and no figure: round trips count from the write.
	slotTime   = 10 * time.Millisecond
	wheelSlots = 1024
)

// set has l visited at that moment, instead of any other.
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

// take appends to batch those that are due, the earlier first but for those within one slotTime, and
// takes them out.
func (s *schedule) take(now model.Instant, batch []*leg) []*leg {
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

// soon is when something may be due next, but at most limit after now.
func (s *schedule) soon(now model.Instant, limit time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pause := time.Duration(0); pause < limit; pause += slotTime {
		if s.slots[(int64(now)+int64(pause))/int64(slotTime)%wheelSlots] != nil {
			return max(pause, slotTime)
		}
	}
	return limit
}

// beat visits every connection when it is due, until ctx ends. It is the one goroutine that decides
// on pings and suspicions.
func (h *Hub) beat(ctx context.Context) error {
	var batch []*leg
	pause, before := slotTime, time.Now()
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
		lateBy := lateness(before, t, pause)
		before = t
		h.late.Observe(now, lateBy)
		batch = h.schedule.take(now, batch[:0])
		void := h.late.VoidBefore() == now
		for _, l := range batch {
			if void && l.calm() {
				// All that fell due meanwhile would beat at once, and go on together.
				h.schedule.set(l, now+model.Instant(rand.Float64()*float64(h.o.Rhythm.Interval)))
				continue
			}
			l.visit(now)
		}
		clear(batch)
		pause = h.schedule.soon(h.now(), heart.SchedulerPause)
		timer.Reset(pause)
	}
}

// lateness is how much later than after pause a run came: by the monotonic clock, or, where that one
// stands still while the machine sleeps, by the wall's.
func lateness(before, now time.Time, pause time.Duration) time.Duration {
	return max(now.Sub(before), now.Round(0).Sub(before.Round(0))) - pause
}
