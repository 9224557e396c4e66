package api

import (
	"context"
	"sort"
	"sync"
	"time"

	"holter/model"
)

// inbox keeps the newest events of another holter, for readers that know a number each: that of the last
// event they have seen. The numbers are the other holter's, until that starts again with 1: here they
// only grow, so that no reader waits for a number that is years away.
type inbox struct {
	mu      sync.Mutex // protects all following
	started time.Time  // the run that the events are of
	seen    uint64     // number of the newest event of that run, as it counts
	fresh   bool       // the next event is the first of a run
	events  []model.Event
	lost    uint64        // number of the newest event that is not kept any more
	more    chan struct{} // closed at the next event; nil if nobody waits for it
}

const (
	keptEvents = 4096
	eventBatch = 512
	widestGap  = 1 << 32 // between two numbers
)

// begin says which run the next events are of, and answers after which of them to go on.
func (b *inbox) begin(started time.Time) (since uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.started.Equal(started) {
		b.started, b.seen, b.fresh = started, 0, true
	}
	return b.seen
}

// add takes the next event. One whose number is out of order belongs to another run.
func (b *inbox) add(e model.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	step := e.Seq - b.seen
	if b.fresh && b.newest() > 0 || e.Seq <= b.seen || step > widestGap {
		step = 1
	}
	b.fresh, b.seen = false, e.Seq
	e.Seq = b.newest() + step
	b.events = append(b.events, e)
	if extra := len(b.events) - keptEvents; extra > 0 {
		b.lost = b.events[extra-1].Seq
		b.events = b.events[extra:]
	}
	if b.more != nil {
		close(b.more)
		b.more = nil
	}
}

func (b *inbox) newest() uint64 {
	if n := len(b.events); n > 0 {
		return b.events[n-1].Seq
	}
	return 0
}

// after are the oldest events kept with a number above seq. It waits until there is one. A Dropped event
// in front stands for those that are not kept any more.
func (b *inbox) after(ctx context.Context, seq uint64) ([]model.Event, error) {
	for {
		batch, more := b.read(seq)
		if len(batch) > 0 {
			return batch, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *inbox) read(seq uint64) (batch []model.Event, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := sort.Search(len(b.events), func(i int) bool { return b.events[i].Seq > seq })
	if first == len(b.events) {
		if b.more == nil {
			b.more = make(chan struct{})
		}
		return nil, b.more
	}
	if seq < b.lost {
		batch = append(batch, model.Event{Seq: b.lost, Time: time.Now(), Type: model.Dropped, Count: b.lost - seq})
	}
	return append(batch, b.events[first:min(len(b.events), first+eventBatch)]...), nil
}
