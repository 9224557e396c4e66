package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"holter/model"
	"holter/probe/process"
)

// After this time of silence a stream counts as dead. Pictures come several times a second, and the stream of
// events has an empty line every 15 s.
const (
	quietPictures = 5 * time.Second
	quietEvents   = 40 * time.Second
)

const longestLine = 256 << 10 // bytes of an event

var (
	errSilent = errors.New("it has stopped sending")
	errAnew   = errors.New("it is asked anew")
	errSlow   = errors.New("the line to it is too slow, or it is: the picture did not come in within two minutes")
)

// stream is an answer without an end. err is the error of the last read, nil while it can be read.
type stream struct {
	body  io.ReadCloser
	text  io.Reader // of the body, unpacked
	quiet time.Duration
	heard func(bytes int, now time.Time) // is called when something came in; nil for no call
	timer *time.Timer
	ctx   context.Context
	end   context.CancelCauseFunc
	err   error
}

// openStream requests a stream, which may be packed as accept allows. It ends with ctx, or after it has been quiet
// for the given time.
func (r *Remote) openStream(ctx context.Context, path, accept string, quiet time.Duration) (*stream, error) {
	ctx, end := context.WithCancelCause(ctx)
	timer := time.AfterFunc(r.caller.opening, process.Guard(func() { end(errSilent) }))
	response, err := r.caller.request(ctx, http.MethodGet, path, accept, nil)
	if err != nil {
		timer.Stop()
		end(nil)
		return nil, err
	}
	timer.Reset(quiet)
	s := &stream{body: response.Body, text: response.Body, quiet: quiet, timer: timer, ctx: ctx, end: end}
	if response.Header.Get("Content-Encoding") == "gzip" {
		s.text = &unpacked{packed: response.Body}
	}
	return s, nil
}

// unpacked reads what is packed with gzip, from its first Read on.
type unpacked struct {
	packed io.Reader
	unpack *gzip.Reader
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.unpack == nil {
		if u.unpack, err = gzip.NewReader(u.packed); err != nil {
			u.unpack = nil
			return 0, err
		}
	}
	return u.unpack.Read(p)
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.text.Read(p)
	if n > 0 {
		s.timer.Reset(s.quiet)
		if s.heard != nil {
			s.heard(n, time.Now())
		}
	}
	if cause := context.Cause(s.ctx); err != nil && (cause == errSilent || cause == errSlow || cause == errAnew) {
		err = cause
	}
	s.err = err
	return n, err
}

// broke reports whether err, returned by a decoder of the stream, means that the stream has ended. Otherwise
// its content could not be understood.
func (s *stream) broke(err error) bool {
	return err != nil && s.err != nil && (errors.Is(err, s.err) || errors.Is(err, io.ErrUnexpectedEOF))
}

// within ends the stream after a time, unless done is called before.
func (s *stream) within(d time.Duration) (done func() bool) {
	return time.AfterFunc(d, process.Guard(func() { s.end(errSlow) })).Stop
}

// lines calls each for every line that is not empty, and with nil for one that is too long, until the stream ends.
func (s *stream) lines(each func(line []byte)) {
	in := bufio.NewReaderSize(s, longestLine)
	for {
		line, err := in.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull {
			_, err = in.ReadSlice('\n')
		}
		switch line = bytes.TrimSpace(line); {
		case err != nil:
			return
		case long:
			each(nil)
		case len(line) > 0:
			each(line)
		}
	}
}

func (s *stream) close() {
	s.timer.Stop()
	s.end(nil)
	s.body.Close()
}

// parseEvent parses an event. If it cannot be understood, it returns a Dropped event in its place.
func parseEvent(line []byte) model.Event {
	var w Event
	err := unmarshal(line, &w)
	e, invalid := w.Model()
	if err != nil || invalid != nil || e.Seq == 0 {
		return model.Event{Seq: w.Seq, Time: time.Now(), Type: model.Dropped, Count: 1}
	}
	return e
}

// retry runs session again and again until ctx ends, with growing pauses while it fails. A session reports
// whether it had worked before it ended; if not, its error goes to failed.
func retry(ctx context.Context, session func(context.Context) (ended bool, err error), failed func(error)) error {
	pause := backoff.NewExponentialBackOff() // each pause up to half longer or shorter
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
