package hub

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
	"unique"

	"holter/model"
	"holter/model/cohort"
	"holter/model/heart"
	"holter/server/tap"
)

// leg is one socket of a connection, with the heart that beats over it. It is the tap.Watcher of its tap,
// so the goroutines that move the bytes call its exported methods. These take the locks; the other methods
// run under conn.mu.
type leg struct {
	conn *connection

	// Protected by schedule.mu.
	due          model.Instant
	before, then *leg  // neighbours in the slot
	slot         int16 // -1 while the leg is not in the schedule

	// Protected by conn.mu. The small ones come first: with the slot they fill two words.
	visiting bool       // the scheduler is visiting, and will set the next visit itself
	side     model.Side // never changes
	pings    uint32
	pongs    uint32
	beats    uint32    // the peer's
	answers  bool      // it has answered a ping, of holter's or of the application's
	killed   bool      // it ended because of a ping
	late     uint32    // milliseconds by which holter was late in the evidence for its state
	awaited  bool      // a beat of the other leg waits for the next byte of this peer
	sentBy   uint32    // the low bits of the number of bytes that had gone out at the last pong
	tap      *tap.Conn // nil once its socket is closed
	heart    *heart.Heart
	next     model.Instant // when the heart is due
	since    model.Instant // in its state
	end      *end          // nil while the leg is open
	stuck    *stuck        // nil until a write has to wait
	backlog  *backlog      // nil until a beat is overdue that may wait behind data
}

type end struct {
	close   model.Close
	traffic traffic
	heard   model.Instant   // the last byte, or the opening
	verdict *cohort.Verdict // why, if other ends have shown that; shared, and never changed
}

type traffic struct{ framesIn, framesOut, bytesIn, bytesOut uint64 }

func trafficOf(t *tap.Conn) (sum traffic) {
	sum.framesIn, sum.framesOut, sum.bytesIn, sum.bytesOut = t.Traffic()
	return sum
}

// Opened starts the heart. The leg to the client also lists the connection, in the same step. Closed may run at the
// same time: if Closed runs first, open lists nothing.
func (l *leg) Opened(subprotocol string) {
	if t := l.conn.hub.open(l, subprotocol); t != nil {
		t.Drop(tap.Ending{By: model.ByHolter, Code: 1001, Reason: "holter has shut down"}, false)
	}
}

// open starts the heart of l and lists its connection. If Run is over, it returns the tap instead, which the caller
// closes.
func (h *Hub) open(l *leg, subprotocol string) *tap.Conn {
	c := l.conn
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case l.end != nil:
		return nil
	case h.registry.stopped:
		return l.tap
	}
	now := h.now()
	l.since = now
	l.heart = heart.New(&h.o.Rhythm, now, rand.Float64(), h.Size())
	if l.tap.IsTunnel() {
		l.heart.Tunnel()
	} else {
		l.heart.Lose(l.tap.Lost())
	}
	if c.toUpstream != nil {
		l.heart.Between(l.side)
	}
	if h.hostility.has(l.kind()) {
		l.heart.Spare(h.hostility.sure(l.kind()))
	}
	l.next = l.heart.Tick(now, &h.late, (*opposite)(l)).Next
	first := l.next
	if c.term != nil {
		first = min(first, now+model.Instant(c.term.Next()))
	}
	h.schedule.set(l, first)
	if l.side == model.ClientSide {
		c.opened = now
		c.subprotocol = unique.Make(h.subprotocol(subprotocol))
		h.registry.enter(c, now)
		c.publish(model.Event{Type: model.ConnectionOpened}, now)
	}
	for _, o := range h.observers() {
		o.Opened(l.side)
	}
	return nil
}

// Sent starts the time of a ping.
func (l *leg) Sent(seq uint32, at model.Instant) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.pings++
	if l.end != nil {
		l.diedBefore(at)
		return
	}
	l.next = l.heart.Sent(seq, at)
	l.measured()
	l.reschedule()
}

