package hub

import (
	"time"

	"holter/model"
)

// A ping is a sign of life, and many applications take any byte for one. Between two ends, holter's pings would
// vouch for an end that is dead: the other one would never notice. So a beat goes to one end only while the other
// one lives, and its timers run as if holter were not there:
//
//   - Bytes must have come from the other end since the last beat to this one. The answers to holter's own beats
//     count, so two idle ends keep each other's beats going.
//   - A beat to the upstream goes right after a byte of the client's, which the upstream has mostly just received
//     itself: the beat adds little to what the upstream knows. So does a beat to the client while the upstream
//     speaks. Only where the upstream has been quiet for two intervals does the client's beat go first, and the
//     upstream's follows the answer. If the upstream pings at a rate of its own, that takes four of its beats: by
//     then a client that waits for them has given it up.
//   - An end that never answers pings lives as long as its kernel acknowledges them and nothing else is wrong.
//
// A beat that has nothing to vouch for waits: see heart.Peer.

// opposite is what the heart of a leg asks about the other end. It is called under connection.mu.
type opposite leg

func (p *opposite) Heard() model.Instant { return p.tap.Heard() }

func (p *opposite) Unread() bool { return p.tap.Unread() }

func (p *opposite) Timing() (rto, rtt time.Duration) { return p.tap.Timing() }

func (p *opposite) Kernel() model.Kernel { return p.tap.Kernel() }

// fresh is how old the byte may be that a beat follows. It covers the pause of the scheduler.
const fresh = model.Instant(200 * time.Millisecond)

// quietIntervals is how many intervals without a byte make a quiet end.
const quietIntervals = 2

// MayBeat reports whether a beat may go out now: see the head of this file.
func (p *opposite) MayBeat(now, sent model.Instant) bool {
	l := (*leg)(p)
	other := l.conn.other(l)
	return other == nil || other.vouches(l, now, sent)
}

// trust takes a connection for a WebSocket over which nothing has passed for long enough: see tap.Conn.Proved. It
// returns what is to be called without the lock, or nil.
func (l *leg) trust(now model.Instant) func() {
	if l.tap.Proved() || now < l.conn.opened+l.quiet() || !l.tap.Quiet() {
		return nil
	}
	return l.tap.Prove
}

func (l *leg) quiet() model.Instant {
	return quietIntervals * model.Instant(l.conn.hub.o.Rhythm.Interval)
}

// missedBeats is how many beats of its own make an upstream quiet that has left them out. Clients wait for one to
// three before they give it up.
const missedBeats = 4

// pause returns how long l must have been without a byte of its application's to be quiet.
func (l *leg) pause(spoke model.Instant) model.Instant {
	pause := l.quiet()
	if l.beats > 1 {
		if beat := (spoke - l.conn.opened) / model.Instant(l.beats); beat < pause { // a slower one would hold ours up
			return max(pause, missedBeats*beat)
		}
	}
	return pause
}

// vouches reports whether the peer of l lives, so that a beat may go to the other leg, whose last one went at sent.
// If it does not, the next byte of the peer releases that beat.
func (l *leg) vouches(to *leg, now, sent model.Instant) bool {
	if l.end != nil || l.heart == nil {
		return false
	}
	if l.heart.Mute() && l.heart.State() == model.Normal {
		if k := l.tap.Kernel(); k.Known {
			return k.Unacked == 0
		}
	}
	if l.heardFor(to, now, sent) {
		return true
	}
	l.awaited = true
	l.tap.Alert(true)
	return l.heardFor(to, now, sent) // a byte may have come in before the alert
}

func (l *leg) heardFor(to *leg, now, sent model.Instant) bool {
	heard := l.tap.Heard()
	if heard <= sent {
		return false
	}
	spoke := l.tap.Spoke()
	close := to.side == model.UpstreamSide || spoke != 0 && now-spoke < l.pause(spoke)
	return !close || now-heard <= fresh
}

// lead has each beat to the client followed by one to the upstream, as soon as the client has answered. A beat that
// came due later would wait for the client's next byte, and the client's next beat for the upstream's.
func (l *leg) lead(now model.Instant) {
	up := l.conn.toUpstream
	if l.side == model.ClientSide && up != nil && up.end == nil && up.heart != nil {
		up.heart.Hasten(now, l.heart.LastPing())
		l.conn.hub.schedule.set(up, now)
	}
}

// release has the scheduler visit the other leg, whose beat has waited for a byte of this peer's.
func (l *leg) release(now model.Instant) {
	if l.awaited {
		l.awaited = false
		if other := l.conn.other(l); other != nil && other.end == nil && other.heart != nil {
			l.conn.hub.schedule.set(other, now)
		}
	}
	l.tap.Alert(l.heart.Alert())
}
