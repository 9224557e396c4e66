package model

import "time"

// Storm is many clients that come back in a short time. The figures of a storm that is on are those of the last
// time it was measured.
type Storm struct {
	ID      int       // from 1
	Started time.Time // when the clients began to lose their connections
	Ended   time.Time // zero while it is on

	Population int // clients that were known when the storm was noticed
	Clients    int // that lost their connection in the burst that led to it
	Away       int // clients that are not back yet
	Reconnects int // connections opened by any clients that came back
	Refused    int // upgrades that were refused

	// Times from Started until 50, 90 and 99 % of the Clients were back, 0 while they are not.
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

// StormCause is a way in which connections ended before a storm.
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
