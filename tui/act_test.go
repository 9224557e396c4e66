package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// disturbed is a ward with a fault on each connection that is open.
func disturbed(t *testing.T, w, h int) (*fake, *screen) {
	f := newFake(ward(20)...)
	for i := range f.snapshot.Connections {
		f.snapshot.Connections[i].Faults = &model.Faults{Freeze: true}
	}
	return f, newScreen(t, f, w, h)
}

// unharmed fails if anything was done.
func (f *fake) unharmed(t *testing.T) {
	t.Helper()
	if len(f.kicks)+len(f.orders) > 0 {
		t.Errorf("kicks %+v, faults %+v", f.kicks, f.orders)
	}
}

// An action on what has gone says so, on every page, and is never about others instead.
func TestActionsOnWhatIsGoneSaySo(t *testing.T) {
	for _, test := range map[string]struct {
		keys       []string
		kick, dist string
	}{
		"a closed row":      {[]string{"G"}, "nothing to kick: demo-0009 (c9) is gone already", "nothing to disturb: demo-0009 (c9) is gone already"},
		"its detail":        {[]string{"G", "enter", "enter"}, "nothing to kick: demo-0009 (c9) is gone already", "nothing to disturb: demo-0009 (c9) is gone already"},
		"its client":        {[]string{"2", "/", "demo-0009", "enter"}, "nothing to kick: demo-0009 (c9) is gone already", "nothing to disturb: demo-0009 (c9) is gone already"},
		"a forgotten one's": {[]string{"2", "/", "zoe", "enter"}, "zoe is away, and its last connection is forgotten", "zoe is away, and its last connection is forgotten"},
		"its event":         {[]string{"4", "/", "demo-0009", "enter"}, "nothing to kick: demo-0009 (c9) is gone already", "nothing to disturb: demo-0009 (c9) is gone already"},
		"a refusal":         {[]string{"4", "/", "refused", "enter"}, "this event is about no connection", "this event is about no connection"},
		"no row":            {[]string{"/", "!all", "enter"}, "no connection is selected", "no connection is selected"},
		"a frozen row":      {[]string{"p", "/", "demo-0003", "enter", "gone"}, "nothing to kick: demo-0003 (c3) is gone already", "nothing to disturb: demo-0003 (c3) is gone already"},
		"no list":           {[]string{"5"}, "no connection is selected", "no connection is selected"},
	} {
		for _, size := range []size{{80, 24}, {120, 30}, {200, 60}} {
			f, s := disturbed(t, size.w, size.h)
			s.events()
			for _, k := range test.keys {
				if k == "gone" {
					f.snapshot.Connections = removed(f.snapshot.Connections, 3)
					s.refresh()
					continue
				}
				s.press(k)
			}
			s.press("x").line(test.kick)
			s.press("t", "f").line(test.dist) // t says something else in between
			s.press("0", "t")
			s.lacks("Cancel")
			f.unharmed(t)
		}
	}
}

// Marks are not forgotten with what was marked: X would be about all otherwise.
func TestMarksOfWhatIsGoneAreNoMarkForAll(t *testing.T) {
	f, s := disturbed(t, 80, 24)
	marked := s.drawn()[:2]
	s.press("space", "space").line("2 marked")
	f.snapshot.Connections = slices.DeleteFunc(f.snapshot.Connections, func(c model.Connection) bool { return c.Client == marked[0] })
	s.refresh()
	s.line("2 marked, 1 gone")
	s.press("X").line("Kick 1 marked")
	s.press("esc")
	f.snapshot.Connections = slices.DeleteFunc(f.snapshot.Connections, func(c model.Connection) bool { return c.Client == marked[1] })
	s.refresh()
	for range 2 {
		s.press("t", "X").line("nothing to kick: 2 marked, gone by now: u unmarks")
		s.press("t", "f").line("nothing to disturb: 2 marked, gone by now: u unmarks")
		s.lacks("Cancel")
	}
	f.unharmed(t)
	s.press("u", "X").line("Kick all 17")
}

