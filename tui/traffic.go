package tui

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// traffic is what a connection carries, in bytes per second.
type traffic struct{ in, out float64 }

// trafficMemory is how much of the past traffic remembers: beats come seconds apart and would flicker.
const trafficMemory = 4 * time.Second

// trafficMeter makes traffic of the counters in successive snapshots.
type trafficMeter struct {
	at       time.Time
	readings []reading
}

// reading is the counters of a connection and the traffic that they led to.
type reading struct {
	id      model.ID
	in, out uint64
	traffic
}

// read takes a snapshot and returns the readings of its connections, in their order: by id. They are
// the caller's to keep.
func (m *trafficMeter) read(s *model.Snapshot) []reading {
	passed := s.Time.Sub(m.at).Seconds()
	weight := 1 - math.Exp(-max(passed, 0)/trafficMemory.Seconds())
	fresh := make([]reading, len(s.Connections))
	old := m.readings
	for i := range s.Connections {
		c := &s.Connections[i]
		fresh[i] = reading{id: c.ID, in: c.BytesIn, out: c.BytesOut}
		for len(old) > 0 && old[0].id < c.ID {
			old = old[1:]
		}
		if len(old) > 0 && old[0].id == c.ID && passed > 0 {
			fresh[i].traffic = traffic{
				in:  old[0].traffic.in + weight*(growth(old[0].in, c.BytesIn)/passed-old[0].traffic.in),
				out: old[0].traffic.out + weight*(growth(old[0].out, c.BytesOut)/passed-old[0].traffic.out),
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

// trafficOf is the traffic of a connection among readings, none if it is not there.
func trafficOf(readings []reading, id model.ID) traffic {
	i, ok := slices.BinarySearchFunc(readings, id, func(r reading, id model.ID) int {
		switch {
		case r.id < id:
			return -1
		case r.id > id:
			return 1
		}
		return 0
	})
	if !ok {
		return traffic{}
	}
	return readings[i].traffic
}
