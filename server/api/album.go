package api

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"holter/model"
)

// staleAfter is how long a picture counts as the present state after the last byte of a picture came in. On a slow line
// an old picture counts while the next one is coming in.
const staleAfter = 5 * time.Second

var errStale = errors.New("the last picture is old")

// album keeps the newest picture of another holter, or the reason why there is none.
type album struct {
	mu       sync.Mutex // protects all following
	snapshot model.Snapshot
	heard    time.Time     // when bytes of a picture came in last
	pause    time.Duration // between two pictures
	err      error         // why snapshot is out of date
	there    bool          // snapshot or err is set
	clock    clock

	first chan struct{} // closed when there is set
}

func newAlbum() *album { return &album{first: make(chan struct{})} }

// put replaces the picture. pause is the time until the next one begins to come in. It returns the age of the picture.
func (a *album) put(s model.Snapshot, pause time.Duration, now time.Time) (age time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.snapshot, a.heard, a.pause, a.err = s, now, pause, nil
	a.clock.heard(s.Time, now)
	a.arrived()
	return a.clock.age(s.Time, now)
}

// note records that bytes of a picture have come in.
func (a *album) note(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard = now
}

// asked is clock.asked.
func (a *album) asked(sent, then, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clock.asked(sent, then, now)
}

func (a *album) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
	a.arrived()
}

// arrived wakes the goroutines that wait for the first picture. It runs under mu.
func (a *album) arrived() {
	if !a.there {
		a.there = true
		close(a.first)
	}
}

// get returns a copy of the newest picture. It waits for the first.
func (a *album) get(ctx context.Context, now time.Time) (model.Snapshot, error) {
	select {
	case <-a.first:
	case <-ctx.Done():
		return model.Snapshot{}, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.err != nil:
		return model.Snapshot{}, a.err
	case now.Sub(a.heard) > staleAfter+a.pause:
		return model.Snapshot{}, errStale
	}
	s := a.snapshot
	s.Age = a.clock.age(s.Time, now)
	s.Connections, s.Clients, s.Activity = slices.Clone(s.Connections), slices.Clone(s.Clients), slices.Clone(s.Activity)
	s.Storms, s.Paths, s.Alerts = slices.Clone(s.Storms), slices.Clone(s.Paths), slices.Clone(s.Alerts)
	return s, nil
}