// In a detail that stands alone, X is about what is shown: one connection.
func TestKickAllInADetailIsAboutIt(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("enter", "X")
	s.line("Kick demo-0007 (c7)")
	s.press("esc", "f").line("Faults of demo-0007 (c7)")
	s.lacks("target")
	s.press("esc", "esc", "space", "enter", "X").line("Kick 1 marked")
}

// Keys may be faster than the rows: a row that the filter does not choose is not what x is about.
func TestKickIsNotAboutARowOfAnOlderFilter(t *testing.T) {
	for _, page := range []string{"1", "2"} {
		for _, key := range []string{"x", "f"} {
			f := newFake(ward(20)...)
			s := newScreen(t, f, 80, 24).press(page)
			for _, k := range []string{"/", "demo-0099", "enter", key} {
				s.app.Update(keyMsg(k))
			}
			s.lacks("Cancel")
		}
	}
}

// The faults of several are never ended without a question, and are ended without a number.
func TestEndingTheFaultsOfManyAsks(t *testing.T) {
	f, s := disturbed(t, 80, 24)
	s.press("f", "up", "right").line("Faults of all 19")
	s.press("0").line("enter ends the faults of all 19")
	f.unharmed(t)
	s.press("enter").line("ended the faults of all 19 (19 were there)")
	if len(f.orders) != 1 || !f.orders[0].Faults.None() {
		t.Errorf("orders %+v", f.orders)
	}
}

// What is typed after a mistake mends it, and presses no key: neither of the form nor of the page behind it.
func TestMistakeKeepsTheFocus(t *testing.T) {
	f, s := disturbed(t, 80, 24)
	s.press("f", "tab", "ctrl+u", "latency=fast", "enter").line("is not a fault")
	for _, r := range "0x" {
		s.press(string(r))
	}
	s.line("latency=fast0x")
	f.unharmed(t)
	s.press("ctrl+u", "latency=200ms", "enter", "enter").line("faults of demo-0007 (c7): latency=200ms")

	f, s = disturbed(t, 80, 24)
	s.press("X", "tab", "enter").line("to kick 19, type 19")
	s.press("18", "enter").line("to kick 19, type 19")
	s.press("backspace", "9", "enter", "tab", "enter").line("kicked all 19")
	if len(f.kicks) != 1 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

// Text that is typed while a button or a choice has the focus goes where text goes in that form, in one read or letter by
// letter, and nothing of it is a key of the page.
func TestTextOnAButtonIsText(t *testing.T) {
	for _, form := range []struct{ open, focus, shows string }{
		{"x", "", "xX0fR d1 tw/"}, {"x", "tab", "xX0fR d1 tw/"}, {"x", "tab tab", "xX0fR d1 tw/"},
		{"X", "", "xX0fR d1 tw/"}, {"f", "", "latency=200ms x0"}, {"f", "up", "latency=200ms x0"},
	} {
		for _, whole := range []bool{true, false} {
			f := newFake(ward(20)...)
			s := newScreen(t, f, 80, 24).press(form.open).press(strings.Fields(form.focus)...)
			if whole {
				s.press(form.shows)
			} else {
				for _, r := range form.shows {
					s.press(map[bool]string{true: "space", false: string(r)}[r == ' '])
				}
			}
			s.line(form.shows)
			s.line("Cancel")
			f.unharmed(t)
			if s.demos > 0 || len(f.refused) > 0 || s.app.styles.Theme.Name != "system" {
				t.Errorf("%+v: a key of the page was pressed", form)
			}
		}
	}
}

// Letters that come in one read with the one that closes a form are not keys of the page.
func TestRestOfAReadIsNotForThePage(t *testing.T) {
	f, s := disturbed(t, 80, 24)
	s.press("f", "0xX").line("no faults on demo-0007 (c7) now")
	s.lacks("Cancel")
	s.press("x", "qx").lacks("Cancel")
	if len(f.orders) != 1 || len(f.kicks) != 0 {
		t.Errorf("orders %+v, kicks %+v", f.orders, f.kicks)
	}
}

// The detail beside the list stays with its connection when the rows move, when it leaves the list and when it is
// forgotten. What is done meanwhile is about that connection. It goes on when the user moves the cursor, or asks for other rows.
func TestDetailBesideStaysWithItsConnection(t *testing.T) {
	for _, size := range []size{{120, 30}, {200, 60}} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, size.w, size.h).press("j", "enter") // at 200x60 it stands there already
		if size.w == 200 {
			s.press("esc")
		}
		const title = "─ demo-0004 (c4)"
		s.line(title)
		f.snapshot.Connections = removed(f.snapshot.Connections, 4)
		for range 2 {
			s.refresh()
			s.line(title)
			s.line("holter has forgotten it")
		}
		if s.hasCursor() {
			t.Error("the cursor is on another row")
		}
		s.press("x").line("nothing to kick: demo-0004 (c4) is gone already")
		s.press("f").line("nothing to disturb: demo-0004 (c4) is gone already")
		s.press("space").line("demo-0004 (c4) is gone")
		s.press("u", "v").lacks("range begins")
		s.line(title)
		s.press("enter").line(title)
		s.lacks("STATE▼")
		s.press("esc").line(title)
		f.unharmed(t)

		s.press("j").lacks(title)
		same(t, strings.Fields(s.line("▸"))[2], strings.Fields(s.line(" · generation"))[titleAt(s)])
		s.press("/", "demo-0012", "enter").line("─ demo-0012 (c12)")
		s.press("x").line("Kick demo-0012")
	}
}

