package heart

import (
	"time"

	"holter/model"
)

// Heart is the beating of one connection: which pings are out, what their answers say, and what is
// believed of the peer. It has no clock and no lock: the caller passes the time and makes sure that
// one goroutine at a time uses it.
//
// One beat is open at a time. Pings are numbered from 1, probes among them; the pong of a ping
// answers all before it (RFC 6455 section 5.5.3 lets a peer answer only the newest).
type Heart struct {
	rhythm    *Rhythm
	detector  Detector
	diagnosis *model.Diagnosis // nil while nothing is wrong; shared, never changed
	interval  time.Duration
	timeout   time.Duration // of the newest beat, before it is stretched by lateness
	rtt       time.Duration // of the last answered ping

	due   model.Instant // the next beat; in scheme client the one that a suspect is still granted
	sent  model.Instant // the newest ping was written
	open  model.Instant // the oldest unanswered ping that may give a sample was written
	heard model.Instant // the last byte in when the connection opened or fell into suspicion
	early model.Instant // when the pong came of a ping that has yet to be Sent, 0 if none did
	quiet model.Instant // since when the peer's silence has counted

	asked    uint32 // number of the newest ping that Tick asked for
	written  uint32 // number of the newest ping that was written
	answered uint32 // number of the newest ping that was answered
	voided   uint32 // pings up to this number give no sample

	peer      pace
	missed    uint16 // beats in a row
	state     model.State
	factor    uint8 // Lateness.Factor at the last Tick
	probe     uint8 // the probe that is out or wanted, from 1; 0 while not suspected
	samples   uint8 // that the detector has had; stops at startSamples
	calm      uint8 // beats without trouble since the diagnosis
	waiting   bool  // for the pong of the newest ping written
	warm      bool  // a round trip has been seen: the first, which meets the handshake's tail, is no sample
	ended     bool
	consulted bool // the kernel, about the newest ping
	lostIn    bool // see Lose
	lostOut   bool
	beats     history
}

const (
	// firstBeatWithin is when the few connections give their first beat.
	firstBeatWithin = time.Second
	// firstBeatApart is by how much each connection more puts off the latest first beat. Those who come
	// back all at once are to have their handshakes first: a ping costs half of one.
	firstBeatApart = 2 * time.Millisecond
)

// New starts the heart of a connection that was opened at an instant, among so many. r must be
// valid and stays shared. random in [0,1) spreads the hearts: it sets this one's interval, within 10 %
// of the rhythm's, and its first beat: within a second or, among many, after up to a second and within an
// interval.
func New(r *Rhythm, opened model.Instant, random float64, among int) *Heart {
	detector, err := NewDetector(r.Detector)
	if err != nil {
		panic(err)
	}
	h := &Heart{rhythm: r, detector: detector, heard: opened, quiet: opened, factor: 1}
	h.interval = time.Duration(float64(r.Interval) * (0.9 + 0.2*random))
	latest := min(max(firstBeatWithin, time.Duration(among)*firstBeatApart), r.Interval)
	earliest := min(max(latest-firstBeatWithin, 0), firstBeatWithin)
	first := earliest + time.Duration(float64(latest-earliest)*random)
	h.due = opened + 1 + model.Instant(first) // never at once, so that the first Tick only says when
	h.timeout = r.bound(estimate{})
	return h
}

// Sent says that ping seq has been written at an instant; the time that it spent in our own queue
// is not the peer's. It returns when the next Tick is due.
func (h *Heart) Sent(seq uint32, at model.Instant) model.Instant {
	if seq != h.asked || seq == h.written || h.ended {
		return h.next(at)
	}
	if h.answered >= h.written || h.voided == h.written {
		h.open = at
	}
	h.written, h.sent, h.waiting = seq, at, seq > h.answered
	h.due = at + model.Instant(h.interval)
	if h.state != model.Suspect {
		h.timeout, h.consulted = h.bound(0, 0), false
	}
	if h.early != 0 {
		h.answer(time.Duration(h.early-at), false)
		h.early = 0
	}
	return h.next(at)
}

// Pong says that the pong of ping seq came at an instant. If that is only an upper bound, because
// the pong may have waited in our own socket, exact is false and there is no sample. A pong may
// overtake the call of Sent, whose writer may be held up: that one takes the sample then. A number
// that is not out, or out no more, changes nothing.
func (h *Heart) Pong(seq uint32, at model.Instant, exact bool, late *Lateness) (from, to model.State, changed bool) {
	if seq <= h.answered || seq > h.asked || h.ended {
		return h.state, h.state, false
	}
	rtt := time.Duration(at - h.open) // pongs bunched by a stall are one sample: the oldest beat's
	early := exact && seq > h.written && !late.Void(at, at)
	exact = exact && h.voided < seq && seq <= h.written && !late.Void(h.open, at)
	mute, missed := h.Diagnosis().Cause == model.CauseNoPong, h.missed
	tardy := exact && missed > 0 && !mute
	h.answered, h.missed = seq, 0
	if seq >= h.written {
		h.waiting = false
	} else {
		h.voided = h.written // they were out during the same stall
	}
	switch {
	case exact:
		h.answer(rtt, tardy)
	case early:
		h.early = at
	}
	from, to, changed = h.Heard(at)
	switch {
	case tardy:
		e := h.evidence(at, at)
		e.LateAnswer = rtt
		h.diagnose(&e)
	case mute:
		e := h.evidence(at, at)
		e.Skipped = int(missed)
		h.diagnose(&e)
	case !changed:
		h.settle()
	}
	return from, to, changed
}

