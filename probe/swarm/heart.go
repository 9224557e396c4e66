package swarm

import (
	"context"
	"strconv"
	"sync"
	"time"

	"holter/model"
)

// clock is a swarm's monotonic clock.
type clock struct{ start time.Time }

// newClock starts a little late, so that no moment is the zero Instant.
func newClock() clock { return clock{time.Now().Add(-time.Second)} }

func (c clock) now() model.Instant              { return model.Instant(time.Since(c.start)) }
func (c clock) time(at model.Instant) time.Time { return c.start.Add(time.Duration(at)) }

// heart is a client's own heartbeat: the one that the server keeps for each connection, at the other
// end. The session's two goroutines share it.
type heart struct {
	clock  clock
	late   *model.Lateness // of this process, which may stand still too
	rhythm model.Rhythm
	random float64

	mu    sync.Mutex
	heart *model.Heart
	last  model.Instant // when something last came in
}

func newHeart(interval time.Duration, random float64, clock clock, late *model.Lateness) *heart {
	h := &heart{clock: clock, late: late, random: random, rhythm: model.Rhythm{
		Scheme:     model.SchemeServer, // only this end beats for itself
		Detector:   model.Detectors[0],
		Interval:   interval,
		MinTimeout: 500 * time.Millisecond,
		MaxTimeout: 4 * time.Second,
	}}
	if interval == 0 {
		h.rhythm.Scheme = model.SchemeNone
	}
	h.restart()
	return h
}

// restart forgets what was under way: the client itself has stood still.
func (h *heart) restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = h.clock.now()
	h.heart = model.NewHeart(&h.rhythm, h.last, h.random)
}

// tick says whether the server is believed to live, which ping is to be written now (0 for none),
// and when to ask again.
func (h *heart) tick() (alive bool, ping uint32, next time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	action := h.heart.Tick(h.clock.now(), h.late, server{h.last})
	return action.To != model.Failed, action.Ping, h.clock.time(action.Next)
}

// sent says that a ping has been written, and returns when to tick next.
func (h *heart) sent(ping uint32) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock.time(h.heart.Sent(ping, h.clock.now()))
}

// heard says that something came in.
func (h *heart) heard() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = h.clock.now()
	if h.heart.Alert() {
		h.heart.Heard(h.last)
	}
}

// pong takes in an answer; one that answers no ping of this heart only shows that the server lives.
func (h *heart) pong(payload string) {
	h.heard()
	seq, err := strconv.ParseUint(payload, 10, 32)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heart.Pong(uint32(seq), h.last, true, h.late)
}

// server is the peer of a client's heart.
type server struct{ heard model.Instant }

func (s server) Heard() model.Instant { return s.heard }

// Unread is false: a reader that waits for nothing but the socket leaves nothing in it.
func (s server) Unread() bool { return false }

// Timing is unknown: this process does not ask its kernel.
func (s server) Timing() (rto, rtt time.Duration) { return 0, 0 }

// watch notes how late this process runs, until ctx ends.
func watch(ctx context.Context, clock clock, late *model.Lateness) {
	ticker := time.NewTicker(model.SchedulerPause)
	defer ticker.Stop()
	for {
		late.Observe(clock.now(), 0)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
