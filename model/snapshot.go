package model

import "time"

// Snapshot is the whole picture of one moment. It is a copy, which its owner may sort and change.
type Snapshot struct {
	Time        time.Time
	Monitor     Monitor
	Connections []Connection // by id, open and lingering
	Clients     []Client     // by id
	Rates       Rates
	Refusals    Refusals   // since the start
	Activity    []Activity // oldest first, one for each ActivityBin that is over
	Storms      []Storm    // oldest first; what they point to is shared and never changes
	Warnings    []Warning  // oldest first, at most MaxWarnings
	Paths       []Path     // by id, at most MaxPaths; what they point to is shared and never changes
	Cohorts     []Cohort   // oldest first, at most MaxCohorts; what they point to is shared and never changes
	Alerts      []Alert    // the most urgent first, at most MaxAlerts; what they point to is shared and never changes
	Host        Host

	Services       []Service // by id, at most MaxServices
	ServicesBeyond uint64    // reports of services for which there was no room

	// Age is how long ago the picture was taken when its reader got it: at least so long, for one that came over a line.
	Age time.Duration
}

// Storm returns the storm that is on, nil if there is none.
func (s *Snapshot) Storm() *Storm {
	if n := len(s.Storms); n > 0 && s.Storms[n-1].On() {
		return &s.Storms[n-1]
	}
	return nil
}

// Newest returns the newest connection of each client that has one, open or lingering, by the client's name.
func (s *Snapshot) Newest() map[string]*Connection {
	newest := make(map[string]*Connection, len(s.Clients))
	for i := range s.Connections {
		newest[s.Connections[i].Client] = &s.Connections[i] // by id, so the last one stays
	}
	return newest
}

// ActivityBin is the time that one Activity counts, and MaxActivity the number of those that are kept: ten minutes.
const (
	ActivityBin = 250 * time.Millisecond
	MaxActivity = 2400
)

// Activity is what happened in one bin of time.
type Activity struct {
	Connects, Reconnects, Closes, Refused uint32
}

// Monitor is the holter that made a snapshot, with its settings.
type Monitor struct {
	Version  string
	Address  string // where clients connect, such as ws://127.0.0.1:7070/ws; "" for a monitor inside an application
	Upstream string // the server behind a proxy, such as http://localhost:3000; else ""
	ReadOnly bool   // commands that change something are errors
	Started  time.Time
	Scheme   Scheme
	Detector string
	Interval time.Duration
	OnFail   OnFail
	Lateness float64 // factor by which timeouts are longer because holter itself ran late, from 1 to 8

	AcceptRate    float64   // upgrades per second beyond which they are refused, 0 for no limit
	MaxConns      int       // connections beyond which they are refused, 0 for no limit
	RefusingUntil time.Time // when upgrades are let in again; zero while they are let in
	DrainingUntil time.Time // when the last connection will have been closed, for a restart; zero while none is under way
}

// Rates are what happened per second, over the last few seconds.
type Rates struct {
	Connects, Reconnects, Refused, Closes float64
	Beats                                 float64
	BytesIn, BytesOut                     float64
}

// Refusals are how many handshakes and requests were refused for each reason. A reason that is not in it has refused none.
type Refusals map[RefusalReason]uint64

// Counts are the numbers of connections in each state, and of clients.
type Counts struct {
	Normal, Suspect, Failed, Closed int

	Present  int // clients with a connection, in any state
	Away     int // in this state: those that flap are not
	Flapping int // in this state
	Between  int // of those Flapping: without a connection at the moment
}

// Count counts the connections and clients of s.
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
		c := &s.Clients[i]
		if c.State == Flapping {
			n.Flapping++
		}
		switch {
		case c.State == Away:
			n.Away++
		case c.State == Flapping && c.Connection == 0:
			n.Between++
		default:
			n.Present++
		}
	}
	return n
}
