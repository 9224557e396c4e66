// Package lease bounds how much work runs at a time, without letting work that only waits keep other
// work out.
package lease

import (
	"sync"
	"time"
)

// Pool hands out so many leases at a time, in the order in which they are asked for. A lease ends when it
// is given back, or with its term: its holder must by then be waiting for somebody else.
type Pool[Holder comparable] struct {
	term  time.Duration
	turn  chan struct{} // taken by the first in line, who alone uses timer and freed
	timer *time.Timer
	freed chan struct{} // a lease was given back since somebody looked

	mu     sync.Mutex // protects all following
	leases []lease[Holder]
}

// lease is free if it was never granted.
type lease[Holder comparable] struct {
	holder  Holder
	granted time.Time
}

// NewPool makes a pool of so many leases of a term. It must be positive, as that.
func NewPool[Holder comparable](leases int, term time.Duration) *Pool[Holder] {
	return &Pool[Holder]{
		term:   term,
		turn:   make(chan struct{}, 1),
		timer:  time.NewTimer(term),
		freed:  make(chan struct{}, 1),
		leases: make([]lease[Holder], leases),
	}
}

// Acquire waits for a lease. It reports false if there was none before done was closed.
func (p *Pool[Holder]) Acquire(done <-chan struct{}, h Holder) bool {
	select {
	case p.turn <- struct{}{}:
	case <-done:
		return false
	}
	defer func() { <-p.turn }()
	for {
		wait := p.grant(h, time.Now())
		if wait <= 0 {
			return true
		}
		p.timer.Reset(wait)
		select {
		case <-p.freed:
		case <-p.timer.C:
		case <-done:
			return false
		}
	}
}

// grant gives h a lease that is free or whose term is over. If there is none, it answers how long until
// then.
func (p *Pool[Holder]) grant(h Holder, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := &p.leases[0]
	for i := range p.leases {
		l := &p.leases[i]
		if l.granted.Before(oldest.granted) {
			oldest = l
		}
	}
	if !oldest.granted.IsZero() {
		if wait := p.term - now.Sub(oldest.granted); wait > 0 {
			return wait
		}
	}
	*oldest = lease[Holder]{h, now}
	return 0
}

// Release gives the lease of h back, if it has not ended by itself.
func (p *Pool[Holder]) Release(h Holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.leases {
		if p.leases[i].holder == h {
			p.leases[i] = lease[Holder]{}
			select {
			case p.freed <- struct{}{}:
			default:
			}
			return
		}
	}
}
