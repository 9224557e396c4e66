package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holter/model"
	"holter/server/api"
)

// quietFor is how long a stream stays silent before it writes an empty line, by which a reader that is gone
// is noticed.
const quietFor = 15 * time.Second

// events answers GET /api/v1/events: the events with a seq above since, or above the Last-Event-ID of a
// reader that has been here before, and then all that happen until the reader leaves or the plane
// stops. Without either it begins with those that are still remembered. A reader that is too slow is
// told how many it lost.
func (a *Plane) events(w http.ResponseWriter, r *http.Request) error {
	after, err := parseSince(r)
	if err != nil {
		return err
	}
	format := formatFor(r)
	out := newEndless(w, format.contentType, a.stuck)
	for out.flush() == nil {
		events, err := a.next(r.Context(), after)
		if err != nil || format.write(out, events) != nil {
			return nil // the reader is gone, or the plane stops: the end of the answer is all that can tell
		}
		if len(events) > 0 {
			after = events[len(events)-1].Seq
		}
	}
	return nil
}

// next waits for events, and for quietFor at most.
func (a *Plane) next(ctx context.Context, after uint64) ([]model.Event, error) {
	quiet, cancel := context.WithTimeout(ctx, quietFor)
	defer cancel()
	events, err := a.source.Events(quiet, after)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, nil
	}
	return events, err
}

func parseSince(r *http.Request) (uint64, error) {
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("since")
	}
	if since == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(since, 10, 64)
	if err != nil {
		return 0, model.Errorf(model.Invalid, "since %.40q: write the seq of the last event that you have, a number that is 0 or more", since)
	}
	return after, nil
}

// format is how a stream of events is written.
type format struct {
	contentType string
	one         func(w io.Writer, e api.Event) error
	idle        string // for when nothing happens
}

var (
	ndjson           = format{"application/x-ndjson", writeLine, "\n"}
	serverSentEvents = format{"text/event-stream", writeSSE, ":\n\n"}
)

// formatFor is the format that a request accepts.
func formatFor(r *http.Request) format {
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return serverSentEvents
	}
	return ndjson
}

// write writes events, or what stands for none.
func (f format) write(w io.Writer, events []model.Event) error {
	if len(events) == 0 {
		_, err := io.WriteString(w, f.idle)
		return err
	}
	for i := range events {
		if err := f.one(w, api.FromEvent(&events[i])); err != nil {
			return err
		}
	}
	return nil
}

// writeLine writes e as a line of JSON (NDJSON).
func writeLine(w io.Writer, e api.Event) error { return json.NewEncoder(w).Encode(e) }

// writeSSE writes e as a server-sent event, whose id comes back as Last-Event-ID.
func writeSSE(w io.Writer, e api.Event) error {
	fmt.Fprintf(w, "id: %d\nevent: %s\ndata: ", e.Seq, e.Type)
	if err := writeLine(w, e); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
