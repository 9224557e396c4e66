package timers

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"holter/model"
)

// Path accumulates what happens on the connections of one path. The zero value is for a path that begins at instant 0:
// see New.
type Path struct {
	since  model.Instant
	opened int
	boxes  Boxes
	beaten model.Instant // the newest beat of either end, 0 for none

	server, client ring[interval]
	gaps           ring[time.Duration] // between data frames
	ages           ring[time.Duration] // of connections that have ended

	halves [2]half // the present half hour, and the one before
	begun  model.Instant

	open  round // of the connections that are open
	round round // that is being made
}

// half is what happened in half an hour.
type half struct {
	ends   map[Kind]int
	ended  int
	silent time.Duration // both applications at an end, at most
	record record
	rescue rescue
}

// rescue is the beat that has ended the longest silence.
type rescue struct {
	of    model.ClockOf
	after time.Duration
}

func (r *rescue) join(o rescue) {
	if o.after > r.after {
		*r = o
	}
}

// record is the longest of what connections have shown.
type record struct {
	calm  time.Duration // without a byte of the applications, and survived
	bytes time.Duration // the same without any byte
	lapse time.Duration // without a data frame, and survived
	age   time.Duration
}

func (r *record) join(o record) {
	r.calm, r.bytes, r.lapse, r.age = max(r.calm, o.calm), max(r.bytes, o.bytes), max(r.lapse, o.lapse), max(r.age, o.age)
}

// round is one look at all open connections.
type round struct {
	record
	open    int
	silent  time.Duration // the longest present silence of both applications
	aged    int           // connections that have lasted for steadyAge
	steady  []time.Duration
	beating bool       // holter beats on at least one
	via     netip.Addr // the address that one came through,
	mixed   bool       // and not all of them
}

// halfFor is the time that a half counts.
const halfFor = 30 * time.Minute

// Mode is how the holter that watches is set.
type Mode struct {
	Interval time.Duration // of holter's beats, 0 if it sends none
	Own      bool          // these are the application's heartbeat: a connection that does not answer is closed
	Idle     time.Duration // the silence that something on the way is known to end, 0 if nothing is known
	Age      time.Duration // the same for the age of connections
}

// Observation is what a connection shows.
type Observation struct {
	Age     time.Duration
	Silence time.Duration // since the last byte of either application
	Calm    time.Duration // the longest such silence that it has survived
	Near    int           // how often a silence was about that long
	Half    int           // and how often at least half as long
	Lapse   time.Duration // a time without data frames that it has survived
	Beating bool          // holter's own beats go out to it
	Beaten  bool          // and did so at one time at least
	Opaque  bool          // it is no WebSocket, or has waited in holter, or was disturbed on purpose: nothing else is known
	Via     netip.Addr    // the other end of its socket
}

// Kind is how connections ended that ended in the same way.
type Kind struct {
	model.PathEnd     // with a Count of 0
	Limit         int // the cohort of the limit that cut them, 0 if it was none
}

// End is how a connection ended.
type End struct {
	Kind
	At   model.Instant
	Last Observation
}

// New is a Path without connections.
func New(now model.Instant) *Path { return &Path{since: now, begun: now} }

// Opened counts a connection that has opened, and what its handshake has shown.
func (p *Path) Opened(b Boxes) {
	p.opened++
	p.boxes |= b
}

// Sighted notes what else a handshake has shown.
func (p *Path) Sighted(b Boxes) { p.boxes |= b }

// Beat notes a beat of the server's (sent) or of the client's: how long after the one before, 0 for the first, and after what
// silence.
func (p *Path) Beat(sent bool, at model.Instant, every, quiet time.Duration) {
	p.beaten = at
	r, of := &p.client, model.ClientClock
	if sent {
		r, of = &p.server, model.ServerClock
	}
	p.halves[0].rescue.join(rescue{of, quiet})
	if every < leastEvery {
		return
	}
	r.add(at, interval{every, quiet})
}

// Gap notes the time between two data frames of one connection, of the same direction.
func (p *Path) Gap(at model.Instant, gap time.Duration) { p.gaps.add(at, gap) }

// Begin begins a look at all open connections.
func (p *Path) Begin(now model.Instant) {
	p.turn(now)
	p.round = round{steady: p.round.steady[:0]}
}

// turn begins another half hour when it is time.
func (p *Path) turn(now model.Instant) {
	if time.Duration(now-p.begun) >= halfFor {
		p.halves[1] = p.halves[0]
		if time.Duration(now-p.begun) >= 2*halfFor {
			p.halves[1] = half{}
		}
		p.halves[0], p.begun = half{}, now
	}
}

const (
	// steadyAge is the age from which on a connection shows whether its messages come at a steady pace, and steadyNear how
	// often it must have been silent for about the longest time.
	steadyAge  = 15 * time.Second
	steadyNear = 4
	// leastSteady is the least pace of messages that are heartbeats.
	leastSteady = time.Second
	mostSteady  = 64
)

