package hub

import (
	"sync/atomic"
	"time"

	"holter/model"
)

// counters only grow, but for size.
type counters struct {
	size                                  atomic.Int64 // connections
	connects, reconnects, refused, closes atomic.Uint64
	beats                                 atomic.Uint64 // answered
	bytesIn, bytesOut                     atomic.Uint64 // of closed connections
}

// reading is what the counters said at one moment.
type reading struct {
	at                                    model.Instant
	connects, reconnects, refused, closes uint64
	beats, bytesIn, bytesOut              uint64
}

// rates keeps readings of the last seconds, oldest first.
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

// perSecond is what happened between the oldest and the newest reading.
func (r *rates) perSecond() model.Rates {
	if r.n < 2 {
		return model.Rates{}
	}
	a, b := r.readings[0], r.readings[r.n-1]
	per := func(from, to uint64) float64 {
		if to < from { // a connection's bytes moved from one sum to the other meanwhile
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

// measure takes a reading. It holds mu throughout: the bytes of a connection that closes meanwhile
// would be in neither sum, or in both.
func (h *Hub) measure(now model.Instant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := reading{
		at: now, connects: h.count.connects.Load(), reconnects: h.count.reconnects.Load(),
		refused: h.count.refused.Load(), closes: h.count.closes.Load(), beats: h.count.beats.Load(),
		bytesIn: h.count.bytesIn.Load(), bytesOut: h.count.bytesOut.Load(),
	}
	for _, c := range h.conns {
		c.mu.Lock()
		if c.tap != nil {
			sum := passed(c.tap)
			x.bytesIn += sum.bytesIn
			x.bytesOut += sum.bytesOut
		}
		c.mu.Unlock()
	}
	h.rates.add(x)
}

// recent is what happened in each of the last bins of time.
type recent struct {
	bins   []model.Activity
	before model.Activity // what the counters said at the end of the last bin, of which 32 bits are enough
}

// record closes a bin.
func (h *Hub) record() {
	now := model.Activity{
		Connects: uint32(h.count.connects.Load()), Reconnects: uint32(h.count.reconnects.Load()),
		Closes: uint32(h.count.closes.Load()), Refused: uint32(h.count.refused.Load()),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.recent
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
