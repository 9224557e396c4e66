package swarm

import (
	"errors"
	"sync"
)

// Stats counts a swarm.
type Stats struct {
	Clients    int // in all; the ones not in the next four have not started, or have ended
	Connecting int
	Connected  int
	Waiting    int // until their policy lets them try again
	GaveUp     int // by their policy, or because the server said so
	Peak       int // the most that were connected at a time

	Connects   int // connections opened so far
	Reconnects int // those of them that were not their client's first
	Refused    int // handshakes answered with something else than 101
	Failed     int // attempts without an answer
}

// phase is where a client stands.
type phase uint8

const (
	stopped phase = iota // also: not yet started
	connecting
	connected
	waiting
	gaveUp
	phases
)

// tally is the count that all clients of a swarm keep together.
type tally struct {
	mu     sync.Mutex
	phases [phases]int
	peak   int   // the most that were connected at a time
	total  Stats // the counts that only grow
}

func (t *tally) move(from, to phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phases[from]--
	t.phases[to]++
	t.peak = max(t.peak, t.phases[connected])
}

func (t *tally) connected(generation int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total.Connects++
	if generation > 1 {
		t.total.Reconnects++
	}
}

func (t *tally) failed(err error) {
	_, answered := errors.AsType[*refused](err)
	t.mu.Lock()
	defer t.mu.Unlock()
	if answered {
		t.total.Refused++
	} else {
		t.total.Failed++
	}
}

func (t *tally) stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.total
	s.Connecting = t.phases[connecting]
	s.Connected = t.phases[connected]
	s.Waiting = t.phases[waiting]
	s.GaveUp = t.phases[gaveUp]
	s.Peak = t.peak
	return s
}
