package cohort

import (
	"fmt"
	"testing"
	"time"

	"holter/model"
)

// BenchmarkEnds is a second of ends, with its four Ticks, while the Watch is full and 10 000 connections are open.
func BenchmarkEnds(b *testing.B) {
	for name, end := range map[string]func(s *scene, e *End){
		"any": func(s *scene, e *End) {
			age := s.between(0, 2*time.Hour)
			e.silent(s.between(0, min(age, time.Minute)))
			e.Clocks[Age] = age
		},
		"cut": func(s *scene, e *End) {
			e.silent(time.Minute + s.jitter())
			e.Clocks[Age] = s.between(2*time.Minute, 2*time.Hour)
		},
		"mute": func(s *scene, e *End) { // its age may be what ended it, or its silence
			e.Clocks[Age] = time.Minute + s.jitter()
			e.silent(e.Clocks[Age])
		},
	} {
		for _, rate := range []int{200, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, rate), func(b *testing.B) { benchmarkEnds(b, rate, end) })
		}
	}
}

func benchmarkEnds(b *testing.B, rate int, end func(s *scene, e *End)) {
	s := newScene(1)
	e := s.end(0, 0)
	s.stay(10_000, model.Instant(2*time.Hour), "192.0.2.9")
	for i := range s.living {
		s.living[i].Clocks[Age] = time.Second
	}
	names := make([]string, kept)
	for i := range names {
		names[i] = fmt.Sprint("client-", i)
	}
	w := NewWatch(time.Unix(0, 0))
	at := model.Instant(time.Hour)
	second := func() {
		for i := range rate {
			at += model.Instant(time.Second) / model.Instant(rate)
			e.ID, e.At, e.Client = e.ID+1, at, names[int(e.ID)%kept]
			end(s, e)
			w.Add(e)
			if i%(rate/4) == 0 {
				if news := w.Tick(at, nil); news.Look {
					w.Tick(at, s.open(at))
				}
			}
		}
	}
	for range kept/rate + 1 {
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
