package heart

import (
	"time"

	"holter/model"
)

// Heart is the heartbeat of one connection: its pings, their answers, and the state of the peer that follows from
// them. It has no clock and no lock: the caller passes the time, and makes sure that only one goroutine uses it at a
// time.
//
// A beat is one ping with its answer. Pings are numbered from 1. The pong of a ping also answers all pings before
// it: RFC 6455 section 5.5.3 lets a peer answer only the newest. The heart waits for the newest ping only. The life
// of a ping is:
//
//  1. Tick finds that the beat is due and asks for ping number asked.
//  2. Sent reports that it was written, which may be later: written follows asked, and the heart is waiting.
//  3. Pong reports the answer: answered follows written. The round trip becomes a sample of the detector, unless
//     the ping is void because holter itself was late meanwhile.
//  4. If there is no answer within the timeout, Tick counts a missed beat. If no other byte came in either, the
//     peer is suspect, and up to three probes follow. A probe is a ping that does not wait for the next beat.
//
// A peer that has never answered a ping but sends data is mute. From then on the heart judges only whether the peer's
// kernel acknowledges the pings.
//
// A peer that takes nothing of what waits for it is judged by that alone: see jam.
//
// If only the peer beats (SchemeClient) there are no pings. Tick compares the silence of the peer with the
// pace that it has shown.
type Heart struct {
	// Set by New. Lose replaces the rhythm.
	rhythm   *Rhythm
	detector Detector
	interval time.Duration // between two beats of this heart

	// Pings. Beside these, the flags waiting and consulted below.
	asked    uint32        // number of the newest ping that Tick asked for
	written  uint32        // number of the newest ping that was written
	answered uint32        // number of the newest ping that was answered
	voided   uint32        // the newest ping of those that give no sample
	due      model.Instant // the next beat; in SchemeClient the end of a suspect's last chance
	sent     model.Instant // the newest ping was written
	open     model.Instant // the oldest unanswered ping that may give a sample was written; but see early

	// What was measured. Beside these, the counts of samples below.
	timeout time.Duration // of the newest beat, before it is stretched by lateness
	rtt     time.Duration // of the last answered ping
	peer    pace

	// What is believed of the peer. Beside these, the state and its counts below.
	diagnosis *model.Diagnosis // nil while nothing is wrong; shared, and never changed
	jam       *jam             // nil unless the peer may take nothing of what waits for it
	heard     model.Instant    // the last byte in, when the connection opened or fell into suspicion
	quiet     model.Instant    // since when the peer's silence counts

	// The small fields stand together, to save room.
	missed    uint16 // beats in a row without an answer
	state     model.State
	probe     uint8 // the probe that is out or wanted, from 1; 0 while not suspected
	calm      uint8 // beats without trouble since the diagnosis
	factor    uint8 // Lateness.Factor at the last Tick
	samples   uint8 // that the detector has had; stops at startSamples
	warm      bool  // there was a round trip; the first is not a sample, as it overlaps the end of the handshake
	waiting   bool  // for the pong of the newest ping written
	early     bool  // the pong came before Sent reported its ping: at open
	consulted bool  // the kernel was asked about the newest ping
	resting   bool  // a beat is due that may not go out: see Peer.MayBeat
	mute      bool  // the peer has never answered a ping, but is known to live
	ended     bool
	lostIn    bool // see Lose
	lostOut   bool
	fresh     bool // rtt has not been taken yet: see TakeRoundTrip
	tunnel    bool // see Tunnel
	spared    spared
	between   uint8 // 0, or one more than the side: see Between

	beats history
}

// spared says whether the heart sends no pings because of what they did to others: see Spare.
type spared uint8

const (
	notSpared spared = iota
	sparedPerhaps
	sparedSurely
)

const (
	// firstBeatWithin is the span of time in which a heart gives its first beat while there are few connections.
	firstBeatWithin = time.Second
	// firstBeatApart is the time that each other connection adds to the latest time of a first beat. When many
	// clients come back at once, their handshakes go first: a ping costs half as much as a handshake.
	firstBeatApart = 2 * time.Millisecond
)

// New starts the heart of a connection that was opened at an instant. There are among connections in all. r must be
// valid; it is shared and not copied. random, in [0,1), spreads the hearts. It sets the interval of this heart,
// within 10 % of the rhythm's. It also sets the time of the first beat: within a second or, if there are many
// connections, later, but within an interval.
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
	h.due = opened + 1 + model.Instant(first) // the first Tick must not ask for a ping; it only says when to call again
	h.timeout = r.bound(estimate{})
	return h
}

