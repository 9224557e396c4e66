package api

import (
	"time"

	"holter/model"
	"holter/server/journal"
)

const (
	keptEvents = 4096    // of another holter
	widestGap  = 1 << 32 // between the numbers of two events

	heaviestEvents = 32 << 20 // bytes of memory of those that are kept
)

// renumber gives the events of another holter their numbers in the log here. These are the other holter's own
// at first. When that is started anew, it counts from 1 again, but the numbers here go on rising: a reader of
// the log would otherwise miss the new events.
//
// A renumber belongs to the goroutine that reads the events.
type renumber struct {
	log     *journal.Log
	started time.Time // the run of the other holter that the events are of
	seen    uint64    // number in that run of the newest event
	fresh   bool      // the next event is the first of a run
	scales  scales
}

// scales know how much memory the kept events take.
type scales struct {
	weights [keptEvents]int32 // of the newest events; the next replaces the oldest
	next    int
	sum     int
}

// fit reports whether one more event of this weight can be kept. If so, it counts as kept, else as one of no weight.
func (s *scales) fit(weight int) bool {
	s.sum -= int(s.weights[s.next])
	fits := s.sum+weight <= heaviestEvents
	if !fits {
		weight = 0
	}
	s.weights[s.next] = int32(weight)
	s.sum += weight
	s.next = (s.next + 1) % keptEvents
	return fits
}

// begin sets the run that the next events are of. It returns the number in that run of the last event that is
// here already.
func (r *renumber) begin(started time.Time) (since uint64) {
	if !r.started.Equal(started) {
		r.started, r.seen, r.fresh = started, 0, true
	}
	return r.seen
}

// publish adds the next event to the log. An event whose number is out of order belongs to another run. An event
// without a number gets the next one. If there is no memory for an event, a Dropped event takes its place.
func (r *renumber) publish(e model.Event) {
	if e.Seq == 0 {
		e.Seq = r.seen + 1
	}
	if !r.scales.fit(weighEvent(&e)) {
		e = model.Event{Seq: e.Seq, Time: e.Time, Type: model.Dropped, Count: 1}
	}
	step := e.Seq - r.seen
	if r.fresh && r.log.Newest() > 0 || e.Seq <= r.seen || step > widestGap {
		step = 1
	}
	r.fresh, r.seen = false, e.Seq
	r.log.PublishAfter(step-1, e)
}
