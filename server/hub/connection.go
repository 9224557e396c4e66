package hub

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
	"unique"

	"holter/model"
	"holter/server/tap"
)

// connection is one tapped WebSocket. It is the tap.Watcher of its tap: most of its methods are
// called by whoever moves the bytes.
type connection struct {
	hub *Hub

	// Set before or by Opened, and then only read.
	id          model.ID
	client      *client
	who         string // the client's id
	generation  int32
	remote      netip.AddrPort
	handshake   unique.Handle[handshake]
	subprotocol unique.Handle[string]
	opened      model.Instant

	// Hub.mu's.
	older, newer *connection   // of the same client, while open
	left         model.Instant // when it was taken off

	// schedule.mu's.
	due          model.Instant
	slot         int         // -1 while it is not in the schedule
	before, then *connection // in the slot

	mu          sync.Mutex // protects all following
	tap         *tap.Conn  // nil once it is closed
	heart       *model.Heart
	next        model.Instant // when the heart is due
	since       model.Instant // in its state
	pings       uint32
	pongs       uint32
	beats       uint32 // the peer's
	visiting    bool   // the scheduler asks for next itself
	orders      *orders
	transitions []transition
	end         *end // nil while it is open
}

type end struct {
	close   model.Close
	traffic traffic
}

type transition struct {
	at        model.Instant
	from, to  model.State
	diagnosis model.Diagnosis
}

type traffic struct{ framesIn, framesOut, bytesIn, bytesOut uint64 }

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// Opened lists the connection and starts its heart, all at once: a Closed at the same time comes
// before, and then there is nothing to list, or after.
func (c *connection) Opened(subprotocol string) {
	h := c.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tap == nil {
		return
	}
	now := h.now()
	c.opened, c.since = now, now
	c.subprotocol = unique.Make(model.Clean(subprotocol, maxText))
	c.heart = model.NewHeart(&h.o.Rhythm, now, rand.Float64())
	c.next = c.heart.Tick(now, &h.late, c.tap).Next
	h.enter(c, now)
	h.schedule.set(c, c.next)
	c.publish(model.Event{Type: model.ConnectionOpened}, now)
}

// Sent starts the time of a ping.
func (c *connection) Sent(seq uint32, at model.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pings++
	c.next = c.heart.Sent(seq, at)
	c.reschedule()
}

// Pong takes in an answer.
func (c *connection) Pong(seq uint32, at model.Instant, exact bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pongs++
	c.hub.count.beats.Add(1)
	c.changed(c.heart.Pong(seq, at, exact, &c.hub.late))
}

// RoundTrip takes in a round trip of the application's own ping.
func (c *connection) RoundTrip(rtt time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heart != nil {
		c.heart.RoundTrip(rtt)
	}
}

// PeerBeat takes in a beat of the peer's own.
func (c *connection) PeerBeat(at model.Instant, page bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beats++
	if c.heart != nil {
		c.heart.PeerBeat(at, page)
	}
}

// Heard is proof of life while it was in doubt.
func (c *connection) Heard(at model.Instant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed(c.heart.Heard(at))
}

// Closed takes the connection off. What is not counted any more has been told.
func (c *connection) Closed(e tap.Ending) {
	h := c.hub
	defer h.count.size.Add(-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tap
	c.tap = nil
	if c.heart == nil { // it was never listed
		return
	}
	now := h.now()
	h.schedule.remove(c)
	h.leave(c, now)
	c.end = &end{
		close:   model.Close{Code: e.Code, Reason: model.Clean(e.Reason, model.MaxReason), By: e.By, At: h.time(now)},
		traffic: passed(t),
	}
	h.count.bytesIn.Add(c.end.traffic.bytesIn)
	h.count.bytesOut.Add(c.end.traffic.bytesOut)
	c.changed(c.heart.End(model.Ended))
	c.publish(model.Event{Type: model.ConnectionClosed}, now)
}

func passed(t *tap.Conn) (sum traffic) {
	sum.framesIn, sum.framesOut, sum.bytesIn, sum.bytesOut = t.Traffic()
	return sum
}

// changed takes note of a change of state and tells of it. It runs under mu.
func (c *connection) changed(from, to model.State, changed bool) {
	if !changed {
		return
	}
	now := c.hub.now()
	c.since = now
	if len(c.transitions) == model.MaxTransitions {
		c.transitions = c.transitions[1:]
	}
	c.transitions = append(c.transitions, transition{now, from, to, c.heart.Diagnosis()})
	if c.tap != nil {
		c.tap.Alert(c.heart.Alert())
	}
	if to != model.Closed { // the end has an event of its own
		c.publish(model.Event{Type: model.StateChanged, From: from, To: to}, now)
	}
}

// publish tells of something that happened to c. It runs under mu, so that what happens to one
// connection is told in order.
func (c *connection) publish(e model.Event, now model.Instant) {
	s := c.snapshot(now)
	e.Time, e.Connection = c.hub.time(now), &s
	c.hub.log.publish(e)
}

// snapshot runs under mu.
func (c *connection) snapshot(now model.Instant) model.Connection {
	h, heart := c.hub, c.heart
	s := model.Connection{
		ID: c.id, Client: c.who, Generation: int(c.generation), Remote: c.remote,
		Path: c.handshake.Value().path, UserAgent: c.handshake.Value().agent, Subprotocol: c.subprotocol.Value(),
		State: heart.State(), Since: h.time(c.since), Opened: h.time(c.opened),
		Diagnosis: heart.Diagnosis(),
		RTT:       heart.RTT(), RTTMean: heart.Mean(), RTTDev: heart.Deviation(),
		Timeout: heart.Timeout(), Interval: heart.Interval(), Missed: heart.Missed(),
		PingsSent: uint64(c.pings), PongsReceived: uint64(c.pongs), PingsReceived: uint64(c.beats),
		Beats: heart.Strip(),
	}
	var sum traffic
	if c.end != nil {
		s.Close, sum = &c.end.close, c.end.traffic
	} else {
		sum = passed(c.tap)
		s.Silence, s.DataSilence = since(now, c.tap.Heard()), since(now, c.tap.Data())
	}
	s.FramesIn, s.FramesOut, s.BytesIn, s.BytesOut = sum.framesIn, sum.framesOut, sum.bytesIn, sum.bytesOut
	return s
}

// since is 0 if at came after now: whoever moves the bytes may be ahead of whoever asked for the time.
func since(now, at model.Instant) time.Duration { return time.Duration(max(0, now-at)) }
