package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holter/probe/process"

	"holter/model"
	"holter/server/journal"
)

// Remote is another holter, seen through its admin plane: a source for the screen that draws the same from
// it as from a monitor in its own process. Snapshot and Events tell what has come in by itself, while Run
// runs; they never wait for the network.
//
// What comes from the other holter is bounded in size and cleaned. An error with the code
// model.Unavailable says that there is no answer from it, or none that makes sense; Run goes on trying.
type Remote struct {
	caller   *caller
	pictures *album
	events   *journal.Log
	renumber renumber
}

// Attach finds the holter at an address as ParseAddress reads it, and takes its first picture. The error
// says in one sentence what to write instead or what to look after.
func Attach(ctx context.Context, address, token string) (*Remote, error) {
	base, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	r := &Remote{caller: newCaller(base, token), pictures: newAlbum(), events: journal.New(keptEvents)}
	r.renumber.log = r.events
	if err := r.first(ctx); err != nil {
		r.caller.http.CloseIdleConnections()
		return nil, err
	}
	return r, nil
}

// URL is the root of the other holter's admin plane.
func (r *Remote) URL() string { return r.caller.base.String() }

// Run keeps the picture and the events coming until ctx ends. If the other holter is lost it tries to find
// it again, sooner first and then every few seconds.
func (r *Remote) Run(ctx context.Context) error {
	defer r.caller.http.CloseIdleConnections()
	return process.Run(ctx,
		func(ctx context.Context) error { return follow(ctx, r.watch, r.pictures.fail) },
		func(ctx context.Context) error { return follow(ctx, r.listen, func(error) {}) },
	)
}

// first takes one picture.
func (r *Remote) first(ctx context.Context) error {
	s, err := r.openStream(ctx, "/api/v1/snapshots", quietPictures)
	if err != nil {
		return r.explain(err)
	}
	defer s.close()
	return r.look(s, NewSnapshotReader(s))
}

// watch takes pictures as they come.
func (r *Remote) watch(ctx context.Context) (ended bool, err error) {
	s, err := r.openStream(ctx, "/api/v1/snapshots", quietPictures)
	if err != nil {
		return false, r.explain(err)
	}
	defer s.close()
	series := NewSnapshotReader(s)
	for {
		if err := r.look(s, series); err != nil {
			return ended && s.err != nil, err
		}
		ended = true
	}
}

// look takes the next picture.
func (r *Remote) look(s *stream, series *SnapshotReader) error {
	picture, err := series.Read()
	switch {
	case s.broke(err):
		return r.caller.unavailable(s.err)
	case err != nil:
		return r.caller.strange(err)
	case picture.Monitor.Started.IsZero():
		return r.caller.strange(errors.New("a picture without the time of the start"))
	}
	r.pictures.put(picture, time.Now())
	return nil
}

// explain says what it means that a holter has no snapshots.
func (r *Remote) explain(err error) error {
	if model.ErrorCode(err) == model.NotFound {
		return model.Errorf(model.Unavailable, "%s is a holter of another version, to which this one cannot attach", r.caller.base)
	}
	return err
}

// listen takes events as they come.
func (r *Remote) listen(ctx context.Context) (ended bool, err error) {
	var summary Summary
	if err := r.caller.call(ctx, http.MethodGet, "/api/v1/summary", nil, &summary); err != nil {
		return false, err
	}
	since := r.renumber.begin(summary.StartedAt)
	s, err := r.openStream(ctx, fmt.Sprintf("/api/v1/events?since=%d", since), quietEvents)
	if err != nil {
		return false, err
	}
	defer s.close()
	for lines := s.lines(); lines.Scan(); {
		if len(lines.Bytes()) > 0 {
			r.renumber.publish(parseEvent(lines.Bytes()))
			ended = true
		}
	}
	return ended, s.err
}

// Snapshot is the whole picture, at most a few seconds old. It waits for the first.
func (r *Remote) Snapshot(ctx context.Context) (model.Snapshot, error) {
	s, err := r.pictures.get(ctx, time.Now())
	if errors.Is(err, errStale) {
		err = r.caller.unavailable(err)
	}
	return s, err
}

// Detail is one connection, with a model.NotFound error once it is forgotten.
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

// Events are those with a Seq above after, oldest first. It waits until there is one. Those lost since then
// come as one model.Dropped event in front. Where the other holter was started anew, the numbers go on.
func (r *Remote) Events(ctx context.Context, after uint64) ([]model.Event, error) {
	return r.events.After(ctx, after)
}

// Kick ends connections and answers how many it was about, with an error if some were not there any more.
func (r *Remote) Kick(ctx context.Context, k model.Kick) (int, error) {
	in := Kick{IDs: names(k.IDs), Q: k.Query, Code: k.Code, Reason: k.Reason, RST: k.Reset, OverMS: millis(k.Over)}
	var out Kicked
	err := r.caller.call(ctx, http.MethodPost, "/api/v1/kick", in, &out)
	if model.ErrorCode(err) == model.Unavailable {
		err = model.Errorf(model.Unavailable, "%s; whether the kick has arrived is not known", err)
	}
	if err == nil && out.Error != nil {
		err = out.Error.err()
	}
	return max(0, out.Kicked), err
}

// Refuse has upgrades turned away for so long; 0 lets them in again.
func (r *Remote) Refuse(ctx context.Context, length time.Duration) error {
	ms := millis(length)
	return r.caller.call(ctx, http.MethodPost, "/api/v1/refuse", Refuse{ForMS: &ms}, new(Refusing))
}

// Now is what the other holter's clock said when it answered: whatever is done afterwards happens later.
func (r *Remote) Now(ctx context.Context) (time.Time, error) {
	var summary Summary
	err := r.caller.call(ctx, http.MethodGet, "/api/v1/summary", nil, &summary)
	return summary.Time, err
}