// Sent reports that ping seq was written at an instant. The time that the ping waited to be written is not part
// of its round trip. It returns when the next Tick is due.
func (h *Heart) Sent(seq uint32, at model.Instant) model.Instant {
	if seq != h.asked || seq == h.written || h.ended {
		return h.next(at)
	}
	early := h.open
	if h.answered >= h.written || h.voided == h.written {
		h.open = at
	}
	h.written, h.sent, h.waiting = seq, at, seq > h.answered
	h.due = at + model.Instant(h.interval)
	if h.state != model.Suspect {
		h.timeout, h.consulted = h.bound(0, 0), false
	}
	if h.early {
		h.answer(time.Duration(early-at), false)
		h.early = false
	}
	return h.next(at)
}

// Pong reports that the pong of ping seq came at an instant. If exact is false, the pong may have waited unread
// in our socket; the round trip is then only an upper bound and not a sample. A pong may be reported before Sent
// reports its ping, as the writer may be delayed: then Sent takes the sample. Pong does nothing if ping seq is not
// out.
func (h *Heart) Pong(seq uint32, at model.Instant, exact bool, late *Lateness) (from, to model.State, changed bool) {
	if seq <= h.answered || seq > h.asked || h.ended {
		return h.state, h.state, false
	}
	rtt := time.Duration(at - h.open) // pongs that a stall delays come together and are one sample: the oldest ping's
	early := exact && seq > h.written && !late.Void(at, at)
	exact = exact && h.voided < seq && seq <= h.written && !late.Void(h.open, at)
	mute, missed := h.Diagnosis().Cause == model.CauseNoPong, h.missed
	behind, age := h.Diagnosis().Cause == model.CausePingBehindData, h.pingAge(at)
	tardy := exact && missed > 0 && !mute
	held := h.state == model.Normal && h.unreadFound() // until now nobody has read what came in
	h.answered, h.missed, h.mute = seq, 0, false
	if seq >= h.written {
		h.waiting = false
	} else {
		h.voided = h.written // the later pings were out during the same stall
	}
	switch {
	case exact:
		h.answer(rtt, tardy)
	case early:
		h.early, h.open = true, at
	}
	if h.jam.judged() {
		return h.flow(at) // it has read its way to our ping
	}
	from, to, changed = h.Heard(at)
	switch {
	case behind && age > h.stretch(h.bound(0, 0)):
		e := h.evidence(at, at)
		e.Backlog.Passed, e.LateAnswer = true, age
		h.diagnose(&e)
	case tardy, held:
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

// answer records the round trip of a beat. tardy says that the beat counts as missed.
func (h *Heart) answer(rtt time.Duration, tardy bool) {
	if tardy {
		h.beats.late(rtt)
	} else {
		h.beats.answered(h.open, rtt, h.patience())
	}
	h.RoundTrip(rtt)
}

// RoundTrip records a round trip without a beat: the answer to a ping of the application's.
func (h *Heart) RoundTrip(rtt time.Duration) {
	h.rtt, h.fresh = max(rtt, 0), true
	if !h.warm {
		h.warm = true
		return
	}
	h.detector.Sample(min(h.rtt, h.timeout)) // or one long stall would blind the detector for a whole window
	h.samples = min(h.samples+1, startSamples)
}

// Heard reports that a byte came in. The call is needed only while Alert is true.
func (h *Heart) Heard(at model.Instant) (from, to model.State, changed bool) {
	from = h.state
	if h.jam.judged() { // a peer that takes nothing may well send
		return from, from, false
	}
	to, changed = h.move(model.ByteIn)
	if changed {
		h.probe, h.waiting, h.quiet = 0, false, at
		h.mute = h.answered == 0 && h.written >= noPongBeats
		e := h.evidence(at, at)
		e.Gap = time.Duration(at - h.heard)
		h.diagnose(&e)
	}
	return from, to, changed
}

// PeerBeat reports that a beat of the peer's own came in: a protocol ping or, if page is set, a message that
// a script in a page sends for lack of one.
func (h *Heart) PeerBeat(at model.Instant, page bool) {
	if !h.rhythm.Scheme.ClientBeats() {
		return
	}
	h.peer.beat(at, page)
	if !h.rhythm.Scheme.ServerBeats() {
		h.settle()
	}
}

// Lose records that the tap no longer knows where frames begin: in the bytes from the peer (in) or to the peer (out).
// Then there is no place for a ping, or its pong cannot be recognised. So from then on the heart neither beats nor
// judges, as in SchemeNone, and a ping without its pong no longer counts.
func (h *Heart) Lose(in, out bool) { h.lose(in, out, false) }

// Tunnel records that the connection was never a WebSocket: see Lose.
func (h *Heart) Tunnel() { h.lose(true, true, true) }

func (h *Heart) lose(in, out, tunnel bool) {
	in, out = in || h.lostIn, out || h.lostOut
	if h.ended || in == h.lostIn && out == h.lostOut {
		return
	}
	h.rest()
	h.lostIn, h.lostOut, h.tunnel = in, out, tunnel
	h.diagnose(&model.Evidence{LostIn: in, LostOut: out, Tunnel: tunnel})
}

// Spare stops beats and judgement, as Lose does, because peers of this kind hang up on a ping or, if that is not sure, because
// one was reset when a ping came after a silence.
func (h *Heart) Spare(sure bool) {
	if h.ended || h.lostIn || h.lostOut {
		return
	}
	h.rest()
	if h.spared = sparedPerhaps; sure {
		h.spared = sparedSurely
	}
	h.diagnose(&model.Evidence{Spared: true, Unsure: !sure})
}

// Between records that the connection is one side of a proxy, so that sentences name the side, and what the peer does to
// the other side is known.
func (h *Heart) Between(side model.Side) { h.between = uint8(side) + 1 }

// place returns whether the connection is one side of a proxy, and which.
func (h *Heart) place() (proxied bool, side model.Side) {
	if h.between == 0 {
		return false, model.ClientSide
	}
	return true, model.Side(h.between - 1)
}

// rest ends all beats. If a ping is waiting for its pong, that ping no longer counts.
func (h *Heart) rest() {
	r := *h.rhythm
	r.Scheme = model.SchemeNone
	h.rhythm = &r
	h.asked, h.waiting, h.jam = h.written, false, nil
}

// Hasten makes the next beat due at now, unless there was one since that instant.
func (h *Heart) Hasten(now, since model.Instant) {
	if h.sent < since {
		h.due = min(h.due, now)
	}
}

// Killed records that the peer hung up on the first ping. after is the time from that ping to its end. silence is not 0 if
// the peer was reset when the ping came after such a silence: then something on the way may have forgotten the connection.
func (h *Heart) Killed(after, silence time.Duration) {
	h.diagnose(&model.Evidence{Killed: after, Silence: silence, Unsure: silence > 0})
}

// LastHeard returns when the last byte came in before the present judgement began: since when the evidence for it was
// gathered.
func (h *Heart) LastHeard() model.Instant { return h.heard }

// LastPing returns when the newest ping was written, 0 if none was.
func (h *Heart) LastPing() model.Instant { return h.sent }

// End reports that the connection is gone: Ended or Reaped. The state never changes after that.
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

// Resting reports whether a beat is due that may not go out: see Peer.MayBeat.
func (h *Heart) Resting() bool { return h.resting && !h.ended }

// Blocked reports whether the peer is suspect because it takes nothing of what waits for it.
func (h *Heart) Blocked() bool { return h.jam.judged() }

// Mute reports whether the peer is known to live and to answer no pings.
func (h *Heart) Mute() bool { return h.mute }

// State returns the state of the connection, as the heart judges it.
func (h *Heart) State() model.State { return h.state }

// Alert reports whether the next byte from the peer would change the state.
func (h *Heart) Alert() bool { return h.state != model.Normal && !h.ended && !h.jam.judged() }

// RTT returns the last round trip, 0 before the first.
func (h *Heart) RTT() time.Duration { return h.rtt }

// TakeRoundTrip returns a round trip that was measured since the last call, the newest if there were several.
func (h *Heart) TakeRoundTrip() (rtt time.Duration, ok bool) {
	ok, h.fresh = h.fresh, false
	return h.rtt, ok
}

// Mean returns the mean round trip in the detector's memory, 0 before the first sample.
func (h *Heart) Mean() time.Duration { return h.detector.Mean() }

// Deviation returns how far round trips stray from Mean.
func (h *Heart) Deviation() time.Duration { return h.detector.Deviation() }

// Missed returns the number of beats in a row without an answer.
func (h *Heart) Missed() int { return int(h.missed) }

// Samples returns a copy of the newest beats, oldest first. start is the time of instant 0.
func (h *Heart) Samples(start time.Time) []model.Sample { return h.beats.samples(start) }

// Strip returns the newest beats in short. With rtt and the geometric mean of the newest round trips, each 0.1 ms longer
// than it is, the height of a spike is 4 + 2·log2(rtt / mean), from 1 to 8. So a usual round trip has 4 eighths; one
// that takes twice as long has 6; and microseconds on one machine make no mountains. At most 60 beats make the mean.
func (h *Heart) Strip() model.Strip { return h.beats.strip() }

// Interval returns the time between two beats: holter's or, if only the peer beats, the peer's. It is 0 if
// neither beats, and while the peer has shown no rhythm.
func (h *Heart) Interval() time.Duration {
	switch {
	case h.rhythm.Scheme.ServerBeats():
		return h.interval
	case h.rhythm.Scheme.ClientBeats():
		return h.peer.interval()
	}
	return 0
}

// Timeout returns how long a beat may stay unanswered or, if only the peer beats, how long the peer may be silent.
// It is 0 if neither beats.
func (h *Heart) Timeout() time.Duration {
	if h.rhythm.Scheme == model.SchemeNone {
		return 0
	}
	return h.patience()
}
