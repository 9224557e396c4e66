package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/api"
)

const (
	// quietFor is how long a stream stays silent before it writes an empty line, by which a reader that
	// is gone is found out.
	quietFor = 15 * time.Second

	// batchSize is how many bytes are gathered before they are written, where there is much to tell.
	batchSize = 32 << 10
)

// events answers GET /api/v1/events: the events with a seq above since, or above the Last-Event-ID of a
// reader that has been here before, and then all that happen until the reader leaves or the plane
// stops. Without either it begins with those that are still remembered. A reader that is too slow is
// told how many it lost.
func (a *admin) events(c *gin.Context) {
	after, err := parseSince(c.Request)
	if err != nil {
		fail(c, err)
		return
	}
	s := newStream(c, a.stuck)
	for s.ctl.Flush() == nil {
		events, err := a.next(c.Request.Context(), after)
		if err != nil || s.write(events) != nil {
			return // the reader is gone, or the plane stops: the stream is all that can tell
		}
		if len(events) > 0 {
			after = events[len(events)-1].Seq
		}
	}
}

// next waits for events, and for quietFor at most.
func (a *admin) next(ctx context.Context, after uint64) ([]model.Event, error) {
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

// stream is an answer without an end, a batch of events at a time.
type stream struct {
	out    http.ResponseWriter
	ctl    *http.ResponseController
	stuck  time.Duration // how long a reader may take nothing
	encode func(b *bytes.Buffer, e api.Event) error
	idle   string // what to write when nothing happens
	batch  bytes.Buffer
}

// newStream begins the answer in the format that the request accepts.
func newStream(c *gin.Context, stuck time.Duration) *stream {
	s := &stream{out: c.Writer, ctl: http.NewResponseController(c.Writer), stuck: stuck, encode: encodeLine, idle: "\n"}
	contentType := "application/x-ndjson"
	if strings.Contains(c.GetHeader("Accept"), "text/event-stream") {
		s.encode, s.idle, contentType = encodeSSE, ":\n\n", "text/event-stream"
	}
	h := c.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx
	return s
}

// encodeLine writes e as a line of JSON (NDJSON).
func encodeLine(b *bytes.Buffer, e api.Event) error { return json.NewEncoder(b).Encode(e) }

// encodeSSE writes e as a server-sent event, whose id comes back as Last-Event-ID.
func encodeSSE(b *bytes.Buffer, e api.Event) error {
	fmt.Fprintf(b, "id: %d\nevent: %s\ndata: ", e.Seq, e.Type)
	if err := encodeLine(b, e); err != nil {
		return err
	}
	return b.WriteByte('\n')
}

// write gathers events, or what stands for none, and writes them. The error is that of a reader that took
// nothing for too long, or that is gone.
func (s *stream) write(events []model.Event) error {
	if len(events) == 0 {
		s.batch.WriteString(s.idle)
	}
	for i := range events {
		if err := s.encode(&s.batch, api.FromEvent(&events[i])); err != nil {
			return err
		}
		if s.batch.Len() >= batchSize {
			if err := s.send(); err != nil {
				return err
			}
		}
	}
	return s.send()
}

// send writes the batch.
func (s *stream) send() error {
	defer s.batch.Reset()
	if err := s.ctl.SetWriteDeadline(time.Now().Add(s.stuck)); err != nil {
		return err
	}
	_, err := s.out.Write(s.batch.Bytes())
	return err
}
