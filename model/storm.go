package model

import "time"

// Storm is many clients that come back in a short time. The figures of a storm that is on are those of the last
// time it was measured.
type Storm struct {
	ID      int       // from 1
	Started time.Time // when the clients began to lose their connections
	Ended   time.Time // zero while it is on

	// Restart: most of the clients were those of the server that listened here before this one, and that was gone at once. Nobody saw
	// how their connections ended, nor their first attempts, so they are not among Causes, Policies and Delays.
	Restart bool

	Population int // clients that were known when the storm was noticed, or Clients if these have become more
	Clients    int // that lost their connection in the burst that led to it, that flap, or that never got in and try
	Away       int // clients that are not back yet: a client is back when its connection has lasted for Stay
	Settling   int // of those that are Away: that have a connection, which has yet to last
	Flapping   int // of those that are Away: see State
	GaveUp     int // of those that are Away: see Outage
	NeverIn    int // of those that are Away: that have never had a connection
	Reconnects int // connections opened by any clients that came back, whether they stayed or not
	Refused    int // upgrades that were refused

	// FlapRate is how many connections per second were closed again within Stay, over the last minute.
	FlapRate float64
	Flaps    []StormCause   // how the connections of the clients that flap end, the commonest first, at most MaxStormCauses
	Refusals []StormRefusal // the commonest first, at most MaxStormCauses

	// What does not fit into memory: clients that are counted nowhere else, and attempts that are counted in
	// Reconnects and Refused, but came after the end of Curve.
	DroppedClients, DroppedAttempts int

	// Times from Started until 50, 90 and 99 % of the Clients were back, 0 while they are not. A client was back when
	// the connection opened that has stayed.
	Back50, Back90, Back99 time.Duration

	Peak float64 // attempts per second, refused ones included, in the worst second
	// Crowding is Peak divided by the attempts per second of an even spread over the time from Started to the
	// last attempt: 1 is ideal.
	Crowding float64

	Causes   []StormCause   // the commonest first, at most MaxStormCauses
	Policies []PoolPolicy   // the largest first, at most MaxStormPolicies
	More     PoolCount      // pools that are not among Policies
	Delays   DelayHistogram // from the loss to the first attempt
	Curve    []Activity     // from Started on, one for each ActivityBin, at most MaxActivity
}

// On reports whether the storm is not over yet.
func (s *Storm) On() bool { return s.Ended.IsZero() }

// PoolCount is a number of pools and of the clients in them.
type PoolCount struct{ Pools, Clients int }

// Unsettled reports whether so many clients flap that 99 % cannot be back. A storm does not end while they do.
func (s *Storm) Unsettled() bool { return 100*s.Flapping > s.Clients }

// Gone is the number of clients that have no connection and do not flap. Those that are settling have one: they are no longer
// gone, and not yet back.
func (s *Storm) Gone() int { return s.Away - s.Settling - s.Flapping }

// Back is the number of clients that have stayed.
func (s *Storm) Back() int { return s.Clients - s.Away }

// StormRefusal is a way in which upgrades were refused in a storm.
type StormRefusal struct {
	Status int // of the HTTP answer, 0 if there was none
	By     Refuser
	Count  int
}

// StormCause is a way in which connections ended before a storm, or in it. Count is the number of clients.
type StormCause struct {
	Code  int // of the close frame, 1006 if there was none
	By    Closer
	Count int
}

const (
	MaxStorms        = 20 // that are kept
	MaxStormCauses   = 8
	MaxStormPolicies = 12
)
