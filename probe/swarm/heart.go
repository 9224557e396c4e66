package swarm

import (
	"context"
	"sync"
	"time"

	"holter/model"
	"holter/model/heart"
)

// clock is a swarm's monotonic clock.
type clock struct{ start time.Time }

// newClock starts a little late, so that no moment is the zero Instant.
func newClock() clock { return clock{time.Now().Add(-time.Second)} }

func (c clock) now() model.Instant                   { return model.Instant(time.Since(c.start)) }
func (c clock) until(at model.Instant) time.Duration { return time.Duration(at - c.now()) }

// pulse is a client's own heartbeat: the one that the server keeps for each connection, at the other
// end. Whoever reads and whoever acts share it. A nil heart never beats.
type pulse struct {
	swarm  *Swarm
	rhythm *heart.Rhythm
	random float64

	mu    sync.Mutex // protects all following
	heart *heart.Heart
	last  model.Instant // when something last came in
	wrote model.Instant // the newest ping was written
	ping  uint32        // its number
}

// newRhythm is the rhythm of clients that beat so often.
func newRhythm(interval time.Duration) *heart.Rhythm {
	r := heart.DefaultRhythm()
	r.Scheme, r.Interval = model.SchemeServer, interval // only this end beats for itself
	return &r
}

func newHeart(s *Swarm, interval time.Duration, random float64) *pulse {
	if interval == 0 {
		return nil
	}
	return &pulse{swarm: s, rhythm: s.rhythms[interval], random: random}
}

// start begins to beat, or again where the client itself has stood still: what was under way is
// forgotten. It returns when to tick first.
func (h *pulse) start() model.Instant {
	if h == nil {
		return never
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = h.swarm.clock.now()
	h.heart = heart.New(h.rhythm, h.last, h.random, len(h.swarm.clients))
	return h.heart.Tick(h.last, &h.swarm.late, server{h.last}).Next
}

// tick says whether the server is believed to live, which ping is to be written now (0 for none),
// and when to ask again.
func (h *pulse) tick() (alive bool, ping uint32, next model.Instant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	action := h.heart.Tick(h.swarm.clock.now(), &h.swarm.late, server{h.last})
	return action.To != model.Failed, action.Ping, action.Next
}

// sent says that a ping has been written, and returns when to tick next.
func (h *pulse) sent(ping uint32) model.Instant {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ping, h.wrote = ping, h.swarm.clock.now()
	return h.heart.Sent(ping, h.wrote)
}

// heard says that something came in.
func (h *pulse) heard() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hear()
}

func (h *pulse) hear() {
	h.last = h.swarm.clock.now()
	if h.heart.Alert() {
		h.heart.Heard(h.last)
	}
}

// pong takes in an answer, to the newest ping if seq is 0. One that answers no ping of this heart only
// shows that the server lives.
func (h *pulse) pong(seq uint32) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hear()
	if seq == 0 {
		seq = h.ping
	}
	if seq == h.ping && h.wrote > 0 {
		h.swarm.record.beat.add(time.Duration(h.last - h.wrote))
		h.wrote = 0
	}
	h.heart.Pong(seq, h.last, true, &h.swarm.late)
}

// server is the peer of a client's heart.
type server struct{ heard model.Instant }

func (s server) Heard() model.Instant { return s.heard }

// Unread is false: a reader that waits for nothing but the socket leaves nothing in it.
func (s server) Unread() bool { return false }

// Timing is unknown: this process does not ask its kernel.
func (s server) Timing() (rto, rtt time.Duration) { return 0, 0 }

// Kernel is unknown too.
func (s server) Kernel() model.Kernel { return model.Kernel{} }

// watch notes how late this process runs, until ctx ends.
func (s *Swarm) watch(ctx context.Context) {
	ticker := time.NewTicker(heart.SchedulerPause)
	defer ticker.Stop()
	before := s.clock.now()
	for {
		now := s.clock.now()
		s.late.Observe(now, 0)
		s.record.late(time.Duration(now-before) - heart.SchedulerPause)
		before = now
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