// Pong gives the heart the answer to a ping.
func (l *leg) Pong(seq uint32, at model.Instant, exact bool) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.pongs++
	l.caughtUp()
	l.answersPings()
	l.conn.hub.count.beats.Add(1)
	l.answered()
	l.changed(l.heart.Pong(seq, at, exact, &l.conn.hub.late))
	l.measured()
	l.lead(at)
}

// RoundTrip gives the heart the round trip of the application's own ping.
func (l *leg) RoundTrip(rtt time.Duration) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.answersPings()
	if l.heart != nil {
		l.heart.RoundTrip(rtt)
		l.measured()
	}
}

// PeerBeat gives the heart a beat of the peer's own.
func (l *leg) PeerBeat(at model.Instant, page bool) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.beats++
	l.beat(BeatReceived)
	if l.heart != nil {
		l.heart.PeerBeat(at, page)
	}
	if l.side == model.ClientSide {
		l.conn.beat(at, false)
	}
}

// Beat notes another beat of one of the applications. What passes on the leg to the upstream passes on that to the client
// too.
func (l *leg) Beat(at model.Instant, sent bool) {
	if l.side != model.ClientSide {
		return
	}
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	l.conn.beat(at, sent)
}

// Heard gives the heart a sign of life from a suspected peer, and releases the beat of the other leg if that beat
// waits for it.
func (l *leg) Heard(at model.Instant) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	if l.end != nil {
		return
	}
	l.changed(l.heart.Heard(at))
	l.release(at)
}

// Lost makes the heart stop judging the peer: neither pings nor silence prove anything any more.
func (l *leg) Lost(in, out bool) {
	l.conn.mu.Lock()
	defer l.conn.mu.Unlock()
	if l.heart != nil {
		l.heart.Lose(in, out)
	}
}

// Closed records how the leg ended. If this is the leg to the client, the client has left. The connection stays on
// the list of present connections until its sockets are closed: see Gone.
func (l *leg) Closed(e tap.Ending) {
	c, h := l.conn, l.conn.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := h.now()
	l.end = &end{
		close:   model.Close{Code: e.Code, Reason: model.Clean(e.Reason, model.MaxReason), By: e.By, At: h.time(now), Parting: l.tap.Parting()},
		traffic: trafficOf(l.tap), heard: max(l.tap.Heard(), c.opened),
	}
	if l.heart == nil { // it was never listed
		return
	}
	h.schedule.remove(l)
	l.diedOf(l.heart.LastPing(), now)
	l.ended(now)
	defer l.counted(now)
	if l.side == model.UpstreamSide {
		l.changed(l.heart.End(model.Ended))
		return
	}
	h.registry.leave(c, now)
	c.depart(now)
	if c.habit != nil {
		c.habit.Leave()
	}
	h.count.bytesIn.Add(l.end.traffic.bytesIn)
	h.count.bytesOut.Add(l.end.traffic.bytesOut)
	l.changed(l.heart.End(model.Ended))
	c.publish(model.Event{Type: model.ConnectionClosed}, now)
}

// TooLong closes a connection whose client sends too long a message. The scheduler does that, as a close frame may have to
// wait for a place.
func (l *leg) TooLong() {
	c := l.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.end != nil || l.heart == nil {
		return
	}
	o := c.ordered()
	o.kick = kick{code: codeTooBig, reason: fmt.Sprintf("a message of more than %d bytes", c.hub.o.MaxMessage)}
	o.kickAt = c.hub.now()
	l.reschedule()
}

// codeTooBig says that a message is too long (RFC 6455 section 7.4.1).
const codeTooBig = 1009

// Gone takes the connection off the list of present connections, unless its other socket is still open. Until then
// the connection counts for the limits.
func (l *leg) Gone() {
	c, h := l.conn, l.conn.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	l.part()
	l.tap = nil
	if c.held() {
		return
	}
	if c.id != 0 {
		h.registry.linger(c, h.now())
	}
	if s := h.samplers.of(c.client.name()); s != nil {
		s.forget(c)
	}
	h.leave(c.remote.Addr(), c.counted)
}

