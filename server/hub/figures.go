package hub

import (
	"cmp"
	"time"

	"holter/model"
	"holter/server/tap"
)

// Observer counts what happens to the connections of a hub. The hub calls it at that very moment, on the goroutine that moves
// the bytes or beats, and most often under the locks of a connection: an Observer must neither wait nor call the hub. Any
// number of its methods may run at a time. Messages are not reported: see Figures.
type Observer interface {
	// Opened: a leg is open.
	Opened(side model.Side)
	// Closed: a leg has ended, for a cause as far as it is known at once. It was open for so long.
	Closed(side model.Side, end *model.Close, cause model.Cause, lasted time.Duration)
	// Cut: the end of a leg is one of a cohort's, which showed at once or later.
	Cut(side model.Side, cause model.Cause)
	// Refused: an upgrade was refused.
	Refused(refusal *model.Refusal)
	// Beat: a beat was answered or missed, or the peer sent one of its own.
	Beat(side model.Side, result BeatResult)
	// RoundTrip: a ping was answered after this time.
	RoundTrip(side model.Side, rtt time.Duration)
	// Suspected: the peer of a leg is suspect.
	Suspected(side model.Side, cause model.Cause)
	// Failed: the peer of a leg is called failed, after so long a silence.
	Failed(side model.Side, silence time.Duration)
	// Returned: a client without a connection has one again, after so long.
	Returned(absence time.Duration)
	// Storm: a storm has begun.
	Storm()
	// Late: holter itself did not run for so long.
	Late(by time.Duration)
}

// BeatResult is what became of a beat.
type BeatResult uint8

const (
	BeatAnswered BeatResult = iota
	BeatLate                // answered after it had counted as missed
	BeatMissed              // not answered within the timeout
	BeatReceived            // one of the peer's own
)

var BeatResultNames = [...]string{"answered", "late", "missed", "received"}

// Observe adds an observer, for good. It sees what happens from now on.
func (h *Hub) Observe(o Observer) {
	for {
		old := h.watchers.Load()
		all := append([]Observer(nil), h.observers()...)
		all = append(all, o)
		if h.watchers.CompareAndSwap(old, &all) {
			return
		}
	}
}

func (h *Hub) observers() []Observer {
	if all := h.watchers.Load(); all != nil {
		return *all
	}
	return nil
}

// Figures are what can be counted without an Observer: how it is now, and what has passed so far.
type Figures struct {
	Version string
	Open    [2][3]int // legs, by side and by state: normal, suspect and failed
	Storm   bool      // one is on
	In, Out tap.Passed

	Refusals model.Refusals // since the start
}

// Figures returns the figures of this moment. With ten thousand connections that takes a few milliseconds.
func (h *Hub) Figures() *Figures {
	f := &Figures{Version: h.o.Version, Refusals: h.refusals.counted()}
	f.In, f.Out = h.passed.Sum()
	for _, c := range h.all() {
		c.mu.Lock()
		for _, l := range [...]*leg{&c.toClient, c.toUpstream} {
			if l == nil || l.end != nil || l.heart == nil {
				continue
			}
			if s := l.heart.State(); s <= model.Failed {
				f.Open[l.side][s]++
			}
		}
		c.mu.Unlock()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f.Storm = h.registry.storms.On()
	return f
}

// beat reports what became of a beat. It is called before the heart learns of an answer.
func (l *leg) beat(result BeatResult) {
	for _, o := range l.conn.hub.observers() {
		o.Beat(l.side, result)
	}
}

// answered reports the answer to a ping, before the heart learns of it.
func (l *leg) answered() {
	if l.heart.Missed() > 0 {
		l.beat(BeatLate)
	} else {
		l.beat(BeatAnswered)
	}
}

// measured reports a round trip if the heart has a new one.
func (l *leg) measured() {
	rtt, ok := l.heart.TakeRoundTrip()
	if !ok {
		return
	}
	for _, o := range l.conn.hub.observers() {
		o.RoundTrip(l.side, rtt)
	}
}

// judged reports that the peer of l is now suspect or failed.
func (l *leg) judged(to model.State, now model.Instant) {
	for _, o := range l.conn.hub.observers() {
		switch to {
		case model.Suspect:
			o.Suspected(l.side, cmp.Or(l.diagnosis().Cause, model.CauseUnknown))
		case model.Failed:
			o.Failed(l.side, since(now, l.heart.LastHeard()))
		}
	}
}

// counted reports the end of l.
func (l *leg) counted(now model.Instant) {
	for _, o := range l.conn.hub.observers() {
		o.Closed(l.side, &l.end.close, l.diagnosis().Cause, since(now, l.conn.opened))
	}
	if v := l.end.verdict; v != nil && v.Cause.ByCohort() {
		l.conn.hub.cut(l.side, v.Cause)
	}
}

// cut reports that the end of a leg is one of a cohort's.
func (h *Hub) cut(side model.Side, cause model.Cause) {
	for _, o := range h.observers() {
		o.Cut(side, cause)
	}
}

// returned reports that the client of c has a connection again. It runs before the client enters c.
func (c *connection) returned(now model.Instant) {
	left, away := c.client.presence.Away()
	if !away {
		return
	}
	for _, o := range c.hub.observers() {
		o.Returned(since(now, left))
	}
}
