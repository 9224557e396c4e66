package tui

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// wide is the size from which the detail stands beside the list by itself.
var wide = size{200, 60}

func TestDetailStandsBesideAWideList(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), wide.w, wide.h)
	s.line("│ ─ demo-0007 (c7) · generation 1")
	s.line("▸✖ failed  demo-0007")
	s.press("j").line("│ ─ demo-0023 (c23)")
	s.press("space").line("│ ─ demo-0039 (c39)") // goes a row on
	s.press("u", "n").line("│ ─ demo-0055 (c55)")
	s.click(20, 30)
	s.lacks("─ demo-0055")
	s.press("g", "enter").line("demo-0007 (c7) · generation 1")
	s.lacks("│ ─ demo-0007") // it has the page to itself
	s.press("esc").line("│ ─ demo-0007")
	s.press("/", "demo-0012", "enter").line("│ ─ demo-0012")
	s.press("esc").line(" 22/100 ")
	s.line("│ ─ demo-0012") // its row is on the list still
	s.press("esc").lacks("│ ─")
	s.press("j").lacks("│ ─")
	s.refresh()
	s.lacks("│ ─")
	s.press("enter").line("│ ─ demo-")
	s.press("esc").lacks("│ ─")
}

func TestDetailComesAndGoesWithTheRoom(t *testing.T) {
	resize := func(s *screen, to size) { s.send(tea.WindowSizeMsg{Width: to.w, Height: to.h}) }
	s := newScreen(t, newFake(ward(100)...), 120, 36)
	s.lacks("round trips")
	resize(s, wide)
	s.refresh()
	s.line("│ ─ demo-0007")
	for _, small := range []size{{120, 36}, {80, 24}} {
		resize(s, small)
		s.lacks("round trips") // nobody has opened it
		s.line("STATE▼")
		resize(s, wide)
		s.refresh()
		s.line("round trips")
	}
	s.press("enter")
	resize(s, size{80, 24})
	s.line("round trips") // it was opened
	newScreen(t, newFake(), wide.w, wide.h).line("no connection is selected")
}

func TestWheelScrollsWhatItIsOver(t *testing.T) {
	for _, where := range []struct {
		size
		keys []string
		x, y int // over the detail
	}{{wide, nil, 150, 30}, {size{120, 36}, []string{"enter"}, 60, 30}} {
		s := newScreen(t, newFake(ward(100)...), where.w, where.h).press(where.keys...)
		s.line("─ demo-0007")
		s.lacks("↑ 3")
		s.send(tea.MouseMsg{X: where.x, Y: where.y, Action: tea.MouseActionPress, Button: tea.MouseButtonWheelDown})
		s.line("↑ 3")
		same(t, s.cursorRow(), "demo-0007")
		s.send(tea.MouseMsg{X: 20, Y: where.h/2 - 2, Action: tea.MouseActionPress, Button: tea.MouseButtonWheelDown})
		same(t, s.cursorRow(), "demo-0055")
	}
}

// TestDetailStaysUntilTheCursorMoves lets worse connections come in above.
func TestDetailStaysUntilTheCursorMoves(t *testing.T) {
	f := newFake(ward(100)...)
	s := newScreen(t, f, wide.w, wide.h)
	for i := range 5 {
		f.snapshot.Connections[i].State = model.Failed
	}
	s.refresh()
	s.line("│ ─ demo-0007")
	same(t, s.cursorRow(), "demo-0007")
	s.press("g").line("│ ─ demo-0001")
	s.press("s", "c").line("│ ─ demo-0001")
	s.press("S").line("│ ─ demo-0100") // an order shows its top
}

// TestTroubleIsShownUntilTheUserPicks is about a wide screen that nobody has touched.
func TestTroubleIsShownUntilTheUserPicks(t *testing.T) {
	well := ward(3)
	f := newFake(well...)
	s := newScreen(t, f, wide.w, wide.h)
	s.line("│ ─ demo-0001 (c1)")
	f.snapshot.Connections[2].State = model.Suspect
	s.refresh()
	s.line("│ ─ demo-0003 (c3)")
	s.line("demo-0003 (c3) is suspect: shown until you move the cursor")
	f.snapshot.Connections[1].State = model.Failed
	s.refresh()
	s.line("│ ─ demo-0003 (c3)") // it is in trouble still
	f.snapshot.Connections[2].State = model.Failed
	s.refresh()
	s.lacks("is suspect: shown")
	s.line("demo-0003 (c3) is failed: shown until you move the cursor")
	s.press("j").lacks("shown until you move the cursor")
	s.press("G").line("│ ─ demo-0001 (c1)")
	s.refresh()
	s.line("│ ─ demo-0001 (c1)")
}

