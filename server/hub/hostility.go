package hub

import (
	"sync"
	"time"

	"holter/model"
	"holter/model/path"
)

// hostility remembers which kinds of peers have ended right after the first ping of holter's: some programs hang
// up on a ping. holter sends no more pings to peers of that kind. If one peer of a kind has answered a ping, the
// kind is not hostile.
type hostility struct {
	mu    sync.Mutex // protects all following
	kinds map[kind]bool
}

// kind groups peers that are probably the same program: upstreams by path, clients by path and user agent.
type kind struct {
	side        model.Side
	path, agent string
}

const (
	maxKinds = 1024
	// hostileWithin is the longest time between the first ping and the end of a peer that was killed by it.
	hostileWithin = model.Instant(time.Second)
)

func (l *leg) kind() kind {
	shake := l.conn.handshake.Value()
	k := kind{side: l.side, path: path.Mask(shake.path)}
	if l.side == model.ClientSide {
		k.agent = shake.agent
	}
	return k
}

// has reports whether peers of that kind must get no pings.
func (h *hostility) has(k kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kinds[k]
}

// add records that a ping killed a peer of that kind, unless another peer of the kind has answered a ping.
func (h *hostility) add(k kind) { h.set(k, true) }

// clear records that a peer of that kind answered a ping.
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

// answers reports whether a peer of that kind has answered a ping before.
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

// diedOfPing reports whether the peer closed the leg because of the first ping; if so, it sets the diagnosis. The
// leg has just ended. A peer that sent a normal close code had another reason.
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
