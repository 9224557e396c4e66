// Package drill disturbs the clients of a running holter on purpose, watches them come back, and compares that
// with what the drill expects.
//
// A Drill is a script, read from YAML by Parse or Open: steps at given times, and expectations. Drill.Run performs
// it on a Target, which in practice is the admin API of a holter in another process. One goroutine performs the
// steps and polls snapshots, and a second one reads events. Both end before Run returns. The Report holds the
// figures of the recovery and a Check for each expectation; it can be written as text, JSON or JUnit XML.
//
// A drill ends every refusal and fault that it has begun, also if it fails or is interrupted. It does not undo
// kicks, and it connects no clients of its own. Command is its command line.
package drill

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holter/model"
)

// Drill is a list of disturbances, and what is expected of the clients after them.
type Drill struct {
	Name   string
	About  string
	Steps  []Step // in the order of At; none if all that is expected holds without any
	Expect []Expectation
	// Stay is how long a connection must last so that its client is back.
	Stay time.Duration
	// Watch is the longest time to wait, after the last disturbance is over, until all clients are back.
	Watch   time.Duration
	watches bool // Watch is what the file says
}

// watchesOnly reports whether all that the drill expects can be told without a step.
func (d *Drill) watchesOnly() bool {
	return len(d.Expect) > 0 && !slices.ContainsFunc(d.Expect, func(e Expectation) bool { return !subjects[e.Parts[0].Subject].restful })
}

// end returns when the last disturbance is over, from the start of the drill.
func (d *Drill) end() (end time.Duration) {
	for i := range d.Steps {
		end = max(end, d.Steps[i].end())
	}
	return end
}

// drains reports whether a step closes connections over a time.
func (d *Drill) drains() bool {
	return slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Kick.Over > 0 })
}

// Step is one disturbance.
type Step struct {
	At        time.Duration // from the start of the drill
	Kind      Kind
	Selection string        // a filter; for kicks and faults
	Share     float64       // of the selected connections, chosen at random; above 0, up to 1
	For       time.Duration // how long a refusal or a fault lasts

	Kick   model.Kick   // how to end connections, for a kick
	Faults model.Faults // for a fault
}

// Kind is what a step does.
type Kind string

const (
	Kick   Kind = "kick"   // end connections
	Refuse Kind = "refuse" // refuse upgrades
	Fault  Kind = "fault"  // put faults on connections
)

// end returns when the step is over, from the start of the drill.
func (s *Step) end() time.Duration { return s.At + s.For + s.Kick.Over }

// String describes the step in a few words, such as "kick all with 1012".
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
