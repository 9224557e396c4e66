package model

import "fmt"

// State is what holter believes of a connection or of a client. The zero value is Normal.
type State uint8

// A connection is Normal, Suspect, Failed or Closed. Only a client can be Away: it has no connection. Only a client can
// be Flapping: it comes back again and again, and its connections are closed again within Stay. Unknown is a service
// that has not answered yet, and what a holter of another version says in a word that is not known here.
const (
	Normal State = iota
	Suspect
	Failed
	Closed
	Away
	Flapping
	Unknown
)

var StateNames = [...]string{"normal", "suspect", "failed", "closed", "away", "flapping", "unknown"}

func (s State) String() string {
	if int(s) < len(StateNames) {
		return StateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// ParseState is the inverse of State.String.
func ParseState(name string) (State, error) {
	for i, n := range StateNames {
		if n == name {
			return State(i), nil
		}
	}
	return 0, fmt.Errorf("unknown state %q: one of normal, suspect, failed, closed, away, flapping", name)
}

// Trouble reports whether s is a state that a user should look at.
func (s State) Trouble() bool { return s == Suspect || s == Failed || s == Flapping }

// Trigger is what moves a connection from one state to another.
type Trigger uint8

const (
	BeatMissed   Trigger = iota // a beat was not answered within the timeout, and no byte came in
	ProbesMissed                // neither was any of the probes
	ByteIn                      // the peer sent anything at all
	NothingTaken                // the peer took nothing of what waits for it, for its timeout
	Taken                       // it takes what waits again
	Reaped                      // holter closed the socket because the connection had failed
	Ended                       // any other end: close frame, end of stream, reset, kick
)

var triggerNames = [...]string{"beat missed", "probes missed", "byte in", "nothing taken", "taken again", "reaped", "ended"}

func (t Trigger) String() string {
	if int(t) < len(triggerNames) {
		return triggerNames[t]
	}
	return fmt.Sprintf("trigger(%d)", uint8(t))
}

// transitions is the whole state machine. A trigger that is not in it changes nothing. A closed connection stays
// closed: its client comes back with another one, of the next generation.
var transitions = map[State]map[Trigger]State{
	Normal:  {BeatMissed: Suspect, NothingTaken: Suspect, Ended: Closed},
	Suspect: {ByteIn: Normal, Taken: Normal, ProbesMissed: Failed, Ended: Closed},
	Failed:  {ByteIn: Normal, Reaped: Failed, Ended: Closed},
	Closed:  {},
	Unknown: {ByteIn: Normal, BeatMissed: Suspect, Ended: Closed}, // a service before its first answer
}

// Next returns the state after t, and whether that is a different one.
func (s State) Next(t Trigger) (State, bool) {
	to, ok := transitions[s][t]
	if !ok {
		return s, false
	}
	return to, to != s
}
