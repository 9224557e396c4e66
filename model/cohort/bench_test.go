package cohort

import (
	"testing"
	"time"

	"holter/model"
)

// BenchmarkThousandEnds is a second of a thousand ends at any age, with its four Ticks, while the Watch is full.
func BenchmarkThousandEnds(b *testing.B) {
	s := newScene(1)
	e := s.end(0, 0)
	w := NewWatch(time.Unix(0, 0))
	at := model.Instant(time.Hour)
	second := func() {
		for i := range 1000 {
			at += model.Instant(time.Millisecond)
			e.At = at
			age := s.between(0, 2*time.Hour)
			e.silent(s.between(0, min(age, time.Minute)))
			e.Clocks[Age] = age
			w.Add(e)
			if i%250 == 0 {
				if news := w.Tick(at, nil); news.Look {
					w.Tick(at, none)
				}
			}
		}
	}
	for range 20 {
		second()
	}
	b.ReportAllocs()
	for b.Loop() {
		second()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e7, "%-of-a-core")
}

// BenchmarkMassEvent is the Tick that groups ten thousand ends of one moment.
func BenchmarkMassEvent(b *testing.B) {
	s := newScene(2)
	s.stay(10_000, 1, "10.0.3.8")
	for range 10_000 {
		s.end(time.Hour+s.between(0, time.Second), s.between(2*time.Second, time.Hour)).silent(s.between(0, 5*time.Second)).through("10.0.3.7")
	}
	for b.Loop() {
		b.StopTimer()
		w := NewWatch(time.Unix(0, 0))
		for i := range s.ends {
			w.Add(&s.ends[i])
		}
		w.Tick(model.Instant(time.Hour+time.Second), nil)
		b.StartTimer()
		found := false
		for at := time.Hour + time.Second; !found; at += bin {
			if news := w.Tick(model.Instant(at), nil); news.Look {
				found = len(w.Tick(model.Instant(at), s.open(model.Instant(at))).Found) > 0
			}
		}
	}
}
