package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/model/filter"
)

func TestCursorFollowsItsConnection(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("n") // demo-0004: the first below demo-0007 on top
	if got := s.cursorRow(); got != "demo-0004" {
		t.Fatalf("cursor on %s", got)
	}
	f.snapshot.Connections[0].State = model.Failed // comes in above
	s.refresh()
	if got := s.cursorRow(); got != "demo-0004" {
		t.Errorf("cursor slid to %s when a row came in above", got)
	}
}

// TestSortingShowsTheTop asks for an order in all ways: its first row is what it is for, unless the cursor follows one.
func TestSortingShowsTheTop(t *testing.T) {
	for name, sort := range map[string]func(s *screen){
		"letter":   func(s *screen) { s.press("s", "c") },
		"inverted": func(s *screen) { s.press("S") },
		"title":    func(s *screen) { s.click(15, 2) },
	} {
		for _, page := range []string{"1", "2"} {
			t.Run(name+page, func(t *testing.T) {
				s := newScreen(t, newFake(ward(100)...), 80, 24).press(page, "G")
				sort(s)
				if got := s.drawn()[0]; s.cursorRow() != got {
					t.Errorf("the cursor is on %s, and %s is on top", s.cursorRow(), got)
				}
				s.line(" 1/10")
				s.press("G", "k", "F")
				at := s.cursorRow()
				sort(s)
				same(t, s.cursorRow(), at)
			})
		}
	}
}

// TestKeysBehindANewOrder are typed before the rows have come that were asked for: they mean those, as they would later.
func TestKeysBehindANewOrder(t *testing.T) {
	together := func(s *screen, keys ...string) {
		h := heard{last: true}
		for _, k := range keys {
			h.msgs = append(h.msgs, keyMsg(k))
		}
		s.send(h)
	}
	for _, page := range []string{"1", "2"} {
		t.Run(page, func(t *testing.T) {
			s := newScreen(t, newFake(ward(100)...), 80, 24).press(page, "G")
			together(s, "s", "c", "j", "j")
			s.line(" 3/10")
			same(t, s.cursorRow(), "demo-0003")
			together(s, "S", "j")
			s.line(" 2/10")
			at := s.cursorRow()
			s.refresh()
			same(t, s.cursorRow(), at)
		})
	}
	s := newScreen(t, newFake(ward(100)...), 80, 24)
	together(s, "s", "c", "n") // goes to a row, and with that
	s.line("▸✖ failed")
	s.press("g", "n")
	at := s.cursorRow()
	s.press("g")
	together(s, "S", "n")
	same(t, s.cursorRow(), at)
}

func TestPositionIsTold(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 80, 24)
	s.line(" 1/100 ")
	s.press("j", "j").line(" 3/100 ")
	s.press("G").line(" 100/100 ")
	s.press("/", "state=failed", "enter", "g", "j").line(" 2/6 of 100 state=failed")
	s.press("space").line("1 marked  3/6 of 100 ")
	s.press("4").lacks("100")
}

// TestScrollBar is about a list and a text: the thumb is at an end only when that is seen, and there is none where all fits.
func TestScrollBar(t *testing.T) {
	bar := func(s *screen) string {
		marks := ""
		for _, l := range strings.Split(s.app.View(), "\n") {
			if strings.HasSuffix(ansi.Strip(l), "▐") {
				marks += "▐"
			} else {
				marks += "."
			}
		}
		return marks[3 : len(marks)-2]
	}
	ends := func(what, got string, top, bottom bool) {
		t.Helper()
		if !strings.Contains(got, "▐") || strings.HasPrefix(got, "▐") != top || strings.HasSuffix(got, "▐") != bottom {
			t.Errorf("%s: %s", what, got)
		}
	}
	s := newScreen(t, newFake(ward(100)...), 80, 24)
	ends("list, top", bar(s), true, false)
	s.press("pgdn", "j")
	ends("list, a row down", bar(s), false, false)
	s.press("G")
	ends("list, bottom", bar(s), false, true)
	s.press("enter")
	ends("detail, top", bar(s), true, false)
	s.press("j")
	ends("detail, a line down", bar(s), false, false)
	s.press("G")
	ends("detail, bottom", bar(s), false, true)
	if got := bar(newScreen(t, newFake(ward(10)...), 80, 24)); strings.Contains(got, "▐") {
		t.Errorf("a bar where all fits: %s", got)
	}
	ascii := newScreenWith(t, newFake(ward(100)...), 80, 24, asciiTerminal, false)
	if l := ascii.line("demo-0007"); !strings.HasSuffix(l, "#") {
		t.Errorf("no bar in ASCII: %q", l)
	}
}

