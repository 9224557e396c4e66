// Package eventlog writes what happens to connections as log lines, for a monitor without a screen.
//
// An event has a line. Of a kind that comes by the dozen, such as the refusals of a storm, the first few of a second have
// one each and the others one together, with their number, clients and reasons; as long as it goes on, all of a second have
// one together. It reads a source of events and a logger, and main calls it.
package eventlog

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"holter/model"
)

// maxPerSecond bounds the lines about single events of a kind. What goes beyond is one line at the end of that second: a
// storm of thousands must not drown the log.
const maxPerSecond = 10

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

// writer writes events as lines, and gathers those that do not fit into the present second.
type writer struct {
	log     *slog.Logger
	second  time.Time       // when the present second began
	written map[string]int  // lines in it, by kind
	crowded map[string]bool // kinds of which there were too many in the second before
	crowds  []*crowd        // of the present second, in the order in which they began
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

// next waits for events, but not beyond a second that has a crowd to write.
func (w *writer) next(ctx context.Context, source Source, after uint64) ([]model.Event, error) {
	if len(w.crowds) == 0 {
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
	crowded := map[string]bool{}
	for _, c := range w.crowds {
		crowded[c.kind] = w.written[c.kind]+c.count > maxPerSecond
	}
	w.summarise()
	w.second, w.written, w.crowded = now, nil, crowded
}

func (w *writer) write(e *model.Event) {
	line, ok := describe(e)
	line.attrs = append([]slog.Attr{slog.String("event", string(e.Type))}, line.attrs...)
	kind := kindOf(e)
	switch {
	case !ok:
	case kind != "" && (w.crowded[kind] || w.written[kind] >= maxPerSecond):
		w.gather(kind, line.level, e)
	default:
		if w.written == nil {
			w.written = map[string]int{}
		}
		w.written[kind]++
		w.put(line)
	}
}

// gather adds an event to the crowd of its kind.
func (w *writer) gather(kind string, level slog.Level, e *model.Event) {
	i := slices.IndexFunc(w.crowds, func(c *crowd) bool { return c.kind == kind })
	if i < 0 {
		i = len(w.crowds)
		w.crowds = append(w.crowds, &crowd{level: level, kind: kind, event: e.Type})
	}
	w.crowds[i].add(e)
}

// summarise writes the crowds.
func (w *writer) summarise() {
	for _, c := range w.crowds {
		w.put(c.line())
	}
	w.crowds = nil
}

func (w *writer) put(l line) { w.log.LogAttrs(context.Background(), l.level, l.message, l.attrs...) }
