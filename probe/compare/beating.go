package compare

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/heart"
	"holter/probe/sock"
)

// beating is an end with a heart of holter's.
type beating struct {
	end   *end
	late  *heart.Lateness
	heard atomic.Int64 // Instant of the last frame in
	due   time.Time    // the schedule's
	place int          // the schedule's, -1 while it is not in there

	mu    sync.Mutex
	heart *heart.Heart
}

func newBeating(e *end, r *heart.Rhythm) *beating {
	now := e.clock.at(time.Now())
	b := &beating{end: e, late: e.schedule.lateness(e.clock), place: -1, heart: heart.New(r, now, e.random, 1)}
	b.heard.Store(int64(now))
	return b
}

// run reads until the connection is over, while the schedule sees to the beats.
func (b *beating) run() {
	e := b.end
	e.onPing(func() { b.peerBeat(b.hear()) })
	e.conn.SetPongHandler(func(payload string) error {
		b.pong(payload, b.hear())
		return nil
	})
	e.schedule.add(b, time.Now())
	defer e.schedule.remove(b)
	for {
		if _, _, err := e.conn.NextReader(); err != nil {
			e.record.over(time.Now(), false)
			e.conn.Close()
			return
		}
	}
}

// visit does what is due, and answers when to come again. Only the schedule calls it.
func (b *beating) visit(now time.Time) (next time.Time) {
	at := b.end.clock.at(now)
	b.mu.Lock()
	a := b.heart.Tick(at, b.late, b)
	b.changed(a.To, a.Changed)
	b.mu.Unlock()
	if a.To == model.Failed {
		b.end.record.over(now, true)
		b.end.conn.Close()
		return b.end.clock.time(a.Next)
	}
	if a.Ping == 0 {
		return b.end.clock.time(a.Next)
	}
	payload := fmt.Appendf(nil, "%012d", a.Ping) // as long as those of holter serve
	sent := time.Now()
	b.end.conn.WriteControl(websocket.PingMessage, payload, sent.Add(writeWait)) // who has gone shows in the read
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.end.clock.time(b.heart.Sent(a.Ping, b.end.clock.at(sent)))
}

// hear notes that something came in, and when.
func (b *beating) hear() model.Instant {
	at := b.end.clock.at(time.Now())
	b.heard.Store(int64(at))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heart.Alert() {
		_, to, changed := b.heart.Heard(at)
		b.changed(to, changed)
	}
	return at
}

func (b *beating) pong(payload string, at model.Instant) {
	seq, err := strconv.ParseUint(payload, 10, 32)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, to, changed := b.heart.Pong(uint32(seq), at, true, b.late)
	b.changed(to, changed)
}

func (b *beating) peerBeat(at model.Instant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heart.PeerBeat(at, false)
}

// changed runs under mu.
func (b *beating) changed(to model.State, changed bool) {
	switch {
	case !changed:
	case to == model.Suspect:
		b.end.record.suspect(time.Now())
	case to == model.Normal:
		b.end.record.trust()
	}
}

// Heard is part of model.Peer.
func (b *beating) Heard() model.Instant { return model.Instant(b.heard.Load()) }

// Unread is part of model.Peer.
func (b *beating) Unread() bool {
	waiting := false
	b.control(func(fd uintptr) {
		n, known := sock.Unread(fd)
		waiting = known && n > 0
	})
	return waiting
}

// Timing is part of model.Peer.
func (b *beating) Timing() (rto, rtt time.Duration) {
	b.control(func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			rto, rtt = info.RTO>>min(info.Backoff, 16), info.RTT
		}
	})
	return rto, rtt
}

func (b *beating) control(f func(fd uintptr)) {
	if raw, err := b.end.socket.SyscallConn(); err == nil {
		raw.Control(f)
	}
}

// Kernel is part of model.Peer. It would say why, and only when is asked here.
func (b *beating) Kernel() model.Kernel { return model.Kernel{} }
