// Package lease bounds how many pieces of work run at a time, but not how many wait. Work that must not
// run in unlimited numbers, such as a handshake, takes a lease first. The lease ends when the work gives it
// back, and at the latest with its term: work that takes longer is taken to be waiting for a peer, and must
// not keep other work from starting.
//
// A Pool only counts. It starts no goroutine but its timer's, and stops no work whose term is over. Any
// goroutine may call it.
package lease

import (
	"sync"
	"time"

	"holter/probe/process"
)

// Pool grants a fixed number of leases at a time, in the order in which they were asked for. A Holder
// identifies who has a lease and should have one at most.
//
// Its lock is mu. The exported methods and the timer take it; the others run under it.
type Pool[Holder comparable] struct {
	term  time.Duration
	timer *time.Timer // fires when the oldest lease ends, if a waiter needs it then

	mu      sync.Mutex // protects all following
	leases  []lease[Holder]
	waiting []*waiter[Holder] // in the order of their arrival
}

// lease is free while it is the zero value.
type lease[Holder comparable] struct {
	holder  Holder
	granted time.Time
}

type waiter[Holder comparable] struct {
	holder  Holder
	left    bool          // has given up waiting
	granted chan struct{} // closed when the lease is granted
}

// NewPool makes a pool with this number of leases, each of which lasts for term at most. Both must be
// positive.
func NewPool[Holder comparable](leases int, term time.Duration) *Pool[Holder] {
	p := &Pool[Holder]{term: term, leases: make([]lease[Holder], leases)}
	p.timer = time.AfterFunc(term, process.Guard(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.serve(time.Now())
	}))
	return p
}

// Acquire waits until h has a lease. It reports false if done was closed before that.
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
	p.Release(h) // the lease may have been granted meanwhile
	return false
}

// serve grants leases to the waiters in turn, until none is left to grant. Granting must not depend on a
// waiting goroutine being scheduled: when thousands are ready to run that takes long.
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

// grant gives h a lease that is free or whose term is over. If there is none, it returns the time until
// the oldest lease ends.
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

// Release gives the lease of h back. It does nothing if that lease has ended with its term.
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
