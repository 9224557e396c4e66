package hub

import (
	"sync"
	"time"

	"holter/model"
	"holter/model/path"
)

// hostility finds the kinds of peers that hang up on a ping of holter's: some programs do. holter sends no more pings to
// peers of such a kind.
//
// The first death is enough to spare a kind, so that no second peer dies of the same. But peers end for many reasons, and
// each gets its first ping while it is young. So one of its kind that ends as young without a ping takes the verdict back;
// from then on it takes several deaths, and the ping has to explain them better than the age of the connection does. See
// trial. If one peer of a kind has lived on after a ping, the kind is not hostile.
//
// A reset that answers the first ping after a silence may come from something on the way that has forgotten the connection, as
// a NAT does. Its kind is spared all the same, and not called hostile.
type hostility struct {
	mu    sync.Mutex // protects all following
	kinds map[kind]*trial
}

// kind groups peers that are probably the same program: upstreams by path, clients by path and user agent.
type kind struct {
	side        model.Side
	path, agent string
}

// trial is the evidence about a kind. A death is an end right after the first ping, without an answer, for which the peer
// gave no reason of its own.
type trial struct {
	harmless bool   // a peer has lived on after a ping
	hostile  bool   // the verdict
	unsure   bool   // it rests on resets after a silence alone
	deaths   int    // that have not led to a verdict
	enough   int    // of them for a verdict, 1 at first
	ages     extent // of the connections that died
	delays   extent // from the ping to the death
}

type extent struct{ least, most time.Duration }

func (e *extent) add(d time.Duration, first bool) {
	if first {
		*e = extent{d, d}
	}
	e.least, e.most = min(e.least, d), max(e.most, d)
}

func (e extent) width() time.Duration { return e.most - e.least }

const (
	maxKinds = 1024
	// hostileWithin is the longest time between the first ping and the end of a peer that was killed by it.
	hostileWithin = time.Second
	// forgottenAfter is the shortest silence after which something on the way may have forgotten a connection.
	forgottenAfter = model.Instant(2 * time.Second)
	// severalDeaths are needed for a verdict after a first one was taken back. The number doubles, up to mostDeaths, each
	// time that a peer ends in the same way and as young without a ping: something else may kill those that get one, too.
	severalDeaths, mostDeaths = 3, 24
	// closer is how many times more alike the delays after the ping must be than the ages.
	closer = 4
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
	t := h.kinds[k]
	return t != nil && t.hostile && !t.harmless
}

// sure reports whether a kind that must get no pings is known to hang up on them.
func (h *hostility) sure(k kind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.kinds[k]
	return t != nil && !t.unsure
}

// clear records that a peer of that kind has lived on after a ping.
func (h *hostility) clear(k kind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of(k).harmless = true
}

// died records a death at that age and after that time from the ping, which is not sure to be the ping's if the peer was reset
// after a silence. It reports whether the kind is hostile.
func (h *hostility) died(k kind, age, delay time.Duration, sure bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.of(k)
	t.unsure = !sure && (t.unsure || !t.hostile)
	t.ages.add(age, t.deaths == 0)
	t.delays.add(delay, t.deaths == 0)
	if t.deaths++; t.deaths >= t.enough {
		t.deaths = 0
		t.hostile = t.hostile || t.enough == 1 || t.ages.width() > closer*t.delays.width()
	}
	return t.hostile && !t.harmless
}

// diedAnyway records that a peer of that kind ended as the others did, at that age, and had got no ping.
func (h *hostility) diedAnyway(k kind, age time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.of(k); age <= t.ages.most+hostileWithin {
		t.hostile, t.deaths, t.enough = false, 0, min(max(severalDeaths, 2*t.enough), mostDeaths)
	}
}

// of returns the trial of a kind.
func (h *hostility) of(k kind) *trial {
	t := h.kinds[k]
	if t == nil {
		if h.kinds == nil || len(h.kinds) >= maxKinds {
			h.kinds = make(map[kind]*trial)
		}
		t = &trial{enough: 1}
		h.kinds[k] = t
	}
	return t
}

// answersPings records that this peer, and so its kind, is not hostile.
func (l *leg) answersPings() {
	if !l.answers {
		l.answers = true
		l.conn.hub.hostility.clear(l.kind())
	}
}

// diedOf uses the end of the leg, which has come at ended, as evidence about its kind. If the first ping was to blame, which
// went at sent, it sets the diagnosis.
func (l *leg) diedOf(sent, ended model.Instant) {
	e, all := &l.end.close, &l.conn.hub.hostility
	protested := e.By == model.ByPeer && (e.Code == codeProtocol || e.Code == codeUnsupported)
	age, delay := time.Duration(ended-l.conn.opened), time.Duration(ended-sent)
	silence := sent - l.end.heard
	if e.Parting.How != model.SignReset || silence < forgottenAfter {
		silence = 0
	}
	switch {
	case l.answers:
	case l.pings > 1:
		if l.heart.State() == model.Normal {
			l.answersPings() // not so, but it has lived on
		}
	case e.By != model.ByNetwork && !protested: // it gave a reason, or did not end by itself
	case l.pings == 0 && l.tap.Asked(): // the goroutine that has sent a ping is about to say so: see diedBefore
	case l.pings == 0:
		all.diedAnyway(l.kind(), age)
	case delay <= hostileWithin && all.died(l.kind(), age, delay, silence == 0):
		l.killed = true
		l.heart.Killed(max(delay, time.Millisecond), time.Duration(silence))
	}
}

// diedBefore is called for a ping of which the leg learns only after its end: the peer was faster than the goroutine that
// sent the ping.
func (l *leg) diedBefore(sent model.Instant) {
	c := l.conn
	if l.heart == nil {
		return
	}
	if l.diedOf(sent, l.since); !l.killed {
		return
	}
	for i := range c.transitions {
		if t := &c.transitions[i]; t.side == l.side && t.to == model.Closed {
			t.diagnosis = l.diagnosis()
		}
	}
	if c.id != 0 {
		c.publish(model.Event{Type: model.CauseFound}, c.hub.now())
	}
}

// Close codes of a peer that got a frame which it does not know: RFC 6455 section 7.4.1.
const codeProtocol, codeUnsupported = 1002, 1003
