package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/server/journal"
)

// clockEvery is how often another holter is asked for its time.
const clockEvery = 10 * time.Second

// Remote is another holter, seen through its admin plane: a source for the screen, like a monitor in the same
// process. While Run runs, pictures and events come in by themselves. Snapshot and Events return these, and
// never wait for the network; all other methods make a request.
//
// An error with the code model.Unavailable says that the other holter did not answer, or that its answer could
// not be understood. Run goes on trying.
type Remote struct {
	caller   *caller
	pictures *album
	pace     pace // of Attach, and then of the goroutine that reads pictures
	events   *journal.Log
	renumber renumber
}

// Attach is Access.Attach with a token alone, "" for none.
func Attach(ctx context.Context, address, token string) (*Remote, error) {
	return Access{Token: token}.Attach(ctx, address)
}

func attach(ctx context.Context, c *caller) (*Remote, error) {
	r := &Remote{caller: c, pictures: newAlbum(), events: journal.New(keptEvents)}
	r.renumber.log = r.events
	if err := r.first(ctx); err != nil {
		r.caller.http.CloseIdleConnections()
		return nil, err
	}
	return r, nil
}

// URL returns the root of the other holter's admin plane.
func (r *Remote) URL() string { return r.caller.base.String() }

// Run reads pictures and events until ctx ends. While it cannot reach the other holter it tries again, soon at
// first and then every few seconds.
func (r *Remote) Run(ctx context.Context) error {
	defer r.caller.http.CloseIdleConnections()
	return process.Run(ctx,
		func(ctx context.Context) error { return retry(ctx, r.readPictures, r.pictures.fail) },
		func(ctx context.Context) error { return retry(ctx, r.readEvents, func(error) {}) },
		r.readClock,
	)
}

