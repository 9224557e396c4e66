package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// monitors are the clients of the monitors that are drawn, the first line from the left and then the others.
func (s *screen) monitors() []string {
	var names []string
	for _, l := range strings.Split(s.text(), "\n") {
		for _, word := range strings.Fields(l) {
			if strings.HasPrefix(word, "demo-") {
				names = append(names, word)
			}
		}
	}
	return names
}

func demo(ids ...int) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = fmt.Sprintf("demo-%04d", id)
	}
	return names
}

func (s *screen) shows(ids ...int) {
	s.t.Helper()
	if got := s.monitors(); !slices.Equal(got, demo(ids...)) {
		s.t.Errorf("monitors %v, want %v", got, ids)
	}
}

func TestWardGoldens(t *testing.T) {
	for _, test := range []struct {
		name   string
		conns  int
		w, h   int
		getenv func(string) string
		keys   []string
	}{
		{"120x36", 200, 120, 36, utf8Locale, nil},
		{"60x15", 20, 60, 15, utf8Locale, nil},
		{"few", 3, 120, 36, utf8Locale, nil},
		{"far", 200, 80, 24, utf8Locale, []string{"-", "-"}},
		{"near", 200, 80, 24, utf8Locale, []string{"+", "+"}},
		{"closed", 200, 80, 24, utf8Locale, []string{"/", "state=closed", "enter"}},
		{"ascii-120x36", 200, 120, 36, asciiTerminal, nil},
		{"nobody", 0, 80, 24, utf8Locale, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScreenWith(t, newFake(ward(test.conns)...), test.w, test.h, test.getenv, false)
			golden.RequireEqual(t, []byte(s.press("6").press(test.keys...).text()))
		})
	}
}

// TestWardColours draws the ward in all themes, with a marked monitor, one in trouble under the cursor, and one that is well.
func TestWardColours(t *testing.T) {
	for i, theme := range look.Themes {
		t.Run(theme.Name, func(t *testing.T) {
			s := newScreen(t, newFake(ward(20)...), 80, 24)
			for range i {
				s.press("t")
			}
			golden.RequireEqual(t, []byte(s.press("6", "space").app.View()))
		})
	}
	t.Run(look.Colourless.Name, func(t *testing.T) {
		s := newScreenWith(t, newFake(ward(20)...), 80, 24, withoutColour, false)
		golden.RequireEqual(t, []byte(s.press("6", "space").app.View()))
	})
}

func TestWardShowsTheWorstFirst(t *testing.T) {
	conns := ward(20)
	conns[10].Beats[11] = model.MissedBeat // too long ago
	conns[11].Beats[12] = model.MissedBeat // shaky
	conns[15].Beats[23] = model.MissedBeat // mute
	conns[8].State = model.Failed
	f := newFake(conns...)
	s := newScreen(t, f, 120, 30).press("6")
	s.shows(7, 4, 20, 9, 16, 12, 1, 2, 3, 5, 6, 8, 10, 11, 13, 14)
	s.line("worst first")
	s.line("↓ 4 more")

	f.snapshot.Connections[0].State = model.Suspect // comes in by its id, all others keep their order
	s.refresh()
	s.shows(7, 1, 4, 20, 9, 16, 12, 2, 3, 5, 6, 8, 10, 11, 13, 14)

	f.snapshot.Clients[8].Connection = 99 // the lost client is back
	s.refresh()
	s.shows(7, 1, 4, 20, 16, 12, 2, 3, 5, 6, 8, 10, 11, 13, 14, 15)
	f.snapshot.Clients[8].Connection = 0
	f.snapshot.Connections[8].Close.At = noon.Add(-lingers - time.Second) // or it is too long ago
	s.refresh()
	s.shows(7, 1, 4, 20, 16, 12, 2, 3, 5, 6, 8, 10, 11, 13, 14, 15)

	f.snapshot.Connections[8].Close.At = noon.Add(-time.Second)
	f.snapshot.Clients[8].Generation++ // or it came back since, and was then lost again
	s.refresh()
	s.shows(7, 1, 4, 20, 16, 12, 2, 3, 5, 6, 8, 10, 11, 13, 14, 15)

	s.press("S").line("best first")
	s.shows(2, 3, 5, 6, 8, 10, 11, 13, 14, 15, 17, 18, 19, 12, 16, 1)
	s.press("s", "c").line("by client▲")
	s.shows(1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17) // the closed one fills what room is left
	s.press("G")
	if got := s.monitors(); got[len(got)-1] != "demo-0009" {
		t.Errorf("the last of %v is not the closed one", got)
	}
	f.snapshot.Connections[8].State = model.Closed
	s.refresh()
	s.press("H").line("1 closed hidden")
	s.lacks("demo-0009")
}

