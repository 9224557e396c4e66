package admin

import (
	"context"
	"errors"
	"time"

	"holter/model"
)

const (
	// quietFor is how long a stream of events stays silent before it writes an empty line, by which a reader that is gone
	// is noticed.
	quietFor = 15 * time.Second

	// eventsUnderWay is how many bytes of events are written before the line is waited for.
	eventsUnderWay = 32 << 10

	// A reader that lost events and then lost some again before it had all that there were is too slow for what happens.
	// What is older than tooOld is left out for it then, up to the newest few.
	tooOld = 2 * time.Second
	few    = 32
)

// follower chooses the events for one reader.
type follower struct {
	source Source
	after  uint64 // the seq of the last event that was written
	losses int    // how often it lost some since it last had all
}

// next waits for events, and for quietFor at most, when it returns none. They are the oldest that are still to be written,
// and the newest for a reader that is too slow. A Dropped event comes first where some are missing.
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

// took says that the reader was given the first n of events.
func (f *follower) took(events []model.Event, n int) {
	if n > 0 {
		f.after = events[n-1].Seq
	}
}

// newest leaves out all but the newest few of events and of those after them, and says how many.
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
	last := events[0].Seq - 1 // of those that are left out
	if last <= f.after {
		return events, nil
	}
	lost := model.Event{Seq: last, Time: time.Now(), Type: model.Dropped, Count: last - f.after}
	return append([]model.Event{lost}, events...), nil
}

// errNothing says that nothing has happened.
var errNothing = errors.New("nothing has happened")

// read returns events with a seq above after. It waits for some, or returns errNothing when it has waited for too long.
func (f *follower) read(ctx context.Context, after uint64, wait time.Duration) ([]model.Event, error) {
	soon, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	events, err := f.source.Events(soon, after)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, errNothing
	}
	return events, err
}
