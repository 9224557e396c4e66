package api

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"holter/model"
)

// staleAfter is the age from which a picture no longer counts as the present.
const staleAfter = 5 * time.Second

var errStale = errors.New("the last picture is old")

// album keeps the newest picture of another holter, or the reason why there is none.
type album struct {
	mu       sync.Mutex // protects all following
	snapshot model.Snapshot
	taken    time.Time // by the clock of this machine
	err      error     // why snapshot is out of date
	there    bool      // snapshot or err is set

	first chan struct{} // closed when there is set
}

func newAlbum() *album { return &album{first: make(chan struct{})} }

func (a *album) put(s model.Snapshot, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.snapshot, a.taken, a.err = s, now, nil
	a.arrived()
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
	case now.Sub(a.taken) > staleAfter:
		return model.Snapshot{}, errStale
	}
	s := a.snapshot
	s.Connections, s.Clients, s.Activity = slices.Clone(s.Connections), slices.Clone(s.Clients), slices.Clone(s.Activity)
	s.Storms = slices.Clone(s.Storms)
	return s, nil
}
