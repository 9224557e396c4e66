package heart

import (
	"math"
	"time"

	"holter/model"
)

// Peer is what a heart asks about the other end, and only when it has to.
type Peer interface {
	// Heard is when the last byte came in; the request that opened the connection counts.
	Heard() model.Instant
	// Unread reports whether bytes wait in our own socket that nobody has read yet.
	Unread() bool
	// Timing is the kernel's retransmission timeout, without what it has been doubled by since, and
	// its smoothed round trip; 0 where they are unknown.
	Timing() (rto, rtt time.Duration)
	// Kernel is what else the kernel knows.
	Kernel() model.Kernel
}

// Action is what follows from a Tick.
type Action struct {
	Ping     uint32 // number of the ping to be written now, 0 for none
	From, To model.State
	Changed  bool
	Next     model.Instant // when to call Tick again; always later than now, at most an interval
}

const (
	probes         = 3 // with waits of 1, 2 and 4 times probeWait: they span three retransmissions
	leastProbeWait = 500 * time.Millisecond

	// lookAgain is how soon to look at a silence again that is no evidence yet.
	lookAgain = 100 * time.Millisecond
	// longestSleep between two looks at a peer that may have a rhythm.
	longestSleep = 5 * time.Second

	never = model.Instant(math.MaxInt64)
)

// Tick brings the heart to now: it judges what is overdue and asks for the ping that is due. It may
// be called early and as often as one likes. A ping that it asked for is not asked for again, and
// no evidence, until Sent says that it was written.
func (h *Heart) Tick(now model.Instant, late *Lateness, p Peer) Action {
	a := Action{From: h.state}
	h.factor = uint8(late.Factor())
	if !h.ended && h.rhythm.Scheme != model.SchemeNone {
		h.step(now, late, p)
	}
	if h.wantsPing(now) {
		h.asked++
		a.Ping = h.asked
	}
	a.To, a.Changed, a.Next = h.state, h.state != a.From, h.next(now)
	return a
}

func (h *Heart) step(now model.Instant, late *Lateness, p Peer) {
	heard := max(p.Heard(), h.heard)
	if h.state != model.Normal && heard > h.heard { // its reader has not come round to telling us
		h.Heard(heard)
	}
	h.discard(now, late)
	h.quiet = max(heard, late.VoidBefore())
	overdue := h.waiting && now >= h.deadline() && now >= h.extended(p)
	silent := h.rhythm.Scheme.ClientBeats() && now >= h.silenceEnds()
	switch {
	case late.Overdue(now):
	case h.asked != h.written && h.kept(now) >= unreadTimeouts*h.patience():
		h.stuck(now, heard, p)
	case !overdue && !silent:
	case p.Unread():
		h.unread(now, heard, p)
	case overdue:
		h.miss(now, heard, p)
		if silent && h.state == model.Normal { // what came after the ping is not enough
			h.silence(now, heard, p)
		}
	default:
		h.silence(now, heard, p)
	}
}

// unread accuses nobody: the pong may be among the bytes that wait. If they wait for long, that is a
// finding of its own.
func (h *Heart) unread(now, heard model.Instant, p Peer) {
	if e := h.evidence(now, heard); e.PingAge < unreadTimeouts*e.Timeout || h.unreadFound() {
		return
	}
	e := h.look(now, heard, p)
	e.Unread = true
	h.diagnose(&e)
}

// unreadTimeouts is how many timeouts bytes may lie unread before that is worth a word.
const unreadTimeouts = 2

// stuck accuses nobody either: a ping that cannot be written is no question. Why it cannot is worth a
// word.
func (h *Heart) stuck(now, heard model.Instant, p Peer) {
	if h.unreadFound() {
		return
	}
	if e := h.look(now, heard, p); backpressure(&e) {
		h.diagnose(&e)
	}
}

// kept is how long a ping has waited to be written.
func (h *Heart) kept(now model.Instant) time.Duration {
	if h.asked == h.written {
		return 0
	}
	return max(0, time.Duration(now-h.due))
}

func (h *Heart) unreadFound() bool {
	c := h.Diagnosis().Cause
	return c == model.CauseAppNotReading || c == model.CauseBackpressure
}

// extended is the deadline after the kernel has been asked, once for each ping that seems overdue: its
// timeout covers a segment that was lost.
func (h *Heart) extended(p Peer) model.Instant {
	if !h.consulted && h.state != model.Suspect {
		h.consulted = true
		rto, rtt := p.Timing()
		h.timeout = max(h.timeout, h.bound(rto, rtt))
	}
	return h.deadline()
}

func (h *Heart) bound(rto, rtt time.Duration) time.Duration {
	return h.rhythm.bound(estimate{
		timeout: h.detector.Timeout(), mean: h.detector.Mean(), samples: int(h.samples), rto: rto, rtt: rtt,
	})
}

