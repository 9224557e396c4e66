package admin

import (
	"context"
	"errors"
	"time"

	"holter/model"
)

const (
	// quietFor is how long a stream of events stays silent before it writes an empty line. If the reader is gone, that
	// write fails.
	quietFor = 15 * time.Second

	// eventsUnderWay is how many bytes of events are written before the stream waits for the reader.
	eventsUnderWay = 32 << 10

	// A reader is too slow if it lost events, and lost some again before it had caught up. Then events older than tooOld
	// are left out for it, except the newest few.
	tooOld = 2 * time.Second
	few    = 32
)

// follower chooses the events for one reader.
type follower struct {
	source Source
	after  uint64 // the seq of the last event that was written
	losses int    // how often it has lost events since it last had all
}

// next waits for events, but at most for quietFor, after which it returns none. It returns the oldest events that the
// reader does not have yet, or the newest events if the reader is too slow. If some events are missing, a Dropped event
// comes first.
func (f *follower) next(ctx context.Context) ([]model.Event, error) {
	events, err := f.read(ctx, f.after, 0)
	if errors.Is(err, errNothing) {
		f.losses = 0
		events, err = f.read(ctx, f.after, quietFor)
	}
	switch {
	case errors.Is(err, errNothing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	oldest := &events[0]
	if oldest.Type == model.Dropped && len(events) > 1 {
		f.losses++
		oldest = &events[1]
	}
	if f.losses > 1 && time.Since(oldest.Time) > tooOld {
		return f.newest(ctx, events)
	}
	return events, nil
}

// took records that the first n of events were written to the reader.
func (f *follower) took(events []model.Event, n int) {
	if n > 0 {
		f.after = events[n-1].Seq
	}
}

// newest reads all events after events, and returns the newest few of all of them. A Dropped event counts the others.
func (f *follower) newest(ctx context.Context, events []model.Event) ([]model.Event, error) {
	for {
		more, err := f.read(ctx, events[len(events)-1].Seq, 0)
		if errors.Is(err, errNothing) {
			break
		}
		if err != nil {
			return nil, err
		}
		events = more
	}
	events = events[max(0, len(events)-few):]
	if events[0].Type == model.Dropped {
		events = events[1:]
	}
	last := events[0].Seq - 1 // the seq of the last event that is left out
	if last <= f.after {
		return events, nil
	}
	lost := model.Event{Seq: last, Time: time.Now(), Type: model.Dropped, Count: last - f.after}
	return append([]model.Event{lost}, events...), nil
}

// errNothing says that nothing has happened.
var errNothing = errors.New("nothing has happened")

// read returns events with a seq above after. It returns errNothing if none comes within wait.
func (f *follower) read(ctx context.Context, after uint64, wait time.Duration) ([]model.Event, error) {
	soon, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	events, err := f.source.Events(soon, after)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, errNothing
	}
	return events, err
}
