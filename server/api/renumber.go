package api

import (
	"time"

	"holter/model"
	"holter/server/journal"
)

const (
	keptEvents = 4096    // of another holter
	widestGap  = 1 << 32 // between the numbers of two events
)

// renumber gives the events of another holter the numbers that they have here. They are the other holter's
// until that is started anew and counts from 1 again. Here they only rise: a reader of the log would
// otherwise wait for a number that takes years to come.
//
// It belongs to the goroutine that reads the events.
type renumber struct {
	log     *journal.Log
	started time.Time // the run of the other holter that the events are of
	seen    uint64    // number in that run of the newest event
	fresh   bool      // the next event is the first of a run
}

// begin says which run the next events are of, and returns the number in that run after which to go on.
func (r *renumber) begin(started time.Time) (since uint64) {
	if !r.started.Equal(started) {
		r.started, r.seen, r.fresh = started, 0, true
	}
	return r.seen
}

// publish adds the next event to the log. An event whose number is out of order belongs to another run.
func (r *renumber) publish(e model.Event) {
	step := e.Seq - r.seen
	if r.fresh && r.log.Newest() > 0 || e.Seq <= r.seen || step > widestGap {
		step = 1
	}
	r.fresh, r.seen = false, e.Seq
	r.log.PublishAfter(step-1, e)
}