// The cursor of the list goes with its row into the ward, unless that is among those that are gone.
func TestWardBeginsWithThoseThatAreThere(t *testing.T) {
	conns := ward(60)
	conns[59].State, conns[59].Close = model.Closed, &model.Close{At: noon}
	s := newScreen(t, newFake(conns...), 120, 30)
	s.press("s", "c", "G").line("▸○ closed  demo-0060")
	s.press("6").line("▸● demo-0001")
	s.press("1", "G", "k").line("▸● normal  demo-0059")
	s.press("6").line("▸● demo-0059")
}

func TestWardKeepsMarkedMonitorsInFront(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("6", "j", "l")
	s.shows(7, 4, 20, 1, 2, 3)
	same(t, s.cursorMonitor(), "demo-0001")
	s.press("space").shows(1, 7, 4, 20, 2, 3)
	s.line("1 marked")
	same(t, s.cursorMonitor(), "demo-0002") // it moves on, as in the list
	s.press("space").shows(1, 2, 7, 4, 20, 3)
	s.press("X").line("Kick 2 marked")
	s.press("esc", "u").shows(7, 4, 20, 1, 2, 3)
	s.press("g", "v", "l", "j", "v").line("4 marked")
	s.press("1").line("◆") // the marks are those of the list
	s.press("6", "esc").lacks("4 marked  ")
}

// TestWardIsTheList changes between both: what is chosen in one is chosen in the other.
func TestWardIsTheList(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 200, 60).press("n", "n")
	at := s.cursorRow()
	same(t, s.press("6").cursorMonitor(), at)
	s.press("/", "state=suspect", "enter", "j", "l")
	at = s.cursorMonitor()
	s.press("1").line("of 100 state=suspect")
	same(t, s.cursorRow(), at)

	s.press("esc", "6", "enter").line("round trips")
	s.line("─ " + at)
	s.press("1").line("STATE▼")
	s.press("6", "enter", "esc").lacks("round trips")
}

// TestDetailOfTheListComesBack changes to the ward and back, with the detail beside the list as it stands there, and without.
func TestDetailOfTheListComesBack(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 200, 60)
	s.line("failed for 7.0s")
	s.press("6").lacks("failed for 7.0s")
	s.press("enter", "esc", "1").line("failed for 7.0s")
	s.line("STATE▼")
	s.press("esc").lacks("failed for 7.0s")
	s.press("6", "enter", "esc", "1").lacks("failed for 7.0s")
	below := newScreen(t, newFake(ward(100)...), 120, 36).press("enter", "6")
	below.lacks("failed for 7.0s")
	below.press("1").line("failed for 7.0s")
}