func TestClosedRowsAreHidden(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 80, 24).press("G")
	s.line("demo-0009")
	s.press("H").line("closed rows are hidden, failures of the last minute are not: H shows all")
	s.line("94/94, 6 closed hidden")
	s.lacks("○ closed")
	s.press("s", "c", "/", "demo-00", "enter").line("1/93 of 100, 6 closed")
	s.press("esc", "2").line("○")
	s.press("H", "G").line("94/94, 7 away hidden")
	s.press("4", "H").line("no closed rows to hide on this page")
	s.press("1", "H").lacks("hidden ")
	s.press("/", "state=closed", "enter", "H").line("Each connection on the list, 6 in all, is closed and hidden.")
	s.press("esc").line("/94, 6 closed hidden")
}

// TestHiddenAreAllWhoseSocketIsGone also if their state is the one in which they ended. What is left of those is news.
func TestHiddenAreAllWhoseSocketIsGone(t *testing.T) {
	conns := ward(20)
	lose := func(i int, ago time.Duration) {
		conns[i].State = model.Failed
		conns[i].Close = &model.Close{Code: 1011, By: model.ByHolter, At: noon.Add(-ago)}
	}
	lose(0, time.Second)
	lose(1, lingers+time.Second)
	lose(2, time.Second)
	f := newFake(conns...)
	f.snapshot.Clients[2].Connection = 99 // it is back
	for _, keys := range [][]string{{"H"}, {"6", "H"}} {
		s := newScreen(t, f, 120, 36).press(keys...)
		s.line("demo-0001")
		s.lacks("demo-0002")
		s.lacks("demo-0003")
		s.line("3 closed hidden")
	}
	f.snapshot.Clients[0].Connection = 99
	s := newScreen(t, f, 120, 36).press("H")
	s.lacks("demo-0001")
	s.line("4 closed hidden")
}

func TestCursorOnTopStaysThere(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24)
	f.snapshot.Connections[0].State = model.Failed
	s.refresh()
	if got := s.cursorRow(); got != "demo-0001" {
		t.Errorf("cursor on %s, want the new top row", got)
	}
}

func TestCursorStaysPutWhenItsRowGoes(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("j", "j")
	rows := s.drawn()
	f.snapshot.Connections = slices.DeleteFunc(f.snapshot.Connections, func(c model.Connection) bool { return c.Client == rows[2] })
	s.refresh()
	same(t, s.cursorRow(), rows[3]) // it moved up
	same(t, s.drawn()[2], rows[3])
}

func removed(conns []model.Connection, id model.ID) []model.Connection {
	var rest []model.Connection
	for _, c := range conns {
		if c.ID != id {
			rest = append(rest, c)
		}
	}
	return rest
}

func TestMove(t *testing.T) {
	for _, test := range []struct {
		keys string
		want int
	}{
		{"j", 1}, {"down down", 2}, {"j k", 0}, {"up", 0}, {"G", 99}, {"end home", 0}, {"G g", 0},
		{"pgdn", 19}, {"pgdn pgdn pgup", 19}, {"ctrl+d", 9}, {"ctrl+d ctrl+u", 0}, {"G pgdn", 99}, {"jjj", 3},
	} {
		s := newScreen(t, newFake(ward(100)...), 80, 24).press("s", "c").press(strings.Fields(test.keys)...)
		if got, want := s.cursorRow(), fmt.Sprintf("demo-%04d", test.want+1); got != want {
			t.Errorf("%s: on %s, want %s", test.keys, got, want)
		}
	}
}

func TestNextInTroubleGoesAround(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24)
	var seen []string
	for range 4 {
		seen = append(seen, s.press("n").cursorRow())
	}
	if got, want := strings.Join(seen, " "), "demo-0004 demo-0020 demo-0007 demo-0004"; got != want {
		t.Errorf("n: %s, want %s", got, want)
	}
	if got := s.press("N", "N").cursorRow(); got != "demo-0020" {
		t.Errorf("N N: %s, want demo-0020", got)
	}
	newScreen(t, newFake(ward(3)...), 80, 24).press("n").line("no connection on the list is in trouble")
}

