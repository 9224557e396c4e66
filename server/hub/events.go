package hub

import (
	"context"
	"sync"
	"time"

	"holter/model"
)

// eventLog keeps the newest events for whoever comes to read them. A subscriber is a number: that of
// the last event it has seen. So nobody is waited for, and whoever falls behind the oldest event kept
// is told how many it missed.
type eventLog struct {
	mu   sync.Mutex // protects all following
	ring []model.Event
	next uint64        // Seq of the event to come, from 1
	more chan struct{} // closed at the next event; nil if nobody waits for it
}

const (
	keptEvents = 2048
	eventBatch = 512 // at most at once
)

func (l *eventLog) init() { l.next = 1 }

// publish never waits.
func (l *eventLog) publish(e model.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Seq = l.next
	if i := int((l.next - 1) % keptEvents); i < len(l.ring) {
		l.ring[i] = e
	} else {
		l.ring = append(l.ring, e)
	}
	l.next++
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// after are the oldest events kept with a Seq above seq. It waits until there is one. A Dropped event
// in front stands for those that are kept no more; its Seq is that of the last of them. A seq that
// is still to come, from another run of the program, counts as the newest.
func (l *eventLog) after(ctx context.Context, seq uint64) ([]model.Event, error) {
	seq = min(seq, l.newest())
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

func (l *eventLog) newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next - 1
}

func (l *eventLog) read(seq uint64) (batch []model.Event, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next <= seq+1 {
		if l.more == nil {
			l.more = make(chan struct{})
		}
		return nil, l.more
	}
	oldest := l.next - uint64(len(l.ring))
	if seq+1 < oldest {
		batch = append(batch, model.Event{
			Seq: oldest - 1, Time: time.Now(), Type: model.Dropped, Count: oldest - 1 - seq,
		})
		seq = oldest - 1
	}
	for ; seq+1 < l.next && len(batch) < eventBatch; seq++ {
		batch = append(batch, l.ring[seq%keptEvents])
	}
	return batch, nil
}
