package tui

import (
	"testing"

	"holter/model"
)

// troubled is a ward in which four are failed, and its screen with these listed.
func troubled(t *testing.T) (*fake, *screen) {
	f := newFake(ward(20)...)
	for i := range f.snapshot.Connections {
		f.snapshot.Connections[i].State = model.Normal
		if i < 4 {
			f.snapshot.Connections[i].State = model.Failed
		}
	}
	return f, newScreen(t, f, 120, 30).press("/", "state=failed", "enter")
}

// A connection that recovers while the dialog is open no longer matches what was asked for.
func TestKickAllAsksTheFilterAgain(t *testing.T) {
	f, s := troubled(t)
	s.press("X").line("Kick 4 that match state=failed")
	s.line("live: 4 of 4 match now")
	f.snapshot.Connections[2].State = model.Normal
	f.snapshot.Connections[9].State = model.Failed // not there when the dialog opened
	s.refresh()
	s.line("live: 3 of 4 match now")
	s.press("tab", "enter").line("kicked 3 of 4 that match state=failed: 1001 going away; the others are gone or no longer match")
	if len(f.kicks) != 1 || len(f.kicks[0].IDs) != 3 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestKickAllWhenNoneMatchesAnyMore(t *testing.T) {
	f, s := troubled(t)
	s.press("X")
	for i := range 4 {
		f.snapshot.Connections[i].State = model.Normal
	}
	s.refresh()
	s.press("tab", "enter").line("none of them matches any more")
	if len(f.kicks) != 0 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestFaultsAskTheFilterAgain(t *testing.T) {
	f, s := troubled(t)
	s.press("f", "up", "right").line("Faults of 4 that match state=failed")
	f.snapshot.Connections[2].State = model.Normal
	s.refresh()
	s.line("live: 3 of 4 match now")
	s.press("tab", "tab", "freeze", "tab", "tab", "enter")
	if len(f.orders) != 1 || len(f.orders[0].IDs) != 3 {
		t.Errorf("orders %+v", f.orders)
	}
}

// Keys may be faster than the rows that they ask for: until those come, what is listed is the choice of the filter
// before, which may have been none.
func TestKickAllIsNotAboutTheRowsOfAnOlderFilter(t *testing.T) {
	for _, page := range []string{"1", "2"} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, 80, 24).press(page)
		for _, k := range []string{"/", "demo-0003", "enter", "X"} {
			s.app.Update(keyMsg(k)) // and nothing comes of its command so far
		}
		s.line("Kick 1 that match demo-0003")
		for _, k := range []string{"esc", "/", "ctrl+u", "!all", "enter", "X"} {
			s.app.Update(keyMsg(k))
		}
		s.line("nothing to kick: no open connection matches !all")
	}
}