func TestSort(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("s", "r")
	s.line("RTT▼")
	slowest := slices.MaxFunc(f.snapshot.Connections, func(x, y model.Connection) int { return cmp.Compare(x.RTT, y.RTT) })
	same(t, s.drawn()[0], slowest.Client)
	s.press("S").line("RTT▲")
	s.press("s", "esc").line("RTT▲")
	s.press("s", "s").line("STATE▼")
}

// TestSortLettersAreDistinct guards against two columns on one letter, or one without.
func TestSortLettersAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for _, c := range connectionColumns(nil) {
		if c.Sort == "" {
			continue
		}
		if other := seen[c.Letter]; other != "" || c.Letter == "" {
			t.Errorf("%s has the letter %q, and so has %q", c.Title, c.Letter, other)
		}
		seen[c.Letter] = c.Title
		if _, err := filter.ParseSortKey(string(c.Sort)); err != nil && c.Sort != sortTrafficIn && c.Sort != sortTrafficOut {
			t.Errorf("%s: %v", c.Title, err)
		}
	}
}

func TestFilter(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("/", "state=failed")
	s.line("1/1 of 20 state=failed")
	s.lacks("demo-0004")
	s.press(" rtt>") // half typed: the last good rows stay, and the mark stands below the end
	s.line("demo-0007")
	typed, problem := s.line("/state=failed rtt>"), s.line("a duration")
	if strings.Index(problem, "^") != strings.LastIndex(typed, ">")+1 {
		t.Errorf("the mark is not below the mistake:\n%s\n%s", typed, problem)
	}
	s.press("enter").line("/state=failed rtt>") // still to be mended
	s.press("0ms", "enter").line("1/1 of 20 state=failed rtt>")
	s.press("x").line("Kick demo-0007") // keys are commands again
	s.press("esc", "esc").line("demo-0004")
	s.lacks(" of 20")
	s.press("/", "demo-0012", "esc").line("demo-0004")
}

func TestFilterIsKeptByRefresh(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24).press("/", "state=failed", "enter")
	s.refresh()
	s.lacks("demo-0004")
	stale := s.app.refresh(0)() // asked for before the filter goes
	s.press("esc")
	s.send(stale)
	s.line("demo-0004")
}

func TestEnterAndEscAreSteps(t *testing.T) {
	small := newScreen(t, newFake(ward(20)...), 80, 24).press("enter")
	small.line("round trips")
	small.lacks("STATE▼")
	small.press("esc").line("STATE▼")

	wide := newScreen(t, newFake(ward(20)...), 120, 30).press("enter")
	wide.line("STATE▼")
	wide.line("─ demo-0007 (c7)")
	wide.press("j").line("─ demo-0004 (c4)") // it goes with the cursor
	wide.press("enter", "j").line("─ demo-0004 (c4)")
	wide.lacks("STATE▼")
	wide.press("n").line("─ demo-0020 (c20)")
	wide.press("esc").line("STATE▼")
	wide.press("esc").lacks("─ demo-0020")
	wide.press("esc", "esc").line("STATE▼") // never quits

	wide.press("enter", "enter")
	wide.send(tea.KeyMsg{Type: tea.KeyEsc, Alt: true}) // what two fast ones are to Bubble Tea
	wide.lacks("─ demo-0020")
}

func TestDetailOfAForgottenConnectionRemains(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("enter")
	f.snapshot.Connections = removed(f.snapshot.Connections, 7)
	s.refresh()
	s.line("holter has forgotten it")
	s.line("demo-0007")
}

func TestDetailScrolls(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 15).press("enter")
	s.lacks("Origin:")
	s.press("G").line("Origin:")
	s.press("g").lacks("Origin:")
}

