package heart

import (
	"time"

	"holter/model"
)

// pace learns the rhythm of the peer's own beats, to tell how long its silence may last. It is
// Jacobson's arithmetic (RFC 6298 section 2) on the intervals between beats.
type pace struct {
	last      model.Instant
	mean, dev uint32 // milliseconds
	beats     uint8  // seen; stops at steadyBeats
	page      bool   // they come from a script in a page
}

const (
	// steadyBeats are needed before the rhythm means anything: two intervals.
	steadyBeats = 3
	// pageSilence is granted to pages, whose timers fire once a minute in a background tab, and to
	// whoever has not shown a rhythm yet.
	pageSilence = 70 * time.Second
	// paceMargin allows for a retransmission, as with a beat of our own.
	paceMargin = 500 * time.Millisecond
	// fastestPace keeps a burst of pings from passing for a rhythm: closer beats are one.
	fastestPace = 500 * time.Millisecond
	// slowestPace bounds what a peer can make us wait for.
	slowestPace = time.Hour
)

// beat takes in a beat of the peer's. An interval beyond the limit in force counts as that limit:
// one outage must not double the patience for the next.
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

// interval is the mean time between beats, 0 while unknown.
func (p *pace) interval() time.Duration { return time.Duration(p.mean) * time.Millisecond }

// limit is how long the peer may be silent: mean + 4 deviations and a margin, but at least one and
// a half intervals, as MQTT 5 section 3.1.2.10 has it, so that a perfectly regular peer may miss a
// beat by half.
func (p *pace) limit() time.Duration {
	mean, dev := p.interval(), time.Duration(p.dev)*time.Millisecond
	limit := mean + max(4*dev, mean/2) + paceMargin
	if p.page || !p.steady() {
		limit = max(limit, pageSilence)
	}
	return limit
}
