// Package journal keeps the newest events for any number of readers.
//
// A reader is a number: that of the last event it has seen. The log keeps no list of readers, so a reader
// costs nothing while it does not ask, and publishing never waits for one. A reader that asks too late
// receives a Dropped event with the number of events it has missed. The hub publishes its events here; a
// screen that is attached to another holter keeps that one's events here.
//
// The package knows nothing of what the events say. Any goroutine may call a Log.
package journal

import (
	"context"
	"sort"
	"sync"
	"time"

	"holter/model"
)

// Batch is the largest number of events that After returns at once.
const Batch = 512

// Log is a bounded log of events, numbered by their Seq in increasing order. The first is number 1.
//
// Its lock is mu. The exported methods take it; at runs under it. No other lock is taken under it.
type Log struct {
	limit int // events kept

	mu     sync.Mutex    // protects all following
	ring   []model.Event // the kept events; once full, the newest replaces the oldest
	first  int           // index of the oldest in ring
	newest uint64        // number of the newest event, 0 before the first
	lost   uint64        // number of the newest event that is no longer kept
	more   chan struct{} // closed by the next event; nil while no reader waits
}

// New makes a log that keeps the newest events up to a limit, which must be positive.
func New(limit int) *Log { return &Log{limit: limit} }

// Publish adds e as the next event, and sets its Seq. It never waits.
func (l *Log) Publish(e model.Event) { l.PublishAfter(0, e) }

// PublishAfter publishes e and skips leftOut sequence numbers before it, for events that were lost before they came
// here.
func (l *Log) PublishAfter(leftOut uint64, e model.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newest += leftOut + 1
	e.Seq = l.newest
	if len(l.ring) < l.limit {
		l.ring = append(l.ring, e)
	} else {
		l.lost = l.ring[l.first].Seq
		l.ring[l.first] = e
		if l.first++; l.first == l.limit {
			l.first = 0
		}
	}
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// Newest returns the number of the newest event, 0 if there is none yet.
func (l *Log) Newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// After returns the oldest events with a number above seq, at most Batch. It waits until there is one, or
// returns the error of ctx.
//
// If events above seq are no longer kept, a Dropped event comes first. It stands for all numbers that are
// missing: its Count is how many, and its Seq the last of them. A seq above that of the newest event, which a
// reader may have from an earlier run of the program, counts as that of the newest.
func (l *Log) After(ctx context.Context, seq uint64) ([]model.Event, error) {
	seq = min(seq, l.Newest())
	for {
		batch, more := l.read(seq)
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

// read returns either events after seq, or a channel that the next event closes.
func (l *Log) read(seq uint64) (batch []model.Event, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq >= l.newest {
		if l.more == nil {
			l.more = make(chan struct{})
		}
		return nil, l.more
	}
	if seq < l.lost {
		batch = append(batch, model.Event{Seq: l.lost, Time: time.Now(), Type: model.Dropped, Count: l.lost - seq})
	}
	next := sort.Search(len(l.ring), func(i int) bool { return l.at(i).Seq > seq })
	for ; next < len(l.ring) && len(batch) < Batch; next++ {
		batch = append(batch, *l.at(next))
	}
	return batch, nil
}

// at returns the kept event at index i, of which 0 is the oldest.
func (l *Log) at(i int) *model.Event {
	if i += l.first; i >= len(l.ring) {
		i -= len(l.ring)
	}
	return &l.ring[i]
}