// first reads one picture.
func (r *Remote) first(ctx context.Context) error {
	r.pace = pace{pause: usualPause, squeeze: true} // it is whole, and the line may be slow
	s, err := r.openPictures(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	_, came, err := r.readPicture(s, NewSnapshotReader(s))
	r.pace.began(came.bytes, came.took)
	return err
}

// readPictures reads pictures until it has to ask for them anew. It is a session of retry.
func (r *Remote) readPictures(ctx context.Context) (ended bool, err error) {
	s, err := r.openPictures(ctx)
	if err != nil {
		return false, err
	}
	defer s.close()
	series := NewSnapshotReader(s)
	for {
		age, came, err := r.readPicture(s, series)
		switch {
		case s.err == errAnew:
			return true, nil
		case err != nil:
			return ended && s.err != nil, err
		case r.pace.judge(age, came.took):
			return true, nil
		}
		ended = true
	}
}

func (r *Remote) openPictures(ctx context.Context) (*stream, error) {
	s, err := r.openStream(ctx, r.pace.path(), r.pace.accept(), quietPictures+r.pace.pause)
	if err != nil {
		return nil, r.explain(err)
	}
	return s, nil
}

// arrival is how a picture came in.
type arrival struct {
	bytes int
	took  time.Duration // from its first byte on
}

// readPicture reads the next picture into the album. It returns how old it is and how it came in.
func (r *Remote) readPicture(s *stream, series *SnapshotReader) (age time.Duration, came arrival, err error) {
	done := s.within(r.caller.whole)
	var begin time.Time
	s.heard = func(bytes int, now time.Time) {
		if begin.IsZero() {
			begin = now
		}
		came.bytes += bytes
		came.took = now.Sub(begin)
		r.pictures.note(now)
		if r.pace.midway(came.bytes, came.took) {
			s.end(errAnew)
		}
	}
	picture, err := series.Read()
	done()
	switch {
	case s.broke(err):
		return 0, came, r.caller.unavailable(s.err)
	case err != nil:
		return 0, came, r.caller.strange(err)
	case picture.Monitor.Started.IsZero():
		return 0, came, r.caller.strange(errors.New("a picture without the time of the start"))
	}
	return r.pictures.put(picture, r.pace.pause, time.Now()), came, nil
}

// readClock learns by how much the clocks of the two machines differ, again and again.
func (r *Remote) readClock(ctx context.Context) error {
	for {
		var summary Summary
		sent := time.Now()
		err := r.caller.call(ctx, http.MethodGet, "/api/v1/summary", nil, &summary)
		if err == nil && !summary.Time.IsZero() {
			r.pictures.asked(sent, summary.Time, time.Now())
		}
		select {
		case <-time.After(clockEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// explain replaces the error of a holter that has no snapshots by its meaning.
func (r *Remote) explain(err error) error {
	if model.ErrorCode(err) == model.NotFound {
		return model.Errorf(model.Unavailable, "%s is a holter of another version, and this one cannot attach to it", r.caller.base)
	}
	return err
}

// readEvents reads events as they come. It is a session of retry.
func (r *Remote) readEvents(ctx context.Context) (ended bool, err error) {
	var summary Summary
	if err := r.caller.call(ctx, http.MethodGet, "/api/v1/summary", nil, &summary); err != nil {
		return false, err
	}
	since := r.renumber.begin(summary.StartedAt)
	s, err := r.openStream(ctx, fmt.Sprintf("/api/v1/events?since=%d", since), "", quietEvents)
	if err != nil {
		return false, err
	}
	defer s.close()
	s.lines(func(line []byte) {
		r.renumber.publish(parseEvent(line))
		ended = true
	})
	return ended, s.err
}

// Snapshot returns the newest complete picture that has come in, with its age. It waits for the first picture. It
// returns an error if no byte of the next picture comes in for some seconds.
func (r *Remote) Snapshot(ctx context.Context) (model.Snapshot, error) {
	s, err := r.pictures.get(ctx, time.Now())
	if errors.Is(err, errStale) {
		err = r.caller.unavailable(err)
	}
	return s, err
}

// Detail returns all details of one connection, or a NotFound error.
func (r *Remote) Detail(ctx context.Context, id model.ID) (model.Detail, error) {
	var d Detail
	if err := r.caller.call(ctx, http.MethodGet, "/api/v1/connections/"+id.String(), nil, &d); err != nil {
		return model.Detail{}, err
	}
	m, err := d.Model()
	if err != nil {
		return model.Detail{}, r.caller.strange(err)
	}
	return m, nil
}

// Events returns those with a Seq above after: see journal.Log. If the other holter is started anew, the
// numbers go on here.
func (r *Remote) Events(ctx context.Context, after uint64) ([]model.Event, error) {
	return r.events.After(ctx, after)
}

// Kick closes connections and returns their number, with an error too if some were no longer open.
func (r *Remote) Kick(ctx context.Context, k model.Kick) (int, error) {
	in := Kick{IDs: names(k.IDs), Q: k.Query, Code: k.Code, Reason: k.Reason, RST: k.Reset, OverMS: millis(k.Over)}
	var out Kicked
	err := r.caller.call(ctx, http.MethodPost, "/api/v1/kick", in, &out)
	if model.ErrorCode(err) == model.Unavailable {
		err = model.Errorf(model.Unavailable, "%s; it is not known whether the kick has arrived", err)
	}
	if err == nil && out.Error != nil {
		err = out.Error.err()
	}
	return max(0, out.Kicked), err
}

// Refuse refuses upgrades for the given time; 0 lets them in again.
func (r *Remote) Refuse(ctx context.Context, length time.Duration) error {
	ms := millis(length)
	return r.caller.call(ctx, http.MethodPost, "/api/v1/refuse", Refuse{ForMS: &ms}, new(Refusing))
}

// Alerts asks for all that is known of alerts.
func (r *Remote) Alerts(ctx context.Context) (model.AlertBook, error) {
	var w Alerts
	err := r.caller.call(ctx, http.MethodGet, "/api/v1/alerts", nil, &w)
	return w.Model(), err
}

// OrderAlert acknowledges or silences alerts, and returns how many.
func (r *Remote) OrderAlert(ctx context.Context, o model.AlertOrder) (int, error) {
	path, ms := "/api/v1/alerts/"+url.PathEscape(o.Target), millis(o.For)
	var out AlertsOrdered
	var err error
	switch o.Do {
	case model.Acknowledge:
		err = r.caller.call(ctx, http.MethodPut, path+"/acknowledgement", nil, &out)
	case model.Unacknowledge:
		err = r.caller.call(ctx, http.MethodDelete, path+"/acknowledgement", nil, &out)
	default:
		err = r.caller.call(ctx, http.MethodPut, path+"/silence", Silence{ForMS: &ms}, &out)
	}
	return max(0, out.Alerts), err
}

// Dismiss takes a piece of advice away until it becomes worse.
func (r *Remote) Dismiss(ctx context.Context, id string) error {
	return r.caller.call(ctx, http.MethodDelete, "/api/v1/advice/"+url.PathEscape(id), nil, new(Dismissed))
}

// Recall takes back that a piece of advice was dismissed.
func (r *Remote) Recall(ctx context.Context, id string) error {
	return r.caller.call(ctx, http.MethodPut, "/api/v1/advice/"+url.PathEscape(id), nil, new(Recalled))
}

// Now returns the time by the other holter's clock. What is done after the call happens there at a later time.
func (r *Remote) Now(ctx context.Context) (time.Time, error) {
	var summary Summary
	err := r.caller.call(ctx, http.MethodGet, "/api/v1/summary", nil, &summary)
	return summary.Time, err
}
