package traffic

import (
	"math"
	"testing"
	"time"

	"holter/model"
)

func TestFlowIsPerSecond(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := model.Snapshot{Time: now, Connections: []model.Connection{{ID: 2}, {ID: 5}}}
	var m Meter
	readings := m.Read(&s)
	if f := Of(readings, 5); f != (Flow{}) {
		t.Errorf("%+v after one snapshot", f)
	}
	for range 60 {
		s.Time = s.Time.Add(time.Second / 2)
		s.Connections[1].BytesIn += 500
		s.Connections[1].BytesOut += 50
		readings = m.Read(&s)
	}
	if f := Of(readings, 5); math.Abs(f.In-1000) > 1 || math.Abs(f.Out-100) > 1 {
		t.Errorf("%+v, want 1000 in and 100 out", f)
	}
	if f := Of(readings, 2); f != (Flow{}) {
		t.Errorf("%+v on an idle connection", f)
	}
	if f := Of(readings, 3); f != (Flow{}) {
		t.Errorf("%+v on a connection that is not there", f)
	}
}

// TestCountersMayFall has a source that was started anew, and a clock that stands still.
func TestCountersMayFall(t *testing.T) {
	s := model.Snapshot{Time: time.Unix(100, 0), Connections: []model.Connection{{ID: 1, BytesIn: 1000}}}
	var m Meter
	m.Read(&s)
	s.Connections[0].BytesIn = 10
	for range 2 {
		if f := Of(m.Read(&s), 1); f.In != 0 || math.IsNaN(f.Out) {
			t.Errorf("%+v", f)
		}
		s.Time = s.Time.Add(time.Second)
	}
}
