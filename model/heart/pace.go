package heart

import (
	"time"

	"holter/model"
)

// pace learns the rhythm of the peer's own beats, and from that how long its silence may last. It applies
// Jacobson's arithmetic (RFC 6298 section 2) to the intervals between beats.
type pace struct {
	last      model.Instant
	mean, dev uint32 // milliseconds
	beats     uint8  // seen; stops at steadyBeats
	page      bool   // a script in a page sends them
}

const (
	// steadyBeats is the number of beats that make a rhythm: two intervals.
	steadyBeats = 3
	// pageSilence is the least limit for a page, whose timers fire once a minute in a background tab, and for a
	// peer that has not shown a rhythm yet.
	pageSilence = 70 * time.Second
	// paceMargin is the time for a retransmission, as with a beat of our own.
	paceMargin = 500 * time.Millisecond
	// fastestPace is the least interval, so that a burst of pings is not a rhythm: closer beats count as one.
	fastestPace = 500 * time.Millisecond
	// slowestPace is the longest interval, so that a peer cannot make us wait forever.
	slowestPace = time.Hour
)

// beat records a beat of the peer's. An interval beyond the present limit counts as that limit: after one outage
// the next must not be tolerated for twice as long.
func (p *pace) beat(at model.Instant, page bool) {
	p.page = p.page || page
	if p.beats > 0 {
		interval := time.Duration(at - p.last)
		if interval < fastestPace {
			return
		}
		p.learn(min(interval, p.limit(), slowestPace))
	}
	p.last = at
	p.beats = min(p.beats+1, steadyBeats)
}

func (p *pace) learn(interval time.Duration) {
	ms := int64(interval / time.Millisecond)
	if p.mean == 0 {
		p.mean, p.dev = uint32(ms), uint32(ms/2)
		return
	}
	off := ms - int64(p.mean)
	p.dev = uint32(int64(p.dev) + (max(off, -off)-int64(p.dev))/4)
	p.mean = uint32(int64(p.mean) + off/8)
}

// steady reports whether there is a rhythm.
func (p *pace) steady() bool { return p.beats >= steadyBeats }

// interval returns the mean time between beats, 0 while unknown.
func (p *pace) interval() time.Duration { return time.Duration(p.mean) * time.Millisecond }

// limit returns how long the peer may be silent: mean + 4 deviations and a margin, but at least one and a half
// intervals as in MQTT 5 section 3.1.2.10, so that a beat of a perfectly regular peer may be late by half an
// interval.
func (p *pace) limit() time.Duration {
	mean, dev := p.interval(), time.Duration(p.dev)*time.Millisecond
	limit := mean + max(4*dev, mean/2) + paceMargin
	if p.page || !p.steady() {
		limit = max(limit, pageSilence)
	}
	return limit
}
