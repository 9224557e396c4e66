package hub

import (
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
	"holter/model/heart"
)

// scheduled puts n legs into a schedule, due within five seconds from an instant.
func scheduled(s *schedule, n int, from model.Instant) []*leg {
	conns := make([]*leg, n)
	for i := range conns {
		conns[i] = &leg{slot: -1}
		s.set(conns[i], from+model.Instant(rand.Int64N(int64(5*time.Second))))
	}
	return conns
}

func at(d time.Duration) model.Instant { return model.Instant(d) }

// Whatever is set, moved and removed, each leg is due once, not before it is due, and no later than
// the run after that.
func TestEachLegIsDueOnce(t *testing.T) {
	const turn = wheelSlots * slotTime
	for range 20 {
		var s schedule
		conns := make([]*leg, 500)
		for i := range conns {
			conns[i] = &leg{slot: -1}
		}
		due := make(map[*leg]model.Instant)
		for now := at(ms); now < at(4*turn); {
			for range 20 {
				c := conns[rand.IntN(len(conns))]
				if rand.IntN(4) == 0 {
					s.remove(c)
					delete(due, c)
					continue
				}
				// Some are due already, some after more than a turn of the wheel.
				due[c] = max(1, now+model.Instant(rand.Int64N(int64(5*turn/2)))-at(turn/2))
				s.set(c, due[c])
			}
			now += model.Instant(rand.Int64N(int64(60 * ms)))
			if rand.IntN(500) == 0 {
				now += at(2 * turn) // the machine slept
			}
			for _, c := range s.popDue(now, nil) {
				if at, ok := due[c]; !ok || at > now {
					t.Fatalf("popped at %v, due at %v (%t)", time.Duration(now), time.Duration(at), ok)
				}
				delete(due, c)
			}
			for _, at := range due {
				if at <= now {
					t.Fatalf("still there at %v, due at %v", time.Duration(now), time.Duration(at))
				}
			}
		}
	}
}

func TestSchedulerSleepsUntilALegIsDue(t *testing.T) {
	var s schedule
	now := at(time.Second)
	s.popDue(now, nil)
	if pause := s.untilNext(now, heart.SchedulerPause); pause != heart.SchedulerPause {
		t.Errorf("%v until the next run of an empty schedule", pause)
	}
	for _, wait := range []time.Duration{-time.Hour, 0, ms, 15 * ms, 49 * ms} {
		c := &leg{slot: -1}
		s.set(c, now+at(wait))
		pause := s.untilNext(now, heart.SchedulerPause)
		if pause < slotTime || pause > max(wait, 0)+slotTime {
			t.Errorf("%v until the next run, with one that is due after %v", pause, wait)
		}
		s.remove(c)
	}
}

// What is due at the beginning of a slot is visited then, whatever the time of the run before.
func TestNextRunIsOnTime(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct{ now, due, want time.Duration }{
		{7 * ms, 40 * ms, 33 * ms},
		{0, 40 * ms, 40 * ms},
		{7 * ms, 10 * ms, 3 * ms},
		{7 * ms, 8 * ms, 3 * ms}, // not due at the beginning of its slot
		{7 * ms, 7 * ms, 3 * ms},
	} {
		var s schedule
		s.popDue(at(time.Second+tc.now), nil)
		s.set(&leg{slot: -1}, at(time.Second+tc.due))
		if pause := s.untilNext(at(time.Second+tc.now), heart.SchedulerPause); pause != tc.want {
			t.Errorf("%v until the next run, at %v with a leg that is due at %v; want %v", pause, tc.now, tc.due, tc.want)
		}
	}
}

func BenchmarkSchedule(b *testing.B) {
	const n = 10_000
	var s schedule
	conns := scheduled(&s, n, at(time.Second))
	b.Run("set", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s.set(conns[i%n], at(time.Second+time.Duration(i%500)*slotTime))
		}
	})
	b.Run("popDue", func(b *testing.B) { // one run of the scheduler, a slot's time after the one before
		var batch []*leg
		due := 0
		for now := at(time.Second); b.Loop(); now += at(slotTime) {
			batch = s.popDue(now, batch[:0])
			for _, c := range batch {
				s.set(c, now+at(5*time.Second))
			}
			due += len(batch)
		}
		b.ReportMetric(float64(due)/float64(b.N), "due/op")
	})
}
