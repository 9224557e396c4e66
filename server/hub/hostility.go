package hub

import (
	"sync"
	"time"

	"holter/model"
)

// hostility remembers which kinds of peers have ended right after the first ping of holter's: some programs hang
// up on a ping. Their like is beaten no more. A kind of which any has ever answered a ping is not hostile.
type hostility struct {
	mu    sync.Mutex // protects all following
	kinds map[kind]bool
}

// kind is what peers have in common that are one program. Of an upstream that is the path, of a client also the
// user agent.
type kind struct {
	side        model.Side
	path, agent string
}

const (
	maxKinds = 1024
	// hostileWithin is how soon after the first ping a peer that dies of it has ended.
	hostileWithin = model.Instant(time.Second)
)

func (l *leg) kind() kind {
	shake := l.conn.handshake.Value()
	k := kind{side: l.side, path: model.PathTemplate(shake.path)}
	if l.side == model.ClientSide {
		k.agent = shake.agent
	}
	return k
}

// has reports whether peers of that kind are not to be beaten.
func (h *hostility) has(k kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kinds[k]
}

// add records a peer that died of a ping, unless one of its kind has answered one.
func (h *hostility) add(k kind) { h.set(k, true) }

// clear records a peer that answered a ping.
func (h *hostility) clear(k kind) { h.set(k, false) }

func (h *hostility) set(k kind, hostile bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hostile, known := h.kinds[k]; known && !hostile {
		return
	}
	if h.kinds == nil || len(h.kinds) >= maxKinds {
		h.kinds = make(map[kind]bool)
	}
	h.kinds[k] = hostile
}

// answers reports whether a peer of that kind has ever answered a ping.
func (h *hostility) answers(k kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	hostile, known := h.kinds[k]
	return known && !hostile
}

// answersPings records that this peer, and so its kind, is not hostile.
func (l *leg) answersPings() {
	if !l.answers {
		l.answers = true
		l.conn.hub.hostility.clear(l.kind())
	}
}

// diedOfPing reports whether the leg, which has just ended, was hung up on because of the first ping, and names
// that cause. A peer that said goodbye had reasons of its own.
func (l *leg) diedOfPing(now model.Instant) bool {
	e := &l.end.close
	byPeer := e.By == model.ByNetwork || e.By == model.ByPeer && e.Code != 1000 && e.Code != 1001 && e.Code != 1005
	if l.pings != 1 || l.pongs > 0 || !byPeer {
		return false
	}
	age := now - l.heart.LastPing()
	if age > hostileWithin || l.conn.hub.hostility.answers(l.kind()) {
		return false
	}
	l.heart.Killed(max(time.Duration(age), time.Millisecond))
	return true
}
