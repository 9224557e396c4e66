package model

import (
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	s := Snapshot{
		Connections: []Connection{{State: Normal}, {State: Normal}, {State: Suspect}, {State: Failed}, {State: Closed}},
		Clients:     []Client{{State: Normal}, {State: Suspect}, {State: Away}, {State: Flapping}, {State: Flapping, Connection: 7}},
	}
	if got, want := s.Count(), (Counts{Normal: 2, Suspect: 1, Failed: 1, Closed: 1, Present: 3, Away: 1, Flapping: 2, Between: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestStormThatIsOn(t *testing.T) {
	var s Snapshot
	if s.Storm() != nil {
		t.Error("a storm of none")
	}
	s.Storms = []Storm{{ID: 1, Ended: time.Unix(9, 0)}}
	if s.Storm() != nil {
		t.Error("a storm of the past is on")
	}
	s.Storms = append(s.Storms, Storm{ID: 2})
	if on := s.Storm(); on == nil || on.ID != 2 {
		t.Errorf("%v is on, not storm 2", on)
	}
}

func TestAge(t *testing.T) {
	opened, now := time.Unix(100, 0), time.Unix(160, 0)
	c := Connection{Opened: opened}
	if got := c.Age(now); !c.Open() || got != time.Minute {
		t.Errorf("open for %s", got)
	}
	c.Close = &Close{At: opened.Add(time.Second)}
	if got := c.Age(now); c.Open() || got != time.Second {
		t.Errorf("lasted for %s", got)
	}
}
