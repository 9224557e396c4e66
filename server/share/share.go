// Package share takes snapshots for many readers at once, so that their cost does not grow with the readers.
//
// It owns nothing but the snapshots that are being taken, and starts no goroutine: one of the readers takes a snapshot for
// all who wait for it. The admin plane asks its source through it.
package share

import (
	"context"
	"errors"
	"sync"

	"holter/model"
)

// Pictures takes the snapshots for all requests, one at a time. With many connections one takes tens of
// milliseconds. A request that comes while one is taken shares the next with all others that come until that begins: so
// the cost does not grow with the number of readers, and no reader gets a picture from before its request.
type Pictures struct {
	take func(context.Context) (model.Snapshot, error)

	mu        sync.Mutex // protects the following
	now, next *shot      // that is being taken, and that others wait for; nil for none
}

// From makes Pictures that are taken by a function, which is never called twice at a time.
func From(take func(context.Context) (model.Snapshot, error)) *Pictures { return &Pictures{take: take} }

// shot is a snapshot. Its readers must not change it.
type shot struct {
	done chan struct{} // closed when the others are set
	model.Snapshot
	err error
}

// Take returns a snapshot that was begun after the call. The caller must not change what it points to.
func (p *Pictures) Take(ctx context.Context) (model.Snapshot, error) {
	p.mu.Lock()
	before := p.now
	switch {
	case before == nil:
		p.now = newShot()
		s := p.now
		p.mu.Unlock()
		return p.shoot(ctx, s)
	case p.next == nil:
		p.next = newShot()
		s := p.next
		p.mu.Unlock()
		<-before.done
		return p.shoot(ctx, s)
	}
	s := p.next
	p.mu.Unlock()
	select {
	case <-s.done:
		return s.Snapshot, s.err
	case <-ctx.Done():
		return model.Snapshot{}, ctx.Err()
	}
}

func newShot() *shot { return &shot{done: make(chan struct{}), err: errNotTaken} }

var errNotTaken = errors.New("the source of the snapshot panicked")

// shoot takes a snapshot for all who wait for it: it does not end with the request of the caller.
func (p *Pictures) shoot(ctx context.Context, s *shot) (model.Snapshot, error) {
	defer func() {
		p.mu.Lock()
		p.now, p.next = p.next, nil // which the request that asked for it takes at once
		p.mu.Unlock()
		close(s.done)
	}()
	s.Snapshot, s.err = p.take(context.WithoutCancel(ctx))
	return s.Snapshot, s.err
}
