package journal

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

const kept = 2048

func newLog() *Log {
	return New(kept)
}

func (l *Log) publishMany(n int) {
	for range n {
		l.Publish(model.Event{Type: model.HostSampled})
	}
}

func TestEveryReaderSeesEveryEvent(t *testing.T) {
	const publishers, each, readers = 4, 500, 4 // fewer than are kept
	l := newLog()
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for seq := uint64(0); seq < publishers*each; {
				batch, err := l.After(t.Context(), seq)
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

func TestSlowReaderLearnsWhatItMissed(t *testing.T) {
	l := newLog()
	l.publishMany(10)
	const seen = 3
	l.publishMany(kept)
	batch, err := l.After(t.Context(), seen)
	if err != nil {
		t.Fatal(err)
	}
	first, second := batch[0], batch[1]
	if first.Type != model.Dropped || first.Count != 10-seen || first.Seq != 10 || second.Seq != 11 {
		t.Errorf("dropped %+v before event %d, want 7 up to event 10", first, second.Seq)
	}
	if len(batch) > Batch {
		t.Errorf("%d events at once", len(batch))
	}
	total := uint64(0)
	for seq := uint64(seen); seq < 10+kept; seq = batch[len(batch)-1].Seq {
		if batch, err = l.After(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
		for _, e := range batch {
			if total++; e.Type == model.Dropped {
				total += e.Count - 1
			}
		}
	}
	if total != 10-seen+kept {
		t.Errorf("%d events were seen or dropped, want %d", total, 10-seen+kept)
	}
}

func TestReaderStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		batch, err := newLog().After(ctx, 0)
		if !errors.Is(err, context.DeadlineExceeded) || len(batch) != 0 || time.Since(begin) != time.Minute {
			t.Errorf("%v, %v after %v", batch, err, time.Since(begin))
		}
	})
}

func TestNumberOfAnotherRunCountsAsTheNewest(t *testing.T) {
	for _, since := range []uint64{5, 6, 1000, math.MaxUint64} {
		synctest.Test(t, func(t *testing.T) {
			l := newLog()
			l.publishMany(5)
			got := make(chan []model.Event, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				batch, _ := l.After(ctx, since)
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
	for range 3 { // without a reader meanwhile
		l.publishMany(kept)
		batch, err := l.After(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		seq = batch[0].Seq
	}
	if len(l.ring) != kept {
		t.Errorf("%d events are kept", len(l.ring))
	}
}

// Numbers that were left out are dropped events too, once the event before them is.
func TestNumbersLeftOut(t *testing.T) {
	l := New(2)
	l.Publish(model.Event{})
	l.PublishAfter(9, model.Event{})
	batch, err := l.After(t.Context(), 1)
	if err != nil || len(batch) != 1 || batch[0].Seq != 11 || l.Newest() != 11 {
		t.Errorf("%+v, %v, the newest %d, want event 11", batch, err, l.Newest())
	}
	l.PublishAfter(4, model.Event{})
	l.Publish(model.Event{})
	batch, err = l.After(t.Context(), 0)
	if err != nil || len(batch) != 3 || batch[0].Type != model.Dropped || batch[0].Seq != 11 || batch[0].Count != 11 || batch[1].Seq != 16 {
		t.Errorf("%+v, %v, want 11 dropped events, and then 16 and 17", batch, err)
	}
}

func BenchmarkPublish(b *testing.B) {
	l := newLog()
	e := model.Event{Type: model.StateChanged, Connection: new(model.Connection)}
	b.ReportAllocs()
	for b.Loop() {
		l.Publish(e)
	}
}