// discard closes a ping that was out while holter itself was late. The next goes out at once, but
// at the usual pace if that happens often: a busy host must not beat more for it.
func (h *Heart) discard(now model.Instant, late *Lateness) {
	if !h.waiting || h.sent >= late.VoidBefore() {
		return
	}
	h.waiting, h.voided = false, h.written
	h.diagnosis, h.calm = late.diagnosis.Load(), 0
	if h.state == model.Suspect {
		h.probe = 1
	}
	if h.factor == 1 {
		h.due = min(h.due, now)
	}
}

// miss judges the newest ping, which went unanswered for as long as it may.
func (h *Heart) miss(now, heard model.Instant, p Peer) {
	h.waiting = false
	if h.state == model.Suspect {
		h.probeMissed(now, heard, p)
		return
	}
	h.missed = uint16(min(int(h.missed)+1, 1<<16-1))
	h.beats.missed(h.patience())
	if heard <= h.sent {
		h.suspect(now, heard, p)
		return
	}
	if e := h.evidence(now, heard); noPong(&e) {
		h.diagnose(&e)
	}
}

func (h *Heart) probeMissed(now, heard model.Instant, p Peer) {
	h.beats.missed(h.patience())
	if h.probe < probes {
		h.probe++
	} else {
		h.move(model.ProbesMissed)
	}
	e := h.look(now, heard, p)
	h.diagnose(&e)
}

// silence judges a peer that has been silent for longer than its own rhythm allows.
func (h *Heart) silence(now, heard model.Instant, p Peer) {
	if h.state == model.Normal {
		h.suspect(now, heard, p)
		if h.rhythm.Scheme.ServerBeats() {
			h.peer = pace{} // broken: until it is shown again our own beats judge, or this would come again and again
		}
		return
	}
	h.move(model.ProbesMissed)
	e := h.look(now, heard, p)
	h.diagnose(&e)
}

// suspect begins the probes, unless the connection has failed already.
func (h *Heart) suspect(now, heard model.Instant, p Peer) {
	if _, changed := h.move(model.BeatMissed); changed {
		h.heard, h.waiting = heard, false
		if h.rhythm.Scheme.ServerBeats() {
			h.probe = 1
		} else {
			h.due = now + model.Instant(h.grace())
		}
	}
	e := h.look(now, heard, p)
	h.diagnose(&e)
}

func (h *Heart) wantsPing(now model.Instant) bool {
	if !h.rhythm.Scheme.ServerBeats() || h.ended || h.waiting || h.asked != h.written {
		return false
	}
	return h.state == model.Suspect || now >= h.due
}

// next is when there is something to judge or to send again. It comes soon enough to watch a rhythm
// of the peer's that is only learnt meanwhile.
func (h *Heart) next(now model.Instant) model.Instant {
	next := now + model.Instant(h.interval)
	if h.rhythm.Scheme.ClientBeats() {
		next = min(next, now+model.Instant(longestSleep))
	}
	if !h.ended {
		next = min(next, h.silenceEnds())
		switch {
		case h.waiting:
			next = min(next, h.deadline())
		case h.rhythm.Scheme.ServerBeats() && h.asked == h.written:
			next = min(next, h.due)
		}
	}
	if next <= now {
		return now + model.Instant(min(lookAgain, h.interval))
	}
	return next
}

// deadline is when the newest ping is overdue.
func (h *Heart) deadline() model.Instant {
	wait := h.timeout
	if h.state == model.Suspect {
		wait = h.probeWait() << (h.probe - 1)
	}
	return h.sent + model.Instant(h.stretch(wait))
}

// probeWait is how long the first probe may stay unanswered.
func (h *Heart) probeWait() time.Duration {
	return max(h.detector.Mean()*3/2, leastProbeWait)
}

// silenceEnds is when the peer's silence becomes a sign by itself. Beside beats of our own that
// takes a rhythm which it has shown.
func (h *Heart) silenceEnds() model.Instant {
	probing := h.rhythm.Scheme.ServerBeats()
	switch {
	case !h.rhythm.Scheme.ClientBeats(), probing && !h.peer.steady():
		return never
	case h.state == model.Normal:
		return h.quiet + model.Instant(h.stretch(h.peer.limit()))
	case h.state == model.Suspect && !probing:
		return max(h.due, h.quiet+model.Instant(h.grace()))
	}
	return never
}

// grace is what a suspect gets where holter sends no probes: the time for one more beat of its own,
// and no less than probes would take.
func (h *Heart) grace() time.Duration {
	return h.stretch(max(h.peer.interval(), h.probeWait()*(1<<probes-1)))
}

// patience is how long the connection may go without the sign of life that is asked of it.
func (h *Heart) patience() time.Duration {
	if h.rhythm.Scheme.ServerBeats() {
		return h.stretch(h.timeout)
	}
	return h.stretch(h.peer.limit())
}

func (h *Heart) stretch(d time.Duration) time.Duration { return d * time.Duration(h.factor) }