// answer takes in the round trip of a beat.
func (h *Heart) answer(rtt time.Duration, tardy bool) {
	if tardy {
		h.beats.late(rtt)
	} else {
		h.beats.answered(rtt, h.patience())
	}
	h.RoundTrip(rtt)
}

// RoundTrip takes in a round trip that cost no beat: the answer to a ping of the application's.
func (h *Heart) RoundTrip(rtt time.Duration) {
	h.rtt = max(rtt, 0)
	if !h.warm {
		h.warm = true
		return
	}
	h.detector.Sample(min(h.rtt, h.timeout)) // one long stall must not blind it for a whole window
	h.samples = min(h.samples+1, startSamples)
}

// Heard says that a byte came in. It matters only while Alert.
func (h *Heart) Heard(at model.Instant) (from, to model.State, changed bool) {
	from = h.state
	to, changed = h.move(model.ByteIn)
	if changed {
		h.probe, h.waiting, h.quiet = 0, false, at
		e := h.evidence(at, at)
		e.Gap = time.Duration(at - h.heard)
		h.diagnose(&e)
	}
	return from, to, changed
}

// PeerBeat says that a beat of the peer's own came in: a protocol ping or, from a script in a page,
// a message that stands for one.
func (h *Heart) PeerBeat(at model.Instant, page bool) {
	if !h.rhythm.Scheme.ClientBeats() {
		return
	}
	h.peer.beat(at, page)
	if !h.rhythm.Scheme.ServerBeats() {
		h.settle()
	}
}

// Lose says that frames are not told from other bytes any more in what the peer sends, or in what is sent to
// it. A ping would have no place or no answer, so nobody beats from then on and nobody is judged, as in
// SchemeNone; a beat that was open is void.
func (h *Heart) Lose(in, out bool) {
	in, out = in || h.lostIn, out || h.lostOut
	if h.ended || in == h.lostIn && out == h.lostOut {
		return
	}
	r := *h.rhythm
	r.Scheme = model.SchemeNone
	h.rhythm, h.lostIn, h.lostOut = &r, in, out
	h.asked, h.waiting = h.written, false
	h.diagnose(&model.Evidence{LostIn: in, LostOut: out})
}

// End says that the connection is gone: Ended or Reaped. Nothing moves the heart after that.
func (h *Heart) End(t model.Trigger) (from, to model.State, changed bool) {
	from = h.state
	to, changed = h.move(t)
	h.ended, h.waiting = true, false
	return from, to, changed
}

func (h *Heart) move(t model.Trigger) (model.State, bool) {
	if h.ended {
		return h.state, false
	}
	to, changed := h.state.Next(t)
	h.state = to
	return to, changed
}

// State is what is believed of the connection.
func (h *Heart) State() model.State { return h.state }

// Alert reports whether the next byte from the peer would change the state.
func (h *Heart) Alert() bool { return h.state != model.Normal && !h.ended }

// RTT is the last round trip, 0 before the first.
func (h *Heart) RTT() time.Duration { return h.rtt }

// Mean is the mean round trip in the detector's memory, 0 before the first sample.
func (h *Heart) Mean() time.Duration { return h.detector.Mean() }

// Deviation is how far round trips stray from Mean.
func (h *Heart) Deviation() time.Duration { return h.detector.Deviation() }

// Missed is how many beats in a row went unanswered.
func (h *Heart) Missed() int { return int(h.missed) }

// Samples copies how the newest beats went, oldest first.
func (h *Heart) Samples() []model.Sample { return h.beats.samples() }

// Strip is the newest of them in short.
func (h *Heart) Strip() model.Strip { return h.beats.strip() }

// Interval is the time between two beats: holter's, or the peer's own if only that one beats. It is
// 0 if nobody does, or while the peer has shown no rhythm.
func (h *Heart) Interval() time.Duration {
	switch {
	case h.rhythm.Scheme.ServerBeats():
		return h.interval
	case h.rhythm.Scheme.ClientBeats():
		return h.peer.interval()
	}
	return 0
}

// Timeout is how long a beat may stay unanswered or, if only the peer beats, how long it may be
// silent. It is 0 if nobody beats.
func (h *Heart) Timeout() time.Duration {
	if h.rhythm.Scheme == model.SchemeNone {
		return 0
	}
	return h.patience()
}