// part records how both ends have parted, once no more can come. Snapshots share the old record, so it makes a new one.
func (l *leg) part() {
	if p := l.tap.Parting(); p != l.end.close.Parting {
		fresh := *l.end
		fresh.close.Parting = p
		l.end = &fresh
	}
}

// changed records and publishes a change of state, if there was one.
func (l *leg) changed(from, to model.State, changed bool) {
	if !changed {
		return
	}
	c, now := l.conn, l.conn.hub.now()
	l.since = now
	late := l.touched(to, now)
	l.late = uint32(min(late.Milliseconds(), math.MaxUint32))
	if len(c.transitions) == model.MaxTransitions {
		c.transitions = c.transitions[1:]
	}
	c.transitions = append(c.transitions, transition{now, l.side, from, to, l.diagnosis(), late})
	if l.end == nil {
		l.tap.Alert(l.heart.Alert() || l.awaited)
	}
	if to == model.Suspect {
		l.suspected(now)
	}
	l.judged(to, now)
	if to != model.Closed { // a close has an event of its own
		c.publish(model.Event{Type: model.StateChanged, From: from, To: to}, now)
	}
}

// noticedWithin is how soon holter notices an end after it has been late itself.
const noticedWithin = model.Instant(time.Second)

// touched returns for how long holter was late while it gathered the evidence for a new state: since the last byte or, of
// an end, shortly before now.
func (l *leg) touched(to model.State, now model.Instant) time.Duration {
	from := l.heart.LastHeard()
	if to == model.Closed {
		from = now - noticedWithin
	}
	return l.conn.hub.late.Touched(from, now)
}

// render fills in the fields of s that describe a leg.
func (l *leg) render(s *model.Connection, now model.Instant) {
	h, heart := l.conn.hub, l.heart
	s.Side, s.State, s.Since, s.Diagnosis = l.side, heart.State(), h.time(l.since), l.diagnosis()
	s.Late = time.Duration(l.late) * time.Millisecond
	s.RTT, s.RTTMean, s.RTTDev = heart.RTT(), heart.Mean(), heart.Deviation()
	s.Timeout, s.Interval, s.Missed, s.Beats = heart.Timeout(), heart.Interval(), heart.Missed(), heart.Strip()
	s.PingsSent, s.PongsReceived, s.PingsReceived = uint64(l.pings), uint64(l.pongs), uint64(l.beats)
	var sum traffic
	if l.end != nil {
		s.Close, sum = l.closing(now), l.end.traffic
	} else {
		sum = trafficOf(l.tap)
		s.Silence, s.DataSilence = since(now, l.tap.Heard()), since(now, max(l.conn.opened, l.tap.Data()))
	}
	s.FramesIn, s.FramesOut, s.BytesIn, s.BytesOut = sum.framesIn, sum.framesOut, sum.bytesIn, sum.bytesOut
}

// closing returns how the leg ended, and whether the connection has held a socket for a while since then.
func (l *leg) closing(now model.Instant) *model.Close {
	if !l.conn.held() || since(now, l.since) < closeWait {
		return &l.end.close
	}
	c := l.end.close
	c.Reason = model.Clean(strings.TrimPrefix(c.Reason+"; a socket is still open", "; "), model.MaxReason)
	return &c
}

// detail returns all details of the leg.
func (l *leg) detail(now model.Instant) model.Detail {
	c := l.conn
	d := model.Detail{Header: c.handshake.Value().fields(), Samples: l.heart.Samples(c.hub.zero)}
	c.render(&d.Connection, l, now)
	if l.end == nil {
		d.Evidence = l.heart.Evidence(now, &c.hub.late, (*opposite)(l))
		d.Evidence.Stream = c.streamOf(l, now)
	}
	return d
}

// since returns the time from at to now. It is 0 if at is later, as when another goroutine has read bytes
// since now was taken.
func since(now, at model.Instant) time.Duration { return time.Duration(max(0, now-at)) }