// hasCursor reports whether the cursor is on a row that is seen.
func (s *screen) hasCursor() bool {
	return slices.ContainsFunc(strings.Split(s.text(), "\n"), func(line string) bool { return strings.HasPrefix(line, "▸") })
}

// titleAt is where the client stands in the title of the detail, behind what is left of it.
func titleAt(s *screen) int {
	for i, word := range strings.Fields(s.line(" · generation")) {
		if word == "·" {
			return i - 2
		}
	}
	return 0
}

// A connection that is back on the list has its cursor back.
func TestCursorIsBackWithItsRow(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 30).press("/", "state!=closed", "enter", "j", "enter")
	f.snapshot.Connections[3].State = model.Closed
	s.refresh()
	if s.hasCursor() {
		t.Error("the cursor is on another row")
	}
	f.snapshot.Connections[3].State = model.Suspect
	s.refresh()
	same(t, s.cursorRow(), "demo-0004")
}

// Following ends where what was followed has gone: the cursor would be on another one, with the name of the first beside it.
func TestFollowingEndsWithTheClient(t *testing.T) {
	for _, page := range []string{"1", "2"} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, 80, 24).press(page, "j", "F")
		name := strings.TrimSuffix(strings.Fields(s.line("following "))[1], ",")
		s.line("FOLLOW " + name)
		f.snapshot.Connections = slices.DeleteFunc(f.snapshot.Connections, func(c model.Connection) bool { return c.Client == name })
		f.snapshot.Clients = slices.DeleteFunc(f.snapshot.Clients, func(c model.Client) bool { return c.ID == name })
		s.refresh()
		s.lacks("FOLLOW")
		s.line("no longer following")
	}
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("2", "F")
	s.click(15, 7)
	s.lacks("FOLLOW")
}

// Dialogs hold on to what they were opened for, in terminals of any size.
func TestDialogsKeepTheirConnectionWhileResized(t *testing.T) {
	for _, key := range []string{"x", "f"} {
		s := newScreen(t, newFake(ward(20)...), 120, 30).press(key)
		for i := range 40 {
			w, h := 20+i*10, 5+i*3
			s.send(tea.WindowSizeMsg{Width: w, Height: h})
			s.refresh()
			checkSize(t, s.app.View(), w, h)
		}
		s.line("demo-0007 (c7)")
	}
}
