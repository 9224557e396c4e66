package compare

import (
	"context"
	"errors"
	"net/http"
	"time"

	"holter/model"
)

// Monitor keeps the server's end in holter's schemes. It is the monitor that applications use, or rather the
// three functions of it that a comparison needs.
type Monitor struct {
	// Wrap returns a handler whose WebSockets the monitor watches. It closes those of clients that it gives up.
	Wrap func(http.Handler) http.Handler
	// Run beats until ctx ends.
	Run func(ctx context.Context) error
	// Events waits for events after a sequence number, from 0, and returns them in order. The client of an
	// event's connection is named by the query parameter client of its request.
	Events func(ctx context.Context, after uint64) ([]model.Event, error)
}

// Settings are those of a monitor that differ from the default ones.
type Settings struct {
	Scheme   model.Scheme
	Interval time.Duration // between two beats of a connection
}

// NewMonitor makes a monitor.
type NewMonitor func(Settings) Monitor

var errEventsLost = errors.New("the monitor has forgotten events before they were read: the figures would be wrong")

// follow records what m believes of the clients of the server's ends, until ctx ends.
func (l *lab) follow(ctx context.Context, m Monitor) error {
	for last := uint64(0); ; {
		events, err := m.Events(ctx, last)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			last = e.Seq
			if e.Type == model.Dropped {
				return errEventsLost
			}
			if e.Connection == nil {
				continue
			}
			if g := l.guest(e.Connection.Client); g != nil {
				g.end.record.event(e)
			}
		}
	}
}

// event records an event of the connection.
func (r *record) event(e *model.Event) {
	switch e.Type {
	case model.StateChanged:
		r.believe(e.To, e.Time)
	case model.ConnectionClosed:
		r.over(e.Connection.Close.At, e.Connection.Close.By == model.ByHolter)
	}
}
