package model

import (
	"fmt"
	"testing"
)

// The parsers read what String writes, and nothing else.
func TestNamesAreReadAgain(t *testing.T) {
	for i := range CloserNames {
		readAgain(t, Closer(i), ParseCloser)
	}
	for i := range SideNames {
		readAgain(t, Side(i), ParseSide)
	}
	for i := range StateNames {
		readAgain(t, State(i), ParseState)
	}
	for i := range UrgencyNames {
		readAgain(t, Urgency(i), ParseUrgency)
	}
	for _, id := range []ID{1, 17, 1<<64 - 1} {
		readAgain(t, id, ParseID)
	}
	for _, text := range []string{"", "c", "c0", "c-1", "17", "C17", "c1.5", "c99999999999999999999"} {
		if id, err := ParseID(text); err == nil {
			t.Errorf("%q is read as %s", text, id)
		}
	}
	for _, text := range []fmt.Stringer{Closer(99), Side(99), State(99), Trigger(99), Urgency(99)} {
		if s := text.String(); s == "" || s == "peer" {
			t.Errorf("an unknown value is written as %q", s)
		}
	}
}

func readAgain[T interface {
	comparable
	fmt.Stringer
}](t *testing.T, want T, parse func(string) (T, error)) {
	t.Helper()
	if got, err := parse(want.String()); err != nil || got != want {
		t.Errorf("%s is read as %v, %v", want, got, err)
	}
	if _, err := parse(want.String() + "?"); err == nil {
		t.Errorf("%s? is read as well", want)
	}
}

func TestFaultKinds(t *testing.T) {
	f, err := ParseFaults("latency=10ms freeze")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, kind := range FaultKinds() {
		known[kind] = true
	}
	if kinds := f.Kinds(); len(kinds) != 2 || !known[kinds[0]] || !known[kinds[1]] {
		t.Errorf("%v of %v", kinds, FaultKinds())
	}
	if kinds := (*Faults)(nil).Kinds(); kinds != nil {
		t.Errorf("no faults have the kinds %v", kinds)
	}
}
