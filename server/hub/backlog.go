package hub

import (
	"time"

	"holter/model"
)

// backlog is the newest look at the bytes that stand before a ping to the peer: see leg.lookBehind.
type backlog struct {
	at     model.Instant
	again  model.Instant // when another look tells more
	moved  model.Instant // the newest look that found the peer taking bytes, 0 for none
	room   uint64
	queued int
	first  bool // there was no look before to compare it with
}

const (
	// muchQueued is the number of bytes in our socket before which a ping may be late: they need several round trips.
	muchQueued = 16 << 10
	// muchSent is the number of bytes since the last pong that the peer may still be reading.
	muchSent = 64 << 10

	// leastLook is the least time between two looks. It is longer where the kernel needs longer to send a segment again.
	leastLook = 250 * time.Millisecond
	// stalest is how old a look may be, in times between looks, to say what has moved since.
	stalest = 40
)

// lookBehind returns what stands between a ping and its answer. For the bytes to the peer it compares two looks: a
// peer whose window moves on takes them, however slow it is. A peer that was stopped takes none, although its kernel
// acknowledges what fits into its window.
//
// A look costs two system calls, and only for a beat that is overdue.
func (l *leg) lookBehind(now model.Instant) model.Backlog {
	found := model.Backlog{Incoming: l.tap.Large()}
	if l.backlog == nil || now >= l.backlog.again {
		l.look(now)
	}
	b := l.backlog
	if b == nil {
		return found
	}
	found.Queued, found.Early, found.Taking = b.queued, b.first, b.moved == b.at
	if b.moved != 0 {
		found.Idle = since(now, b.moved)
	}
	return found
}

// look compares how far the bytes to the peer have come with the look before.
func (l *leg) look(now model.Instant) {
	p, known := l.tap.Progress()
	if !known || p.Queued < muchQueued && uint32(trafficOf(l.tap).bytesOut)-l.sentBy < muchSent {
		l.backlog = nil
		return
	}
	if l.backlog == nil {
		l.backlog = new(backlog)
	}
	b, apart := l.backlog, model.Instant(max(leastLook, p.RTO))
	b.first = b.at == 0 || now-b.at > stalest*apart
	if !b.first && p.Room != b.room {
		b.moved = now
	}
	b.at, b.again, b.room, b.queued = now, now+apart, p.Room, p.Queued
}

// caughtUp records that the peer has answered, so that it has read all that was sent before its ping. Nothing follows on a leg
// that has ended, and its socket may be closed by now.
func (l *leg) caughtUp() {
	if l.end != nil {
		return
	}
	l.sentBy, l.backlog = uint32(trafficOf(l.tap).bytesOut), nil
}