// Observe is one open connection of the look.
func (p *Path) Observe(o Observation, m Mode) {
	r := &p.round
	r.mixed = r.mixed || r.open > 0 && r.via != o.Via
	r.via = o.Via
	r.open++
	if o.Opaque {
		return
	}
	r.join(o.record(m))
	r.silent = max(r.silent, o.Silence)
	r.beating = r.beating || o.Beating
	if o.Age >= max(steadyAge, (steadyNear+1)*o.Calm) {
		r.aged++
		if o.steady() && len(r.steady) < mostSteady {
			r.steady = append(r.steady, o.Calm)
		}
	}
}

// steady reports whether something came again and again after about the longest silence. Without pings, it is a heartbeat made
// of messages.
func (o *Observation) steady() bool {
	return o.Calm >= leastSteady && o.Near >= steadyNear && o.Near >= o.Half
}

// record is what o shows. Holter's own beats end a silence too, within an interval and what they are spread by.
func (o *Observation) record(m Mode) record {
	r := record{calm: o.Calm, bytes: o.Calm, lapse: max(o.Lapse, o.Calm), age: o.Age}
	if o.Beaten && m.Interval > 0 {
		r.bytes = min(r.bytes, holterWithin(m))
	}
	return r
}

// holterWithin is the time in which holter's next beat goes out.
func holterWithin(m Mode) time.Duration { return m.Interval * 11 / 10 }

// Done ends the look.
func (p *Path) Done() { p.open, p.round = p.round, p.open }

// Ended notes the end of a connection.
func (p *Path) Ended(e End, m Mode) {
	p.turn(e.At)
	h := &p.halves[0]
	h.ended++
	if !e.Last.Opaque {
		h.record.join(e.Last.record(m))
		h.silent = max(h.silent, e.Last.Silence)
	}
	kind := e.Kind
	kind.Count = 0
	if _, known := h.ends[kind]; !known && len(h.ends) >= mostKinds {
		kind = Kind{PathEnd: model.PathEnd{Code: kind.Code, By: model.ByUnknown}}
	}
	if h.ends == nil {
		h.ends = make(map[Kind]int)
	}
	if _, known := h.ends[kind]; known || len(h.ends) < 2*mostKinds {
		h.ends[kind]++
	}
	p.ages.add(e.At, e.Last.Age)
}

// Named takes an end that was counted as one kind for one of another, after its cause has been found.
func (p *Path) Named(before, after Kind) {
	before.Count, after.Count = 0, 0
	for i := range p.halves {
		h := &p.halves[i]
		if h.ends[before] == 0 {
			continue
		}
		if h.ends[before]--; h.ends[before] == 0 {
			delete(h.ends, before)
		}
		h.ends[after]++
		return
	}
}

// Cut returns how many connections each limit has lately cut, by its cohort, and how many have ended in all.
func (p *Path) Cut() (by map[int]int, of int) {
	by = make(map[int]int)
	for i := range p.halves {
		of += p.halves[i].ended
		for kind, n := range p.halves[i].ends {
			if kind.Limit != 0 {
				by[kind.Limit] += n
			}
		}
	}
	return by, of
}

// mostKinds bounds the kinds of ends that are told apart.
const mostKinds = 32

// Merge adds another path, which has turned out to be of the same template.
func (p *Path) Merge(o *Path) {
	p.since = min(p.since, o.since)
	p.opened += o.opened
	p.boxes |= o.boxes
	p.beaten = max(p.beaten, o.beaten)
	p.server.merge(&o.server)
	p.client.merge(&o.client)
	p.gaps.merge(&o.gaps)
	p.ages.merge(&o.ages)
	p.begun = min(p.begun, o.begun)
	for i := range p.halves {
		h, other := &p.halves[i], &o.halves[i]
		h.ended += other.ended
		h.silent = max(h.silent, other.silent)
		h.record.join(other.record)
		h.rescue.join(other.rescue)
		for kind, n := range other.ends {
			if h.ends == nil {
				h.ends = make(map[Kind]int)
			}
			h.ends[kind] += n
		}
	}
	p.open.open += o.open.open
	p.open.join(o.open.record)
	p.open.silent = max(p.open.silent, o.open.silent)
	p.open.beating = p.open.beating || o.open.beating
	p.open.mixed = p.open.mixed || o.open.mixed || p.open.via != o.open.via
}

// beats reports whether one of the ends has beaten lately.
func (p *Path) beats(now model.Instant) bool {
	return p.beaten != 0 && time.Duration(now-p.beaten) < keptFor
}

// Open returns the number of connections at the last look.
func (p *Path) Open() int { return p.open.open }

// Idle reports whether the path has had no connection for a while.
func (p *Path) Idle(now model.Instant) bool {
	return p.open.open == 0 && p.halves[0].ended+p.halves[1].ended == 0 && time.Duration(now-p.begun) >= halfFor
}

// ended returns the kinds of ends, the commonest first, and how many there were in all.
func (p *Path) ended() (kinds []model.PathEnd, all int) {
	sum := make(map[model.PathEnd]int)
	for i := range p.halves {
		all += p.halves[i].ended
		for kind, n := range p.halves[i].ends {
			sum[kind.PathEnd] += n
		}
	}
	for kind, n := range sum {
		kind.Count = n
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b model.PathEnd) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Code, b.Code), cmp.Compare(a.By, b.By), cmp.Compare(a.Cause, b.Cause))
	})
	return kinds[:min(len(kinds), model.MaxPathEnds)], all
}