// TestMoreThanIsSeenIsTold counts the lines above and below what is seen of a text.
func TestMoreThanIsSeenIsTold(t *testing.T) {
	for _, key := range []string{"enter", "?"} {
		s := newScreen(t, newFake(ward(20)...), 80, 24).press(key)
		var all, above, below int
		end := func() string { text := s.line(" more"); return text[strings.LastIndexAny(text, "↑↓"):] }
		fmt.Sscanf(end(), "↓ %d more", &all)
		s.press("j", "j")
		both := s.line(" more")
		fmt.Sscanf(both[strings.LastIndex(both, "↑"):], "↑ %d ↓ %d more", &above, &below)
		if above != 2 || below != all-2 || all <= 2 {
			t.Errorf("%s: %d lines above and %d below, were %d below", key, above, below, all)
		}
		s.press("G").line(fmt.Sprintf("↑ %d more", all))
	}
	if text := newScreen(t, newFake(), 80, 400).press("?").text(); strings.HasSuffix(strings.TrimRight(text, " "), " more") {
		t.Error("there is more of a text that is seen whole")
	}
}

func TestKick(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("x")
	s.line("▸ Cancel")
	s.press("enter").lacks("Cancel")
	if len(f.kicks) != 0 {
		t.Fatalf("the dialog's focus was not on Cancel: %+v", f.kicks)
	}
	s.press("x", "tab", "tab", "right", "right", "tab", "q x", "tab", "tab", "tab", "enter")
	s.line("kicked demo-0007 (c7): 1008 q x")
	want := model.Kick{IDs: []model.ID{7}, Code: 1008, Reason: "q x"}
	if len(f.kicks) != 1 || f.kicks[0].IDs[0] != 7 || f.kicks[0].Code != want.Code || f.kicks[0].Reason != want.Reason || f.kicks[0].Reset {
		t.Errorf("kicks %+v, want %+v", f.kicks, want)
	}
}

func TestKickByReset(t *testing.T) {
	f := newFake(ward(20)...)
	newScreen(t, f, 80, 24).press("x", "up", "space", "down", "right", "enter").line("kicked demo-0007 (c7): reset")
	if len(f.kicks) != 1 || !f.kicks[0].Reset || f.kicks[0].Code != 0 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestKickKeepsItsConnection(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("x")
	f.snapshot.Connections[0].State = model.Failed // slides under the cursor
	s.refresh()
	s.line("Kick demo-0007")
	f.snapshot.Connections[6].Close = &model.Close{Code: 1006} // and ours goes
	s.press("right", "enter").line("nothing to kick: demo-0007 (c7) is gone already")
	if len(f.kicks) != 1 || f.kicks[0].IDs[0] != 7 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestKickNeedsSomebodyOpen(t *testing.T) {
	newScreen(t, newFake(), 80, 24).press("x").line("no connection is selected")
	newScreen(t, newFake(ward(20)...), 80, 24).press("G", "x").line("demo-0009 (c9) is gone already")
	readOnly := newScreenWith(t, newFake(ward(20)...), 80, 24, utf8Locale, true).press("x")
	readOnly.line("read-only: this screen changes nothing")
	readOnly.lacks("Cancel")
}

func TestReasonFitsACloseFrame(t *testing.T) {
	f := newFake(ward(20)...)
	long := strings.Repeat("é", model.MaxReason)
	newScreen(t, f, 80, 24).press("x", "up", "up", long, "tab", "tab", "tab", "enter")
	if len(f.kicks) != 1 || len(f.kicks[0].Reason) > model.MaxReason || f.kicks[0].Reason == "" {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestPastedTextIsNoCommand(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24)
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("xq"), Paste: true})
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x"), Paste: true})
	s.lacks("Cancel")
	s.press("/")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("demo-0007"), Paste: true})
	s.line("1/1 of 20 demo-0007")
}

func TestHelpNamesEveryKey(t *testing.T) {
	s := newScreen(t, newFake(), 80, 280).press("?")
	text := s.text()
	for _, b := range allBindings(t, &s.app.keys) {
		if !strings.Contains(text, b.Help().Key) || !strings.Contains(text, b.Help().Desc) {
			t.Errorf("the help lacks %q %q", b.Help().Key, b.Help().Desc)
		}
	}
}

func TestHelpIsSearched(t *testing.T) {
	s := newScreen(t, newFake(), 80, 24).press("?")
	s.line("States")
	s.press("G").line("shift+drag")
	s.press("/", "freeze").line("p                freeze")
	s.lacks("to the top")
	s.press("enter", "esc").line("States")
	s.press("/", "no such thing").line("nothing found")
	s.press("esc", "esc").lacks("States")
}

