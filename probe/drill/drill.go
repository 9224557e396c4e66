// Package drill disturbs the clients of a running holter on purpose, watches them come back, and judges
// whether they did so as they should.
package drill

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
)

// Drill is a script of disturbances, and what is expected of the clients.
type Drill struct {
	Name   string
	About  string
	Steps  []Step // at least one, in the order of At
	Expect []Expectation
	// Watch bounds how long the recovery is watched after the last disturbance is over.
	Watch time.Duration
}

// end is when the last disturbance is over.
func (d *Drill) end() (end time.Duration) {
	for i := range d.Steps {
		end = max(end, d.Steps[i].end())
	}
	return end
}

// Step is one disturbance.
type Step struct {
	At        time.Duration // from the start of the drill
	Kind      Kind
	Selection string        // in the filter language; of a kick or a fault
	Share     float64       // of those, above 0 up to 1, by chance
	For       time.Duration // how long a refusal or a fault lasts

	Kick   model.Kick   // of a kick: how
	Faults model.Faults // of a fault
}

// Kind is what a step does.
type Kind string

const (
	Kick   Kind = "kick"   // end connections
	Refuse Kind = "refuse" // turn upgrades away
	Fault  Kind = "fault"  // disturb connections that stay
)

// end is when the step is over.
func (s *Step) end() time.Duration { return s.At + s.For + s.Kick.Over }

// String says what the step does.
func (s *Step) String() string {
	var b strings.Builder
	switch s.Kind {
	case Refuse:
		fmt.Fprintf(&b, "refuse upgrades for %s", s.For)
		return b.String()
	case Kick:
		b.WriteString("kick ")
	case Fault:
		fmt.Fprintf(&b, "put %s on ", &s.Faults)
	}
	if s.Share < 1 {
		fmt.Fprintf(&b, "%.4g %% of ", 100*s.Share)
	}
	b.WriteString(s.Selection)
	switch {
	case s.For > 0:
		fmt.Fprintf(&b, " for %s", s.For)
	case s.Kick.Reset:
		b.WriteString(" with a reset")
	case s.Kick.Code != 0:
		fmt.Fprintf(&b, " with %d", s.Kick.Code)
	}
	if s.Kick.Over > 0 {
		fmt.Fprintf(&b, " over %s", s.Kick.Over)
	}
	return b.String()
}