func TestWardTakesTheKeysOfTheList(t *testing.T) {
	f := newFake(ward(200)...)
	s := newScreen(t, f, 80, 24).press("6")
	s.press("n").line("▸✖ demo-0023")
	s.press("N").line("▸✖ demo-0007")
	s.press("x").line("Kick demo-0007")
	s.press("esc", "f").line("Faults of demo-0007")
	s.press("esc", "F").line("FOLLOW demo-0007")
	s.press("j").lacks("FOLLOW")
	s.press("p").line("FROZEN")
	s.press("p", "c").line("no columns on this page")
	s.press("w").line("csv")
	s.press("esc", "y").line("curl of the kick")
	s.press("esc", "-").line("each beat is 2 cells wide")
	s.press("s").line("sort by")
	s.press("esc", "G").line("200/200")
	s.line("↑ 194 more")
	s.press("enter", "q").line("200/200") // it closes the detail
	s.press("g", "/", "state=failed rtt>1h", "enter").line("No connection matches this filter:")
}

// TestZoomIsOfWhatIsShown has the ward leave the charts of other pages as they are, and says what a key has changed here.
func TestZoomIsOfWhatIsShown(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 200, 60)
	s.line("3m ──────")
	s.press("6", "-").line("each beat is 2 cells wide")
	s.press("-").line("each beat is 1 cell wide")
	s.press("-").line("this is as far as it goes")
	s.press("1").line("3m ──────")
	s.press("-").line("charts show 5m, the detail 45 beats, a cell of BEATS 2 beats")
	s.press("enter", "-").line("charts show 10m, the detail 60 beats")
	s.press("6", "+").line("each beat is 2 cells wide")
	s.press("enter", "+").line("the detail shows 45 beats")

	low := newScreen(t, newFake(ward(100)...), 80, 24)
	low.press("-").line("a cell of BEATS shows 2 beats")
	low.press("2", "-").line("nothing to zoom on this page")
	low.press("5", "+").line("charts show 2m")
}

func TestWardTakesTheMouse(t *testing.T) {
	s := newScreen(t, newFake(ward(200)...), 80, 24).press("6")
	s.click(50, 9) // the second monitor of the second line
	same(t, s.cursorMonitor(), s.monitors()[3])
	s.click(5, 3)
	same(t, s.cursorMonitor(), s.monitors()[0])
	s.send(mouseWheel(true))
	s.line("↑ ")
	s.press("1").click(s.column("6"), 1) // the tab, also where the others have no names
	s.line(" of 0.52s")
}

// column is where part begins on the line of pages.
func (s *screen) column(part string) int {
	before, _, _ := strings.Cut(strings.Split(s.text(), "\n")[lowHeader-1], part)
	return look.Width(before)
}

// TestFewMonitorsAreLarge lets connections come and go: monitors shrink when there is no room, and grow only when a quarter
// of it would be left.
func TestFewMonitorsAreLarge(t *testing.T) {
	f := newFake(ward(200)...)
	all := f.snapshot.Connections
	s := newScreen(t, f, 200, 60).press("6")
	height := func(n int) int {
		f.snapshot.Connections = all[:n]
		s.refresh()
		return s.app.tabs[5].page.(*wardPage).wall.monitor.h
	}
	heights := []int{height(200), height(3), height(13), height(14), height(15), height(11), height(200)}
	if want := []int{5, 11, 11, 7, 7, 7, 5}; !slices.Equal(heights, want) {
		t.Errorf("heights %v, want %v", heights, want)
	}
}

func TestProxiedMonitorShowsTheWorseSide(t *testing.T) {
	conns := ward(20)
	conns[3].Side = model.UpstreamSide
	newScreen(t, newFake(conns...), 80, 24).press("6").line("⇥ peer-stalled")
}

func TestWardInATerminalThatShrinks(t *testing.T) {
	s := newScreen(t, newFake(ward(200)...), 400, 120).press("6", "G", "enter", "esc")
	for _, size := range []size{{400, 120}, {200, 60}, {60, 15}, {20, 5}, {61, 16}, {120, 36}} {
		s.send(tea.WindowSizeMsg{Width: size.w, Height: size.h})
		checkSize(t, s.app.View(), size.w, size.h)
	}
	s.line("▸")
}