func TestQuit(t *testing.T) {
	for _, keys := range []string{"q", "ctrl+c", "? q q", "/ ctrl+c", "x ctrl+c", "x q q", "f q q", "c q q", "s q q", "enter q q"} {
		s := newScreen(t, newFake(ward(20)...), 80, 24)
		names := strings.Fields(keys)
		s.press(names[:len(names)-1]...)
		if !s.quits(names[len(names)-1]) {
			t.Errorf("%s does not quit", keys)
		}
	}
	for _, keys := range []string{"? q", "enter q", "x q", "f q", "c q", "s q"} {
		s := newScreen(t, newFake(ward(20)...), 80, 24)
		first, last, _ := strings.Cut(keys, " ")
		if s.press(first); s.quits(last) {
			t.Errorf("%s quits, and does not only close what is open", keys)
		}
	}
	small := newScreen(t, newFake(ward(20)...), 59, 14).press("x", "/", "enter")
	small.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	for _, opened := range []string{"Cancel", "enter keep", "round trips"} {
		small.lacks(opened) // keys do nothing while nothing is drawn
	}
	small.send(tea.WindowSizeMsg{Width: 59, Height: 14})
	if !small.quits("q") {
		t.Error("q does not quit a small terminal")
	}
}

func (s *screen) quits(key string) bool {
	msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(key)}
	if key == "ctrl+c" {
		msg = tea.KeyMsg{Type: tea.KeyCtrlC}
	}
	_, cmd := s.app.Update(msg)
	if cmd == nil {
		return false
	}
	_, ok := cmd().(tea.QuitMsg)
	return ok
}

func TestFailedSourceLeavesThePicture(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24)
	f.err = errors.New("connection refused")
	s.refresh()
	s.line("demo-0007")
	s.line("no new picture: connection refused")
	f.err = nil
	s.refresh()
	s.lacks("no new picture")
}

func TestEventsOnTheMessageLine(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24)
	s.events()
	s.line("demo-0004 (c4) suspect, was normal: peer-stalled") // outweighs what came after it
	s.app.Update(happened{events: []model.Event{{Seq: 9, Type: model.Dropped, Count: 17}}})
	s.line("17 events lost")

	first := newScreen(t, newFake(ward(20)...), 80, 24)
	first.app.Update(happened{first: true, events: []model.Event{{Seq: 9, Type: model.Dropped, Count: 17}}})
	first.lacks("17 events lost")
}

func TestEventIsSaidOnce(t *testing.T) {
	const text = "demo-0004 (c4) suspect, was normal"
	roomy := newScreen(t, newFake(ward(20)...), 200, 60)
	page := newScreen(t, newFake(ward(20)...), 80, 24).press("4")
	both := newScreen(t, newFake(ward(20)...), 200, 60).press("4")
	for name, s := range map[string]*screen{"beside a page": roomy, "on the page": page, "on a high page": both} {
		s.events()
		if n := strings.Count(s.text(), text); n != 1 {
			t.Errorf("%s: %d times", name, n)
		}
	}
	c := roomy.fake.snapshot.Connections
	for seq := range uint64(eventLines) {
		roomy.app.Update(happened{events: []model.Event{{Seq: 10 + seq, Type: model.ConnectionOpened, Connection: &c[0]}}})
	}
	roomy.line(text) // scrolled away, and still the weightiest
}

func TestEventsAreBounded(t *testing.T) {
	var e feed
	c := ward(1)[0]
	for seq := range uint64(keptEvents + 100) {
		e.add([]model.Event{{Seq: seq, Type: model.ConnectionOpened, Connection: &c}}, false)
	}
	if len(e.items) != keptEvents || e.seq != keptEvents+99 {
		t.Errorf("%d items up to %d", len(e.items), e.seq)
	}
}

func TestPanicBecomesOneLine(t *testing.T) {
	f := newFake()
	f.panics = true
	fx := newEffects(t.Context(), f)
	defer fx.stop()
	if msg := fx.refresh(0, nil, 0)(); msg != nil {
		t.Errorf("message %v", msg)
	}
	cause := context.Cause(fx.ctx)
	if !errors.Is(cause, errBroken) || strings.Contains(cause.Error(), "\n") || !strings.Contains(cause.Error(), "fake_test.go:") {
		t.Errorf("cause %v", cause)
	}
}
