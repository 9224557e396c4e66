package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"holter/model"
	"holter/server/api"
)

// events answers GET /api/v1/events: the events with a seq above since, or above Last-Event-ID if the reader was
// connected before, and then all later events until the reader leaves or the plane stops. Without since and
// Last-Event-ID it begins with the oldest event that is still kept. A reader that is too slow gets the number of events
// that it lost.
func (a *Plane) events(w http.ResponseWriter, r *http.Request) error {
	after, err := parseSince(r)
	if err != nil {
		return err
	}
	giveBack, err := a.subscribe()
	if err != nil {
		return err
	}
	defer giveBack()
	format := formatFor(r)
	out := newEndless(w, r, format.contentType, a.stuck)
	reader := follower{source: a.source, after: after}
	for err == nil {
		if err = out.send(); err != nil {
			break
		}
		var events []model.Event
		if events, err = reader.next(r.Context()); err == nil {
			var n int
			n, err = format.write(out, events)
			reader.took(events, n)
		}
	}
	a.ended(r, out, err)
	return nil
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
	idle        string // written while there are no events
}

var (
	ndjson           = format{"application/x-ndjson", writeLine, "\n"}
	serverSentEvents = format{"text/event-stream", writeSSE, ":\n\n"}
)

// formatFor returns the format that a request accepts.
func formatFor(r *http.Request) format {
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return serverSentEvents
	}
	return ndjson
}

// write writes events and returns how many it wrote. It writes the idle text if there are none, and stops when
// eventsUnderWay bytes have been written.
func (f format) write(out *endless, events []model.Event) (n int, err error) {
	if len(events) == 0 {
		_, err = io.WriteString(out, f.idle)
		return 0, err
	}
	for ; n < len(events) && err == nil && out.raw < eventsUnderWay; n++ {
		err = f.one(out, api.FromEvent(&events[n]))
	}
	return n, err
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
