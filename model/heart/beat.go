package heart

import (
	"math"
	"time"

	"holter/model"
)

// Peer answers what a heart needs to know about the other end. A heart asks only when it has to.
type Peer interface {
	// Heard returns when the last byte came in. The request that opened the connection counts.
	Heard() model.Instant
	// Unread reports whether bytes wait in our own socket to be read.
	Unread() bool
	// Timing returns the kernel's retransmission timeout, without its doublings since the last acknowledgement,
	// and its smoothed round trip. They are 0 where they are unknown.
	Timing() (rto, rtt time.Duration)
	// MayBeat reports whether a new beat may go out at now. The newest ping was written at sent, 0 if none was.
	// In a proxy, a ping must not suggest that a dead end lives. While MayBeat is false, the heart sends no new
	// beat and judges nothing.
	MayBeat(now, sent model.Instant) bool
	// Kernel returns the other figures of the kernel.
	Kernel() model.Kernel
	// Untaken returns since when the peer has taken nothing of what waits for it, 0 if nothing waits. Without doubt it
	// looks only at a write that waits, which costs nothing if there is none.
	Untaken(now model.Instant, doubt bool) model.Instant
	// Beyond returns how long the other end of a proxied connection has taken nothing of what came from this peer and waits
	// for it in a write, 0 if nothing does.
	Beyond(now model.Instant) time.Duration
	// Backlog returns what stands between a ping and its answer at now.
	Backlog(now model.Instant) model.Backlog
}

// Action is what a Tick asks of the caller.
type Action struct {
	Ping     uint32 // number of the ping to be written now, 0 for none
	From, To model.State
	Changed  bool
	Next     model.Instant // when to call Tick again; always later than now, at most an interval
}

const (
	probes         = 3 // with waits of 1, 2 and 4 times probeWait: they span three retransmissions
	leastProbeWait = 500 * time.Millisecond

	// judgeAgain is how soon the heart judges a silence again if it could not judge it now.
	judgeAgain = 100 * time.Millisecond
	// longestSleep is the longest time between two Ticks for a peer that may have a rhythm.
	longestSleep = 5 * time.Second

	never = model.Instant(math.MaxInt64)
)

// Tick judges what is overdue at now, and asks for the ping that is due. It may be called early and at any rate.
// It does not ask again for a ping until Sent reports that the ping was written. Until then, the ping proves
// nothing.
func (h *Heart) Tick(now model.Instant, late *Lateness, p Peer) Action {
	a := Action{From: h.state}
	h.factor = uint8(late.Factor())
	if !h.ended && h.rhythm.Scheme != model.SchemeNone {
		h.step(now, late, p)
	}
	if h.wantsPing(now, p) {
		h.asked++
		a.Ping = h.asked
	}
	a.To, a.Changed, a.Next = h.state, h.state != a.From, h.next(now)
	return a
}

func (h *Heart) step(now model.Instant, late *Lateness, p Peer) {
	heard := max(p.Heard(), h.heard)
	if h.state != model.Normal && heard > h.heard { // the reader has not called Heard yet
		h.Heard(heard)
	}
	h.discard(now, late)
	h.quiet = max(heard, late.VoidBefore())
	overdue := h.waiting && now >= h.deadline() && now >= h.extended(p)
	silent := h.rhythm.Scheme.ClientBeats() && !h.resting && now >= h.silenceEnds()
	switch {
	case late.Overdue(now):
	case h.jammed(now, heard, overdue, p):
		if overdue && !h.jam.judged() {
			h.behind(now, heard, p) // its window is shut between two bites
		}
	case h.heldUp(now, heard, p):
	case h.asked != h.written && h.kept(now) >= unreadTimeouts*h.patience():
		h.behind(now, heard, p)
	case !overdue && !silent:
	case p.Unread():
		h.unread(now, heard, p)
	case overdue:
		h.miss(now, heard, p)
		if silent && h.state == model.Normal { // the bytes after the ping are not enough
			h.silence(now, heard, p)
		}
	default:
		h.silence(now, heard, p)
	}
}

// unread judges a silence while bytes wait in our socket. That is no evidence against the peer: the pong may be
// among them. If they wait for long, that is a finding of its own.
func (h *Heart) unread(now, heard model.Instant, p Peer) {
	if e := h.evidence(now, heard); e.PingAge < unreadTimeouts*e.Timeout || e.Silence < e.Timeout || h.unreadFound() {
		return // or they are being read
	}
	e := h.fullEvidence(now, heard, p)
	e.Unread = true
	h.diagnose(&e)
}

// heldUp reports that bytes of the peer wait in our socket because the other side of a proxy takes nothing. Then there is
// nothing to judge here, whether a ping is out or not.
func (h *Heart) heldUp(now, heard model.Instant, p Peer) bool {
	beyond := p.Beyond(now)
	if beyond < h.patience() || h.state != model.Normal || !p.Unread() {
		return false
	}
	e := h.fullEvidence(now, heard, p)
	e.Unread, e.Beyond = true, beyond // which may be longer than was told
	h.diagnose(&e)
	return true
}

// unreadTimeouts is the number of timeouts after which unread bytes are a finding.
const unreadTimeouts = 2

// kept returns how long a ping has waited to be written.
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

