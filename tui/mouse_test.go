package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
)

// clickOn clicks on a text that is on the screen, in the middle of its first line.
func (s *screen) clickOn(text string) *screen {
	s.t.Helper()
	for y, line := range strings.Split(s.text(), "\n") {
		if before, _, found := strings.Cut(line, text); found {
			s.click(look.Width(before)+look.Width(text)/2, y)
			return s
		}
	}
	s.t.Fatalf("no %q on the screen:\n%s", text, s.text())
	return s
}

// later lets time pass for the clock of the screen.
func (s *screen) later(d time.Duration) *screen {
	now := s.app.clock().Add(d)
	s.app.clock = func() time.Time { return now }
	return s
}

func TestDoubleClickOpens(t *testing.T) {
	for _, test := range []struct {
		page, row, opened string
		size              size
	}{
		{"1", "demo-0004", "demo-0004 (c4) · generation", size{80, 24}},
		{"1", "demo-0004", "─ demo-0004 (c4)", size{120, 30}},
		{"2", "demo-0004", "demo-0004 (c4) · generation", size{80, 24}},
		{"4", "demo-0004", "demo-0004 (c4) · generation", size{80, 24}},
		{"6", "demo-0004", "demo-0004 (c4) · generation", size{80, 24}},
		{"6", "demo-0004", "demo-0004 (c4) · generation", size{200, 60}},
	} {
		f := newFake(ward(20)...)
		opened := func(between func(s *screen)) bool {
			s := newScreen(t, f, test.size.w, test.size.h)
			s.events()
			s.press(test.page).clickOn(test.row)
			s.lacks(test.opened)
			between(s)
			return strings.Contains(s.clickOn(test.row).text(), test.opened)
		}
		if !opened(func(*screen) {}) {
			t.Errorf("%+v: the second click does not open it", test)
		}
		if opened(func(s *screen) { s.later(doubleClick + 1) }) {
			t.Errorf("%+v: a second click that comes late opens it", test)
		}
		if opened(func(s *screen) { s.clickOn("demo-0003") }) {
			t.Errorf("%+v: a click after one elsewhere opens it", test)
		}
	}
	s := newScreen(t, newFake(ward(20)...), 200, 60).clickOn("demo-0004")
	s.line("STATE▼")
	s.line("─ demo-0004 (c4)") // it stands there, and opens alone
	s.clickOn("suspect demo-0004").lacks("STATE▼")
}

// A row that has slid under the mouse since the first click is not opened by the second.
func TestDoubleClickIsOnOneRow(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24)
	s.click(20, 5)
	f.snapshot.Connections[0].State = model.Failed // comes in above
	s.refresh()
	s.click(20, 5)
	s.lacks("round trips")
	s.click(20, 5)
	s.line("round trips")

	s = newScreen(t, f, 80, 24)
	for range 3 { // titles and what is below the rows open nothing
		s.click(15, 2)
		s.click(15, 23-footerHeight)
	}
	s.lacks("round trips")
}

func TestDoubleClickListsThePolicyOfAStorm(t *testing.T) {
	s := stormy(t, 120, 40)
	line := s.line("CLIENTS LIKE")
	y := 0
	for i, l := range strings.Split(s.text(), "\n") {
		if l == line {
			y = i
		}
	}
	s.click(20, y+2)
	s.click(20, y+2)
	s.line(`ua=phoenix.js path=/socket`)
}

// A click on what the footer names is the key, on every page, in every dialog and at every size.
func TestFooterCanBeClicked(t *testing.T) {
	walks := [][]string{
		nil, {"2"}, {"3"}, {"4"}, {"5"}, {"6"}, {"enter"}, {"enter", "enter"}, {"space"}, {"/"}, {"/", "demo"}, {"/", "rtt>"}, {"?"}, {"?", "/"},
		{"?", "/", "mark", "enter"}, {"x"}, {"X"}, {"f"}, {"c"}, {"s"}, {"2", "s"}, {"w"}, {"y"}, {"R"}, {"p", "F", "P"}, {"q"},
	}
	for _, size := range []size{{60, 15}, {120, 30}} {
		for _, walk := range walks {
			opened := func() *screen {
				t.Chdir(t.TempDir()) // where w writes to
				s := newScreen(t, newFake(ward(20)...), size.w, size.h)
				s.app.foreign = func(*model.Connection) bool { return slices.Equal(walk, []string{"q"}) }
				s.events()
				s.press(walk...).text()
				return s
			}
			for line, hints := range opened().app.hints() {
				before := ""
				for x := range size.w {
					msg, ok := hints.At(x)
					if !ok || msg.String() == before {
						continue
					}
					before = msg.String()
					clicked := opened()
					clicked.click(x, size.h-footerHeight+line)
					pressed := opened()
					pressed.send(msg)
					if got, want := clicked.text(), pressed.text(); got != want {
						t.Errorf("%v, %s: a click shows\n%s\nthe key shows\n%s", walk, msg, got, want)
					}
				}
			}
		}
	}
}

