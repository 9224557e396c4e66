package hub

import (
	"time"

	"holter/model"
)

// Many applications count any byte as a sign of life. If one end of a proxied connection is dead, holter's pings
// would look like life from that end, and the other end would never notice. So holter sends a beat to one end only
// while the other end lives. Then the application's timers behave as they would without holter:
//
//   - Bytes must have come from the other end since the last beat to this end. The answers to holter's own beats
//     count, so two idle ends keep each other's beats going.
//   - A beat to the upstream goes out right after a byte from the client. The upstream has usually just received
//     that byte, so the beat tells it little that is new. In the same way a beat to the client goes out right after
//     a byte from the upstream while the upstream sends. If the upstream has been quiet for two intervals, the beat
//     to the client goes first, and the beat to the upstream follows the client's answer. An upstream that pings at
//     a rate of its own counts as quiet after four of its beats are missing: by then a client that waits for them
//     has given the upstream up. If that rate is five intervals or slower it is always quiet: a beat to the client
//     is then at most an interval late, a fifth of the time that the client waits.
//   - Where the client has answered its last beat, and the beat to the upstream that should have followed has not gone out
//     in time, the next beat to the client goes all the same: otherwise each would wait for the other for ever.
//   - An end that never answers pings counts as alive while its kernel acknowledges them and nothing else is wrong.
//
// If the other end does not live, the beat waits: see heart.Peer.

// opposite answers what the heart of a leg asks about the peer of that leg and about the other end of the
// connection. The heart calls it under connection.mu.
type opposite leg

func (p *opposite) Heard() model.Instant { return p.tap.Heard() }

func (p *opposite) Unread() bool { return p.tap.Unread() }

func (p *opposite) Timing() (rto, rtt time.Duration) { return p.tap.Timing() }

func (p *opposite) Kernel() model.Kernel { return p.tap.Kernel() }

func (p *opposite) Untaken(now model.Instant, doubt bool) model.Instant {
	return (*leg)(p).untaken(now, doubt)
}

// Beyond looks at the write to the other end: what waits in it came from this peer.
func (p *opposite) Beyond(now model.Instant) time.Duration {
	other := p.conn.other((*leg)(p))
	if other == nil || other.tap == nil {
		return 0
	}
	if at := other.untaken(now, false); at != 0 {
		return since(now, at)
	}
	return 0
}

func (p *opposite) Backlog(now model.Instant) model.Backlog { return (*leg)(p).lookBehind(now) }

// fresh is the greatest age of a byte for a beat to count as right after it. It covers the pause of the scheduler.
const fresh = model.Instant(200 * time.Millisecond)

// quietIntervals is the number of intervals without a byte after which an end is quiet.
const quietIntervals = 2

// MayBeat reports whether a beat may go out now: see the head of this file.
func (p *opposite) MayBeat(now, sent model.Instant) bool {
	l := (*leg)(p)
	other := l.conn.other(l)
	return other == nil || other.vouches(l, now, sent)
}

// trust treats a connection as a WebSocket if nothing has passed for two intervals after its opening: see
// tap.Conn.Proved. It returns a function that the caller calls without the lock, or nil.
func (l *leg) trust(now model.Instant) func() {
	if l.tap.Proved() || now < l.conn.opened+l.quiet() || !l.tap.Quiet() {
		return nil
	}
	return l.tap.Prove
}

func (l *leg) quiet() model.Instant {
	return quietIntervals * model.Instant(l.conn.hub.o.Rhythm.Interval)
}

// missedBeats is the number of its own beats that an upstream must miss to be quiet. A client gives an upstream up
// after one to three missed beats.
const missedBeats = 4

// slowIntervals is the rate, in intervals, of the beats of an upstream that is always quiet.
const slowIntervals = 5

// pause returns the time without a byte from the peer's application after which l is quiet.
func (l *leg) pause(spoke model.Instant) model.Instant {
	if l.beats < 2 {
		return l.quiet()
	}
	beat := (spoke - l.conn.opened) / model.Instant(l.beats)
	if beat >= slowIntervals*model.Instant(l.conn.hub.o.Rhythm.Interval) {
		return 0
	}
	return max(l.quiet(), missedBeats*beat)
}

// vouches reports whether the peer of l lives, so that a beat may go to the other leg. The last beat to that leg
// went at sent. If the peer is silent, the beat waits until the peer sends a byte.
func (l *leg) vouches(to *leg, now, sent model.Instant) bool {
	if l.end != nil || l.heart == nil {
		return false
	}
	if l.heart.Mute() && l.heart.State() == model.Normal {
		if k := l.tap.Kernel(); k.Known {
			return k.Unacked == 0
		}
	}
	if l.heardFor(to, now, sent) || l.missedItsTurn(to, sent) {
		return true
	}
	l.awaited = true
	l.tap.Alert(true)
	return l.heardFor(to, now, sent) // a byte may have come in before the alert
}

func (l *leg) heardFor(to *leg, now, sent model.Instant) bool {
	heard := l.tap.Heard()
	if heard < sent { // not at the same moment: there, two ends would wait for each other
		return false
	}
	spoke := l.tap.Spoke()
	close := to.side == model.UpstreamSide || spoke != 0 && now-spoke < l.pause(spoke)
	return !close || now-heard <= fresh
}

// missedItsTurn reports whether the upstream has not been asked since the client's last beat, which went at sent and was answered:
// the goroutine that brought the answer was late.
func (l *leg) missedItsTurn(to *leg, sent model.Instant) bool {
	return to.side == model.ClientSide && to.tap.Heard() >= sent && l.heart.Resting() && l.heart.LastPing() < sent
}

// lead makes the beat to the upstream due as soon as the client has answered its own beat. Otherwise each leg's beat
// would wait for a byte from the other leg.
func (l *leg) lead(now model.Instant) {
	up := l.conn.toUpstream
	if l.side == model.ClientSide && up != nil && up.end == nil && up.heart != nil {
		up.heart.Hasten(now, l.heart.LastPing())
		l.conn.hub.schedule.set(up, now)
	}
}

// release has the scheduler visit the other leg if the beat of that leg waits for a byte from this peer.
func (l *leg) release(now model.Instant) {
	if l.awaited {
		l.awaited = false
		if other := l.conn.other(l); other != nil && other.end == nil && other.heart != nil {
			l.conn.hub.schedule.set(other, now)
		}
	}
	l.tap.Alert(l.heart.Alert())
}
