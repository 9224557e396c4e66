// Package traffic makes bytes per second of the counters in successive snapshots, smoothed over a few seconds.
//
// A Meter belongs to the one loop that takes the snapshots, one after another. Readings never change once they are made, so
// any goroutine may read them.
package traffic

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// Flow is what a connection carries, in bytes per second in either direction.
type Flow struct{ In, Out float64 }

// memory is the time constant of the smoothing: beats come seconds apart, and their few bytes would flicker.
const memory = 4 * time.Second

// Meter computes flows from the counters in successive snapshots. The zero value is ready.
type Meter struct {
	at       time.Time
	readings []Reading
}

// Reading is the counters of a connection at one moment and its flow then.
type Reading struct {
	id      model.ID
	in, out uint64
	Flow
}

// Read returns the readings of a snapshot's connections, in the order of their ids. The caller may keep them.
func (m *Meter) Read(s *model.Snapshot) []Reading {
	passed := s.Time.Sub(m.at).Seconds()
	weight := 1 - math.Exp(-max(passed, 0)/memory.Seconds())
	fresh := make([]Reading, len(s.Connections))
	old := m.readings
	for i := range s.Connections {
		c := &s.Connections[i]
		fresh[i] = Reading{id: c.ID, in: c.BytesIn, out: c.BytesOut}
		for len(old) > 0 && old[0].id < c.ID {
			old = old[1:]
		}
		if len(old) > 0 && old[0].id == c.ID && passed > 0 {
			fresh[i].Flow = Flow{
				In:  old[0].Flow.In + weight*(growth(old[0].in, c.BytesIn)/passed-old[0].Flow.In),
				Out: old[0].Flow.Out + weight*(growth(old[0].out, c.BytesOut)/passed-old[0].Flow.Out),
			}
		}
	}
	m.at, m.readings = s.Time, fresh
	return fresh
}

// growth is how much a counter has grown. One that fell has grown by nothing.
func growth(before, now uint64) float64 {
	if now < before {
		return 0
	}
	return float64(now - before)
}

// Of is the flow of a connection among readings, zero if it is not there.
func Of(readings []Reading, id model.ID) Flow {
	i, ok := slices.BinarySearchFunc(readings, id, func(r Reading, id model.ID) int {
		switch {
		case r.id < id:
			return -1
		case r.id > id:
			return 1
		}
		return 0
	})
	if !ok {
		return Flow{}
	}
	return readings[i].Flow
}
