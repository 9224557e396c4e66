package hub

import (
	"sync/atomic"
	"time"

	"holter/model"
)

// counters only grow, except for size.
type counters struct {
	size                                  atomic.Int64 // connections
	connects, reconnects, refused, closes atomic.Uint64
	beats                                 atomic.Uint64 // answered
	bytesIn, bytesOut                     atomic.Uint64 // of closed connections
}

// refusals counts by reason. The map does not change once it is made.
type refusals map[model.RefusalReason]*refused

// refused counts the refusals for one reason.
type refused struct {
	all  atomic.Uint64
	told atomic.Uint64 // of all: those that events have told of, of requests only
	next atomic.Int64  // Instant from which the next event may tell of more
}

func newRefusals() refusals {
	r := make(refusals)
	for _, reasons := range [][]model.RefusalReason{model.HandshakeReasons, model.RequestReasons} {
		for _, reason := range reasons {
			r[reason] = new(refused)
		}
	}
	return r
}

// of returns the count for a reason.
func (r refusals) of(reason model.RefusalReason) *refused {
	if count := r[reason]; count != nil {
		return count
	}
	return r[model.ReasonOther]
}

// counted returns the counts that are above zero, nil if none is.
func (r refusals) counted() model.Refusals {
	var all model.Refusals
	for reason, count := range r {
		if n := count.all.Load(); n > 0 {
			if all == nil {
				all = make(model.Refusals)
			}
			all[reason] = n
		}
	}
	return all
}

// reading is the values of the counters at one moment.
type reading struct {
	at                                    model.Instant
	connects, reconnects, refused, closes uint64
	beats, bytesIn, bytesOut              uint64
}

func (c *counters) read(now model.Instant) reading {
	return reading{
		at: now, connects: c.connects.Load(), reconnects: c.reconnects.Load(), refused: c.refused.Load(),
		closes: c.closes.Load(), beats: c.beats.Load(), bytesIn: c.bytesIn.Load(), bytesOut: c.bytesOut.Load(),
	}
}

// activity returns the counts since the start. 32 bits of each are enough for differences.
func (c *counters) activity() model.Activity {
	return model.Activity{
		Connects: uint32(c.connects.Load()), Reconnects: uint32(c.reconnects.Load()),
		Closes: uint32(c.closes.Load()), Refused: uint32(c.refused.Load()),
	}
}

// rates keeps the readings of the last seconds, oldest first.
type rates struct {
	readings [6]reading
	n        int
}

func (r *rates) add(x reading) {
	if r.n == len(r.readings) {
		copy(r.readings[:], r.readings[1:])
		r.n--
	}
	r.readings[r.n] = x
	r.n++
}

// perSecond returns the rates between the oldest and the newest reading.
func (r *rates) perSecond() model.Rates {
	if r.n < 2 {
		return model.Rates{}
	}
	a, b := r.readings[0], r.readings[r.n-1]
	per := func(from, to uint64) float64 {
		if to < from { // the bytes of a connection moved from one sum to the other meanwhile
			return 0
		}
		return float64(to-from) / time.Duration(b.at-a.at).Seconds()
	}
	return model.Rates{
		Connects: per(a.connects, b.connects), Reconnects: per(a.reconnects, b.reconnects),
		Refused: per(a.refused, b.refused), Closes: per(a.closes, b.closes), Beats: per(a.beats, b.beats),
		BytesIn: per(a.bytesIn, b.bytesIn), BytesOut: per(a.bytesOut, b.bytesOut),
	}
}

// recent holds the activity in each of the last bins of time.
type recent struct {
	bins   []model.Activity
	before model.Activity // the counters at the end of the last bin
}

// add closes a bin. now holds the values of the counters at its end.
func (r *recent) add(now model.Activity) {
	if len(r.bins) == model.MaxActivity {
		copy(r.bins, r.bins[1:])
		r.bins = r.bins[:len(r.bins)-1]
	}
	r.bins = append(r.bins, model.Activity{
		Connects: now.Connects - r.before.Connects, Reconnects: now.Reconnects - r.before.Reconnects,
		Closes: now.Closes - r.before.Closes, Refused: now.Refused - r.before.Refused,
	})
	r.before = now
}
