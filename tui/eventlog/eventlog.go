// Package eventlog writes what happens to connections as log lines, for a monitor without a screen.
package eventlog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"holter/model"
)

// maxPerSecond bounds the lines written about single events. What goes beyond is counted, and the
// counts are one line at the end of that second: a storm of thousands must not drown the log.
const maxPerSecond = 50

// farewell is how long the events of a shutdown may take to arrive.
const farewell = 100 * time.Millisecond

// Source is where events come from. Events are those after the given one, and wait until there is one.
type Source interface {
	Events(ctx context.Context, after uint64) ([]model.Event, error)
}

// Run logs the events of source until ctx ends, then those that are still there. It returns early
// only with an error of the source's.
func Run(ctx context.Context, source Source, log *slog.Logger) error {
	w := &writer{log: log, second: time.Now()}
	after, err := w.follow(ctx, source, 0)
	if ctx.Err() == nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_, err = w.follow(last, source, after)
	w.summarise()
	if last.Err() != nil {
		return nil
	}
	return err
}

// writer writes events as lines, and counts those that do not fit into the present second.
type writer struct {
	log     *slog.Logger
	second  time.Time // when the present second began
	written int       // lines in it
	more    counts
}

// follow logs events until the source fails, be it because ctx ended, and answers the last one's number.
func (w *writer) follow(ctx context.Context, source Source, after uint64) (uint64, error) {
	for {
		events, err := w.next(ctx, source, after)
		if err != nil {
			return after, err
		}
		w.turn(time.Now())
		for i := range events {
			w.write(&events[i])
			after = events[i].Seq
		}
	}
}

// next waits for events, but not beyond a second that has a summary to write.
func (w *writer) next(ctx context.Context, source Source, after uint64) ([]model.Event, error) {
	if w.more == (counts{}) {
		return source.Events(ctx, after)
	}
	short, cancel := context.WithDeadline(ctx, w.second.Add(time.Second))
	defer cancel()
	events, err := source.Events(short, after)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, nil
	}
	return events, err
}

// turn begins another second if the present one is over.
func (w *writer) turn(now time.Time) {
	if now.Sub(w.second) < time.Second {
		return
	}
	w.summarise()
	w.second, w.written = now, 0
}

func (w *writer) write(e *model.Event) {
	line, ok := describe(e)
	switch {
	case !ok:
	case w.written >= maxPerSecond && e.Type != model.Dropped:
		w.more.add(e)
	default:
		w.written++
		w.log.LogAttrs(context.Background(), line.level, line.message, line.attrs...)
	}
}

func (w *writer) summarise() {
	if attrs := w.more.attrs(); len(attrs) > 0 {
		w.log.LogAttrs(context.Background(), slog.LevelWarn, "and more in this second", attrs...)
	}
	w.more = counts{}
}