// TestDetailThatLeftAloneComesBackBeside opens and closes it where it has no room beside the list, and then makes room.
func TestDetailThatLeftAloneComesBackBeside(t *testing.T) {
	for _, from := range []size{{80, 24}, wide} { // the detail has not stood there yet, or it has
		s := newScreen(t, newFake(ward(100)...), from.w, from.h)
		s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		s.press("space", "enter").line("round trips")
		s.press("esc").lacks("round trips")
		s.line("1 marked")
		s.send(tea.WindowSizeMsg{Width: wide.w, Height: wide.h})
		s.refresh()
		s.line("round trips")
		s.line("STATE")
		s.press("u", "esc").lacks("round trips")
		s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		s.press("enter", "esc")
		s.send(tea.WindowSizeMsg{Width: wide.w, Height: wide.h})
		s.refresh()
		s.lacks("round trips") // it was closed there
	}
}

// TestDetailIsNeverOlderThanItsRow has a picture come in that knows more of the connection than the newest answer about it.
func TestDetailIsNeverOlderThanItsRow(t *testing.T) {
	for _, at := range []size{wide, {120, 36}} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, at.w, at.h).press("n", "n", "enter")
		s.line("◐ suspect for ")
		old, _ := f.Detail(context.Background(), s.app.page().(*connections).opened())
		ill := &f.snapshot.Connections[old.ID-1]
		ill.State, ill.Since, ill.Diagnosis.Cause = model.Failed, noon.Add(-time.Second), model.CausePathDown
		msg := s.app.refresh(0)().(refreshed)
		msg.detail = nil // it was asked for another one
		s.send(msg)
		s.line("✖ failed for 1.0s")
		s.lacks("◐ suspect for ")
		s.send(inspected{id: old.ID, detail: old})
		s.line("✖ failed for 1.0s")
		s.lacks("◐ suspect for ")

		ill.State, ill.Since = model.Suspect, noon.Add(-500*time.Millisecond)
		now, _ := f.Detail(context.Background(), old.ID)
		s.send(inspected{id: old.ID, detail: now}) // it is newer than the picture
		s.line("◐ suspect for 0.5s")
	}
}

// TestDialogTakesBackWhatWasSaid before, which is not about it.
func TestDialogTakesBackWhatWasSaid(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("G", "f")
	s.line("nothing to disturb")
	for _, keys := range [][]string{{"g", "x"}, {"s"}, {"w"}, {"/"}, {"?"}, {"R"}} {
		s.press("esc", "G", "f").line("nothing to disturb")
		s.press(keys...).lacks("nothing to disturb")
	}
}

// TestLongNameIsReadWhole is about a name that no line has room for.
func TestLongNameIsReadWhole(t *testing.T) {
	for _, name := range []string{strings.Repeat("forklift-12.", 10), strings.Repeat("漢字", 680), strings.Repeat("é", 2000)} {
		conns := ward(2)
		conns[0].Client = name
		s := newScreen(t, newFake(conns...), 80, 200).press("s", "g", "S", "enter")
		_, read, _ := strings.Cut(s.text(), "\n client ")
		read, _, _ = strings.Cut(read, "\n remote ")
		if read = strings.Join(strings.Fields(read), ""); read != name {
			t.Errorf("of %q only %q can be read", name, read)
		}
		s.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		s.press("G").line(" more") // it is scrolled through
		s.press("esc", "y").line("n name of the client")
		s.press("n")
		if want := base64.StdEncoding.EncodeToString([]byte(name)); !strings.Contains(s.out.String(), want) {
			t.Errorf("copied %q", s.out.String())
		}
	}
}

// TestWidePagesAreFull is about what stands in the right half of a wide screen.
func TestWidePagesAreFull(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), wide.w, wide.h)
	for range 3 {
		s.events()
	}
	right := func(part string) {
		t.Helper()
		l := s.line(part)
		if before, _, _ := strings.Cut(l, part); len([]rune(before)) < wide.w/2 {
			t.Errorf("%q is on the left of %q", part, l)
		}
	}
	right("12:00:00 ○ demo-0009 (c9) closed") // below the list
	s.press("4")
	right("acknowledged by the peer")
	s.press("5")
	right("This holter")
}
