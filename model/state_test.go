package model

import "testing"

// The whole state machine: every state with every trigger.
func TestEveryStateAndTrigger(t *testing.T) {
	states := []State{Normal, Suspect, Failed, Closed, Away, Flapping, Unknown}
	triggers := []Trigger{BeatMissed, ProbesMissed, ByteIn, NothingTaken, Taken, Reaped, Ended}
	want := [][]State{
		Normal:   {Suspect, Normal, Normal, Suspect, Normal, Normal, Closed},
		Suspect:  {Suspect, Failed, Normal, Suspect, Normal, Suspect, Closed},
		Failed:   {Failed, Failed, Normal, Failed, Failed, Failed, Closed},
		Closed:   {Closed, Closed, Closed, Closed, Closed, Closed, Closed},
		Away:     {Away, Away, Away, Away, Away, Away, Away}, // states of a client, not of a connection: no trigger changes them
		Flapping: {Flapping, Flapping, Flapping, Flapping, Flapping, Flapping, Flapping},
		Unknown:  {Suspect, Unknown, Normal, Unknown, Unknown, Unknown, Closed}, // a service before its first answer
	}
	if len(states) != len(StateNames) || len(triggers) != len(triggerNames) {
		t.Fatal("a state or a trigger is missing in this test")
	}
	for _, from := range states {
		for i, trigger := range triggers {
			to, changed := from.Next(trigger)
			if to != want[from][i] || changed != (to != from) {
				t.Errorf("%v, %v: %v (changed %v), want %v", from, trigger, to, changed, want[from][i])
			}
		}
	}
}

func TestStateNames(t *testing.T) {
	for s := Normal; s <= Unknown; s++ {
		if got, err := ParseState(s.String()); err != nil || got != s {
			t.Errorf("%v is read back as %v, %v", s, got, err)
		}
	}
	if _, err := ParseState("dead"); err == nil {
		t.Error("dead is a state")
	}
	if got := State(9).String(); got != "state(9)" {
		t.Errorf("an unknown state is %q", got)
	}
}
