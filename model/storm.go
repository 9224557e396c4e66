package model

import "time"

// Storm is many clients coming back in a short time. Figures of one that is on go up to when it was
// looked at last.
type Storm struct {
	ID      int       // from 1
	Started time.Time // when the clients began to lose their connections
	Ended   time.Time // zero while it is on

	Population int // clients that were known when it was noticed
	Clients    int // who lost their connection in what led to it
	Away       int // of them, not back yet
	Reconnects int // connections opened by clients that came back, whoever they are
	Refused    int // upgrades turned away

	// Back are the times from Started until so many of the Clients were back, 0 where they are not.
	Back50, Back90, Back99 time.Duration

	Peak float64 // attempts per second, refused ones included, in the worst second
	// Crowding is Peak over the attempts per second that there would have been had all come evenly over
	// the time from Started to the last: 1 is ideal.
	Crowding float64

	Causes   []StormCause   // the commonest first, at most MaxStormCauses
	Policies []PoolPolicy   // the largest first, at most MaxStormPolicies
	Delays   DelayHistogram // from the loss to the first attempt
	Curve    []Activity     // from Started on, one for each ActivityBin, at most MaxActivity
}

// On reports whether the storm is not over yet.
func (s *Storm) On() bool { return s.Ended.IsZero() }

// StormCause is a way in which connections ended.
type StormCause struct {
	Code  int // 1006 where no close frame was seen
	By    Closer
	Count int
}

const (
	MaxStorms        = 20 // that are remembered
	MaxStormCauses   = 8
	MaxStormPolicies = 12
)
