package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
	"holter/probe/process"
)

// How long a stream may be silent before it counts as dead. Pictures come several times a second, and the
// stream of events has an empty line every 15 s.
const (
	quietPictures = 5 * time.Second
	quietEvents   = 40 * time.Second
)

const longestLine = 1 << 20 // bytes of an event

var errSilent = errors.New("nothing comes any more")

// stream is an answer without an end. Its err is why nothing more can be read from it.
type stream struct {
	body  io.ReadCloser
	quiet time.Duration
	timer *time.Timer
	ctx   context.Context
	end   context.CancelCauseFunc
	err   error
}

// openStream asks for a stream that ends with ctx, or after it has been quiet for so long.
func (r *Remote) openStream(ctx context.Context, path string, quiet time.Duration) (*stream, error) {
	ctx, end := context.WithCancelCause(ctx)
	response, err := r.caller.open(ctx, http.MethodGet, path, nil)
	if err != nil {
		end(nil)
		return nil, err
	}
	timer := time.AfterFunc(quiet, process.Guard(func() { end(errSilent) }))
	return &stream{body: response.Body, quiet: quiet, timer: timer, ctx: ctx, end: end}, nil
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if n > 0 {
		s.timer.Reset(s.quiet)
	}
	if err != nil && errors.Is(context.Cause(s.ctx), errSilent) {
		err = errSilent
	}
	s.err = err
	return n, err
}

// broke reports whether err, of a reader of the stream, says that the stream ended and not that there is
// nonsense in it.
func (s *stream) broke(err error) bool {
	return err != nil && s.err != nil && (errors.Is(err, s.err) || errors.Is(err, io.ErrUnexpectedEOF))
}

func (s *stream) lines() *bufio.Scanner {
	lines := bufio.NewScanner(s)
	lines.Buffer(nil, longestLine)
	return lines
}

func (s *stream) close() {
	s.timer.Stop()
	s.end(nil)
	s.body.Close()
}

// parseEvent reads an event. In place of one that makes no sense stands the news that one was lost.
func parseEvent(line []byte) model.Event {
	var w Event
	err := json.Unmarshal(line, &w)
	e, invalid := w.Model()
	if err != nil || invalid != nil {
		return model.Event{Seq: w.Seq, Time: time.Now(), Type: model.Dropped, Count: 1}
	}
	return e
}

// follow runs session again and again until ctx ends, with growing pauses between those that fail. A
// session reports whether it worked and was only ended; if not, its error goes to failed.
func follow(ctx context.Context, session func(context.Context) (ended bool, err error), failed func(error)) error {
	pause := backoff.NewExponentialBackOff() // each up to half longer or shorter
	pause.InitialInterval, pause.Multiplier, pause.MaxInterval = 100*time.Millisecond, 2, 3*time.Second
	for {
		ended, err := session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if ended {
			pause.Reset()
		} else {
			failed(err)
		}
		select {
		case <-time.After(pause.NextBackOff()):
		case <-ctx.Done():
			return nil
		}
	}
}
