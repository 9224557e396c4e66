package model

import (
	"fmt"
	"slices"
	"time"
)

// Cohort is ends of connections, or suspicions, that belong together. What they share is so unlikely to have come about by
// chance that it is a cause, or points to one.
type Cohort struct {
	ID    int // from 1
	Kind  CohortKind
	Cause Cause // of the members; CauseUnknown if they have none in common or several fit, "" if the application closed them itself
	Side  Side  // where the members ended, or were suspected

	Started, Newest time.Time // when the first and the newest member ended
	Count           int       // members
	Of              int       // those that might have been members; what they are depends on Kind

	// Length is what the members have in common: their silence or their age; in a moment, and of a trait, the time from the
	// first member to the last. Spread is how far silences or ages stray from it.
	Length, Spread time.Duration

	Traits []Trait // that nearly all members have, the narrowest first, at most MaxTraits
	Chance float64 // upper bound of the probability that as much would have come about by chance; 0 if it is below 1e-300
	Detail string  // a sentence that names the evidence and, if Cause is known, one that says what to do

	Members []ID // the newest, at most MaxMembers
}

// Farewell reports whether the application said goodbye to the members, as it does when it shuts down.
func (c *Cohort) Farewell() bool {
	return slices.ContainsFunc(c.Traits, func(t Trait) bool {
		return t.Kind == TraitCode && slices.Contains(farewells[:], t.Value)
	})
}

// farewells are the codes of close frames that do so: normal, going away, none and service restart.
var farewells = [...]string{"1000 by app", "1001 by app", "1005 by app", "1012 by app"}

// CohortKind is what the members of a cohort have in common.
type CohortKind string

const (
	CohortSilence   CohortKind = "silence"      // the time without a byte in either direction; Of are the ends like them
	CohortSilenceIn CohortKind = "silence-in"   // the time without a byte from the peer
	CohortUnheard   CohortKind = "silence-out"  // the time without a byte to the peer
	CohortData      CohortKind = "data-silence" // the time without a data frame, whatever pings passed
	CohortAge       CohortKind = "age"          // the time since they opened
	CohortMoment    CohortKind = "moment"       // when they ended; Of were open
	CohortSuspects  CohortKind = "suspects"     // when they were suspected; Of were open
	CohortTrait     CohortKind = "trait"        // a trait that is rarer among the open ones; Of are the abnormal ends of the same time
)

// Trait is something that connections share.
type Trait struct {
	Kind  TraitKind
	Value string
}

// TraitKind says what a Trait is.
type TraitKind string

const (
	TraitAddress TraitKind = "address"    // of the other end of the socket: a proxy's where there is one
	TraitBlock   TraitKind = "block"      // of client addresses: a /24, or a /64 of IPv6
	TraitPath    TraitKind = "path"       // template
	TraitAgent   TraitKind = "user-agent" // of the request
	TraitCode    TraitKind = "code"       // of the close frame, and by whom, as seen from the client, such as "1012 by app"; "none" without a frame
)

func (t Trait) String() string { return fmt.Sprintf("%s %s", t.Kind, t.Value) }

const (
	MaxCohorts = 64 // that are kept
	MaxTraits  = 5  // of a cohort
	MaxMembers = 32 // of a cohort that are listed
)
