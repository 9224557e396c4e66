package hub

import (
	"time"

	"holter/model"
	"holter/server/tap"
)

// blockedFor is how long a write must have waited before the hub asks the kernel about the other end. While the
// write waits, nothing reads from that end.
const blockedFor = 500 * time.Millisecond

// SetHalfClose sets how long a proxied connection may stay after one end has closed, while a write to either end waits.
// 0 means any time.
func (h *Hub) SetHalfClose(d time.Duration) { h.halfClose.Store(int64(d)) }

// breakOff closes proxied connections where one end is gone and the other accepts no bytes: the goroutine that
// would read the reset of the first end waits in a write to the other. The other end gets a reset too, as it would
// have without holter. If the first end has closed in order, breakOff gives the other end the time of SetHalfClose,
// and leaves it the bytes that were written to it.
func (h *Hub) breakOff() {
	now := h.now()
	for _, c := range h.all() {
		if b := h.broken(c, now); b != nil {
			b.gone.Drop(tap.Ending{By: model.ByNetwork, Code: 1006, Reason: b.reason}, false)
			b.other.Drop(tap.Ending{By: model.ByApp, Code: 1006, Reason: b.reason}, b.reset)
		}
	}
}

// breach is an end that is gone although no read has reported it, and the other end.
type breach struct {
	gone, other *tap.Conn
	reason      string
	reset       bool // also the other end
}

// broken returns nil if both ends of c are there, or if the end that has closed still has time.
func (h *Hub) broken(c *connection, now model.Instant) *breach {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toUpstream == nil || c.toUpstream.tap == nil || c.toClient.tap == nil {
		return nil
	}
	for _, l := range c.legs() {
		o := c.other(l)
		switch blocked := l.blocked(o, now); {
		case l.vanished():
			return &breach{l.tap, o.tap, "connection lost: connection timed out", true}
		case blocked < blockedFor:
		case l.tap.Dead():
			return &breach{l.tap, o.tap, "connection lost: connection reset by peer", true}
		case h.halfClose.Load() > 0 && int64(blocked) >= h.halfClose.Load() && l.tap.PeerClosed():
			return &breach{l.tap, o.tap, "end of stream without a close frame", false}
		}
	}
	return nil
}

// vanishedAfter is the silence of the peer's kernel after which its machine has vanished, the same as that of
// plane.KeepAlive.
const vanishedAfter = 30 * time.Second

// vanished reports whether the peer's kernel has acknowledged nothing for as long as keep-alive would have waited. The
// kernel's keep-alive itself does not act while a ping of holter's is unacknowledged: it retransmits that for a quarter
// of an hour. A kernel whose window is shut acknowledges all the same.
func (l *leg) vanished() bool {
	if l.end != nil || l.heart == nil || l.heart.State() != model.Failed {
		return false
	}
	k := l.tap.Kernel()
	return k.Known && k.Unacked > 0 && k.LastAck >= vanishedAfter
}

// blocked returns how long a write to either end has waited.
func (l *leg) blocked(o *leg, now model.Instant) (longest time.Duration) {
	for _, w := range []model.Instant{l.tap.Writing(), o.tap.Writing()} {
		if w != 0 {
			longest = max(longest, since(now, w))
		}
	}
	return longest
}