// extended returns the deadline after it has asked the kernel, once for each ping that seems overdue: if a
// segment was lost, the kernel needs its retransmission timeout to send it again.
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

// discard makes a ping void that was out while holter itself was late. The next ping goes out at once. If holter
// is late often, it goes out at the usual pace: a busy host must not beat more because it is busy.
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

// miss judges the newest ping, whose answer is overdue.
func (h *Heart) miss(now, heard model.Instant, p Peer) {
	if h.behind(now, heard, p) {
		return
	}
	h.waiting = false
	if h.state == model.Suspect {
		h.probeMissed(now, heard, p)
		return
	}
	h.missed = uint16(min(int(h.missed)+1, 1<<16-1))
	h.beats.missed(h.sent, h.patience())
	if heard <= h.sent && !(h.mute && acknowledged(now-h.sent, p.Kernel())) {
		h.suspect(now, heard, p)
		return
	}
	if e := h.evidence(now, heard); noPong(&e) {
		h.mute = !e.Ponged
		h.diagnose(&e)
	}
}

// acknowledged reports that a peer that answers no pings may still be alive: its kernel has acknowledged the ping of
// that age or still has time to, or our kernel cannot say.
func acknowledged(age model.Instant, k model.Kernel) bool {
	return !k.Known || k.Unacked == 0 || time.Duration(age) <= k.RTO
}

func (h *Heart) probeMissed(now, heard model.Instant, p Peer) {
	h.beats.probed(h.sent, h.patience())
	if h.probe < probes {
		h.probe++
	} else {
		h.move(model.ProbesMissed)
	}
	e := h.fullEvidence(now, heard, p)
	h.diagnose(&e)
}

// silence judges a peer that has been silent for longer than its own pace allows.
func (h *Heart) silence(now, heard model.Instant, p Peer) {
	if h.state == model.Normal {
		h.suspect(now, heard, p)
		if h.rhythm.Scheme.ServerBeats() {
			h.peer = pace{} // until the peer shows a pace again, our own beats judge; otherwise this would repeat
		}
		return
	}
	h.move(model.ProbesMissed)
	e := h.fullEvidence(now, heard, p)
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
	e := h.fullEvidence(now, heard, p)
	h.diagnose(&e)
}

func (h *Heart) wantsPing(now model.Instant, p Peer) bool {
	switch {
	case !h.rhythm.Scheme.ServerBeats() || h.ended || h.waiting || h.asked != h.written:
		return false
	case h.jam.judged():
		return false
	case h.state == model.Suspect: // a probe is part of the beat before it
		return true
	case now < h.due:
		return false
	}
	rested := h.resting
	h.resting = !p.MayBeat(now, h.sent)
	if rested && !h.resting {
		h.peer = pace{} // the peer's silence may have had a reason, so its pace is learned anew
	}
	return !h.resting
}

// next returns when there is something to judge or to send again. That is early enough for a pace of the peer that
// is learned in the meantime.
func (h *Heart) next(now model.Instant) model.Instant {
	next := now + model.Instant(h.interval)
	if h.rhythm.Scheme.ClientBeats() {
		next = min(next, now+model.Instant(longestSleep))
	}
	if !h.ended {
		next = min(next, h.silenceEnds(), h.jam.next())
		switch {
		case h.jam.judged():
		case h.waiting:
			next = min(next, h.deadline())
		case h.rhythm.Scheme.ServerBeats() && h.asked == h.written && !h.resting:
			next = min(next, h.due)
		}
	}
	if next <= now {
		return now + model.Instant(min(judgeAgain, h.interval))
	}
	return next
}

// deadline returns when the newest ping is overdue.
func (h *Heart) deadline() model.Instant {
	wait := h.timeout
	if h.state == model.Suspect {
		wait = h.probeWait() << (h.probe - 1)
	}
	return h.sent + model.Instant(h.stretch(wait))
}

// probeWait returns how long the first probe may stay unanswered.
func (h *Heart) probeWait() time.Duration {
	return max(h.detector.Mean()*3/2, leastProbeWait)
}

// silenceEnds returns when the peer's silence becomes evidence by itself. Where holter beats too, that needs a
// steady pace of the peer's.
func (h *Heart) silenceEnds() model.Instant {
	probing := h.rhythm.Scheme.ServerBeats()
	switch {
	case !h.rhythm.Scheme.ClientBeats(), probing && !h.peer.steady(), h.resting, h.jam.judged():
		return never
	case h.state == model.Normal:
		return h.quiet + model.Instant(h.stretch(h.peer.limit()))
	case h.state == model.Suspect && !probing:
		return max(h.due, h.quiet+model.Instant(h.grace()))
	}
	return never
}

// grace returns how long a suspect may stay silent where holter sends no probes: until one more beat of its own
// is due, and no less than probes would take.
func (h *Heart) grace() time.Duration {
	return h.stretch(max(h.peer.interval(), h.probeWait()*(1<<probes-1)))
}

// patience returns how long the peer may take for the sign of life that is expected of it.
func (h *Heart) patience() time.Duration {
	if h.rhythm.Scheme.ServerBeats() {
		return h.stretch(h.timeout)
	}
	return h.stretch(h.peer.limit())
}

func (h *Heart) stretch(d time.Duration) time.Duration { return d * time.Duration(h.factor) }
