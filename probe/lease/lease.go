// Package lease bounds how much work runs at a time, without letting work that only waits keep other
// work out.
package lease

import (
	"sync"
	"time"

	"holter/probe/process"
)

// Pool hands out so many leases at a time, in the order in which they are asked for. A lease ends when it
// is given back, or with its term: its holder must by then be waiting for somebody else.
type Pool[Holder comparable] struct {
	term  time.Duration
	timer *time.Timer // ends the oldest lease while somebody waits

	mu      sync.Mutex // protects all following
	leases  []lease[Holder]
	waiting []*waiter[Holder]
}

// lease is free if it was never granted.
type lease[Holder comparable] struct {
	holder  Holder
	granted time.Time
}

type waiter[Holder comparable] struct {
	holder  Holder
	left    bool          // does not wait any more
	granted chan struct{} // closed with the lease
}

// NewPool makes a pool of so many leases of a term. Both must be positive.
func NewPool[Holder comparable](leases int, term time.Duration) *Pool[Holder] {
	p := &Pool[Holder]{term: term, leases: make([]lease[Holder], leases)}
	p.timer = time.AfterFunc(term, process.Guard(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.serve(time.Now())
	}))
	return p
}

// Acquire waits for a lease. It reports false if there was none before done was closed.
func (p *Pool[Holder]) Acquire(done <-chan struct{}, h Holder) bool {
	w := &waiter[Holder]{holder: h, granted: make(chan struct{})}
	p.mu.Lock()
	p.waiting = append(p.waiting, w)
	p.serve(time.Now())
	p.mu.Unlock()
	select {
	case <-w.granted:
		return true
	case <-done:
	}
	p.mu.Lock()
	w.left = true
	p.mu.Unlock()
	p.Release(h) // it may have been granted meanwhile
	return false
}

// serve grants leases to those who wait, as long as there are any. Who waits must not have to run for the
// next one to be served: when thousands are ready to run that takes long. It runs under mu, as does grant.
func (p *Pool[Holder]) serve(now time.Time) {
	for len(p.waiting) > 0 {
		w := p.waiting[0]
		if !w.left {
			if wait := p.grant(w.holder, now); wait > 0 {
				p.timer.Reset(wait)
				return
			}
			close(w.granted)
		}
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
	}
}

// grant gives h a lease that is free or whose term is over. If there is none, it answers how long until
// then.
func (p *Pool[Holder]) grant(h Holder, now time.Time) time.Duration {
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
			p.serve(time.Now())
			return
		}
	}
}
