package hub

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

func newLog() *eventLog {
	l := new(eventLog)
	l.init()
	return l
}

func (l *eventLog) publishMany(n int) {
	for range n {
		l.publish(model.Event{Type: model.HostSampled})
	}
}

// readers follow a log, each until it has seen a number of events.
func TestEverySubscriberSeesEveryEvent(t *testing.T) {
	const publishers, each, subscribers = 4, 500, 4 // fewer than are kept
	l := newLog()
	var all sync.WaitGroup
	for range subscribers {
		all.Go(func() {
			for seq := uint64(0); seq < publishers*each; {
				batch, err := l.after(t.Context(), seq)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range batch {
					if e.Seq != seq+1 {
						t.Errorf("event %d follows %d", e.Seq, seq)
						return
					}
					seq = e.Seq
				}
			}
		})
	}
	for range publishers {
		all.Go(func() { l.publishMany(each) })
	}
	all.Wait()
}

func TestSlowSubscriberIsToldWhatItLost(t *testing.T) {
	l := newLog()
	l.publishMany(10)
	const seen = 3
	l.publishMany(keptEvents)
	batch, err := l.after(t.Context(), seen)
	if err != nil {
		t.Fatal(err)
	}
	first, second := batch[0], batch[1]
	if first.Type != model.Dropped || first.Count != 10-seen || first.Seq != 10 || second.Seq != 11 {
		t.Errorf("dropped %+v before event %d, want 7 up to event 10", first, second.Seq)
	}
	if len(batch) > eventBatch {
		t.Errorf("%d events at once", len(batch))
	}
	total := uint64(0)
	for seq := uint64(seen); seq < 10+keptEvents; seq = batch[len(batch)-1].Seq {
		if batch, err = l.after(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
		for _, e := range batch {
			if total++; e.Type == model.Dropped {
				total += e.Count - 1
			}
		}
	}
	if total != 10-seen+keptEvents {
		t.Errorf("%d events were seen or dropped, want %d", total, 10-seen+keptEvents)
	}
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(quick())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		batch, err := h.Events(ctx, 0)
		if !errors.Is(err, context.DeadlineExceeded) || len(batch) != 0 || time.Since(begin) != time.Minute {
			t.Errorf("%v, %v after %v", batch, err, time.Since(begin))
		}
	})
}

func TestSinceOfAnotherRunIsTheNewest(t *testing.T) {
	for _, since := range []uint64{5, 6, 1000, math.MaxUint64} {
		synctest.Test(t, func(t *testing.T) {
			l := newLog()
			l.publishMany(5)
			got := make(chan []model.Event, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				batch, _ := l.after(ctx, since)
				got <- batch
			}()
			synctest.Wait()
			l.publishMany(1)
			if batch := <-got; len(batch) != 1 || batch[0].Seq != 6 || batch[0].Type == model.Dropped {
				t.Errorf("since %d got %+v, want event 6 alone", since, batch)
			}
		})
	}
}

func TestPublishersNeverWait(t *testing.T) {
	l := newLog()
	seq := uint64(0)
	for range 3 { // nobody reads on meanwhile
		l.publishMany(keptEvents)
		batch, err := l.after(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		seq = batch[0].Seq
	}
	if len(l.ring) != keptEvents {
		t.Errorf("%d events are kept", len(l.ring))
	}
}

func BenchmarkPublish(b *testing.B) {
	l := newLog()
	e := model.Event{Type: model.StateChanged, Connection: new(model.Connection)}
	b.ReportAllocs()
	for b.Loop() {
		l.publish(e)
	}
}
