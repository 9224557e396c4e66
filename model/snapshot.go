package model

import "time"

// Snapshot is a whole picture at one moment. It is a copy: whoever holds it may sort and change it.
type Snapshot struct {
	Time        time.Time
	Monitor     Monitor
	Connections []Connection // by id; the closed ones too while they linger
	Clients     []Client     // by id
	Rates       Rates
	Activity    []Activity // oldest first, one for each ActivityBin, the newest just over
	Storms      []Storm    // oldest first; what they point to belongs to nobody and stays as it is
	Host        Host
}

// Storm is the one that is on, nil if there is none.
func (s *Snapshot) Storm() *Storm {
	if n := len(s.Storms); n > 0 && s.Storms[n-1].On() {
		return &s.Storms[n-1]
	}
	return nil
}

// ActivityBin is the time that one Activity counts, and MaxActivity how many are kept: ten minutes.
const (
	ActivityBin = 250 * time.Millisecond
	MaxActivity = 2400
)

// Activity is what happened in one bin of time.
type Activity struct {
	Connects, Reconnects, Closes, Refused uint32
}

// Monitor says who took a snapshot, and with which settings.
type Monitor struct {
	Version  string
	Address  string // where a client connects, such as ws://127.0.0.1:7070/ws; "" in an application of somebody else's
	Upstream string // what a proxy stands before, such as http://localhost:3000; else ""
	ReadOnly bool   // it shows, and changes nothing
	Started  time.Time
	Scheme   Scheme
	Detector string
	Interval time.Duration
	OnFail   OnFail
	Lateness float64 // what timeouts are stretched by because holter itself ran late, from 1 to 8

	AcceptRate    float64   // upgrades per second beyond which they are refused, 0 for none
	RefusingUntil time.Time // when upgrades are let in again, zero while they are
}

// Rates are what happened per second, over the last few seconds.
type Rates struct {
	Connects, Reconnects, Refused, Closes float64
	Beats                                 float64
	BytesIn, BytesOut                     float64
}

// Counts are how many connections are in each state and how many clients are here or away.
type Counts struct {
	Normal, Suspect, Failed, Closed int
	Present, Away                   int
}

// Count counts s by state.
func (s *Snapshot) Count() Counts {
	var n Counts
	for i := range s.Connections {
		switch s.Connections[i].State {
		case Normal:
			n.Normal++
		case Suspect:
			n.Suspect++
		case Failed:
			n.Failed++
		case Closed:
			n.Closed++
		}
	}
	for i := range s.Clients {
		if s.Clients[i].State == Away {
			n.Away++
		} else {
			n.Present++
		}
	}
	return n
}
