package swarm

import (
	"errors"
	"sync"
	"time"

	"holter/model"
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
	pace   pace
}

func (t *tally) move(from, to phase) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.phases[from]--
	t.phases[to]++
	t.peak = max(t.peak, t.phases[connected])
}

// attempt counts an attempt that begins now.
func (t *tally) attempt(now model.Instant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pace.count(now)
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

// peakRate returns the attempts in the worst second.
func (t *tally) peakRate() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pace.worst
}

// pace counts attempts in slots of a tenth of a second, and finds the worst second.
type pace struct {
	slots [10]int
	last  model.Instant // number of the newest slot
	worst int           // attempts in the worst ten slots
}

func (p *pace) count(now model.Instant) {
	slot := now / model.Instant(time.Second/time.Duration(len(p.slots)))
	for stale := max(p.last+1, slot-model.Instant(len(p.slots))+1); stale <= slot; stale++ {
		p.slots[stale%model.Instant(len(p.slots))] = 0
	}
	p.last = max(p.last, slot)
	p.slots[p.last%model.Instant(len(p.slots))]++
	sum := 0
	for _, n := range p.slots {
		sum += n
	}
	p.worst = max(p.worst, sum)
}