// Each hint is where it is drawn.
func TestHintsAreWhereTheyAreDrawn(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 30)
	for text, want := range map[string]string{"x kick": "Kick demo-0007", "f faults": "Faults of demo-0007", "? help": "Here: connections", "s sort": "sort by", "/ filter": "enter keep"} {
		s.clickOn(text).line(want)
		s.press("esc")
	}
	s.clickOn("s sort").clickOn("r rtt").line("RTT▼")
	s.clickOn("q quit")
	if !s.quits("q") {
		t.Error("q does not quit")
	}
}

func TestKickByMouse(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).clickOn("x kick")
	s.clickOn("reason").press("bye").line("bye")
	s.clickOn("code").line("1001 going away")
	s.clickOn("→").line("1000 normal closure")
	s.clickOn("←").clickOn("going away").line("1000 normal closure")
	s.clickOn("instead of").line("[x] instead")
	s.clickOn("instead of").line("[ ] instead")
	s.clickOn("Kick demo").clickOn("live: ").line("Cancel") // text that is nothing to click on
	f.unharmed(t)
	s.clickOn("    Kick").line("kicked demo-0007 (c7): 1000 bye")
	s.refresh()
	s.press("G").clickOn("x kick").line("is gone already")
	if len(f.kicks) != 1 || f.kicks[0].Reason != "bye" || f.kicks[0].Code != 1000 {
		t.Errorf("kicks %+v", f.kicks)
	}
	s.press("g").clickOn("x kick").clickOn("Cancel").lacks("Cancel")
}

func TestFaultsByMouse(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).clickOn("f faults").clickOn("→")
	s.line("far away")
	s.clickOn("latency=200").press("ctrl+u", "x").line("there is no fault")
	s.clickOn("Set").line("▸ faults")
	s.press("backspace", "freeze").clickOn("Set").line("faults of demo-0007 (c7): freeze")
}

// What a form needs is seen and can be clicked in the least terminal, also below a long mistake.
func TestFormsFitTheLeastTerminal(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, leastWidth, leastHeight).press("f", "up", "right", "tab", "tab", "ctrl+u", "slowly")
	s.line("Faults of all 19")
	s.line("there is no fault")
	s.press("ctrl+u", "freeze").clickOn("to disturb").press("19").clickOn("Set").line("faults of all 19: freeze")
}

func TestColumnsByMouse(t *testing.T) {
	for _, size := range []size{{60, 15}, {80, 24}, {120, 30}} {
		s := newScreen(t, newFake(ward(20)...), size.w, size.h).press("c").clickOn("] remote")
		s.line("[x] remote")
		s.clickOn("] remote").line("[ ] remote")
	}
}

func TestLeavingByMouse(t *testing.T) {
	_, s := hosting(t)
	s.press("q").clickOn("Cancel").lacks("Quit holter?")
	s.clickOn("q quit").line("Quit holter?")
	s.clickOn("Quit holter").line("Quit holter?")
	quit := s.line("  Quit ")
	y := 0
	for i, l := range strings.Split(s.text(), "\n") {
		if l == quit {
			y = i
		}
	}
	x := look.Width(quit[:strings.Index(quit, "  Quit ")]) + 3
	at := tea.MouseMsg{X: x, Y: y, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft}
	s.send(at)
	at.Action = tea.MouseActionRelease
	_, cmd := s.app.Update(at)
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("a click on Quit does not quit")
	}
}

// A click outside a dialog does nothing to it or behind it, but that it leaves a menu.
func TestClicksBesideADialogDoNothing(t *testing.T) {
	for _, open := range []string{"x", "X", "f", "c", "?", "/"} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, 80, 24).press(open)
		before := s.text()
		for y := range 24 - footerHeight {
			for _, x := range []int{0, 3, 79} {
				s.click(x, y)
				s.click(x, y)
			}
		}
		f.unharmed(t)
		same(t, s.text(), before)
	}
	for _, menu := range []string{"s", "w", "y", "R"} {
		for y := range 24 - footerHeight {
			s := newScreen(t, newFake(ward(20)...), 80, 24)
			before := s.text()
			s.press(menu).click(3, y)
			same(t, s.text(), before)
		}
	}
}
