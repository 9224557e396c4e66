package swarm

import (
	"errors"
	"sync"
)

// Stats are the counts of a swarm.
type Stats struct {
	Clients    int // all; those not in the next four have not started yet or have ended
	Connecting int
	Connected  int
	Waiting    int // for the delay before their next attempt
	GaveUp     int // by their policy, or because the server's close code is final
	Peak       int // maximum of Connected so far

	Connects   int // connections opened so far
	Reconnects int // connections that were not the first of their client
	Refused    int // handshakes answered with a status other than 101
	Failed     int // attempts without an answer
}

// phase is what a client is doing.
type phase uint8

const (
	stopped phase = iota // also: not yet started
	connecting
	connected
	waiting
	gaveUp
	phases
)

// tally counts the clients of a swarm by phase, and their attempts. All clients report to it.
type tally struct {
	mu     sync.Mutex
	phases [phases]int
	peak   int   // maximum of phases[connected]
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
