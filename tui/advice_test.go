package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
)

// advise gives the fake a warning for each of some paths, and takes a picture.
func (s *screen) advise(paths ...string) *screen {
	for i, path := range paths {
		s.fake.snapshot.Warnings = append(s.fake.snapshot.Warnings, model.Warning{
			ID: "a" + string(rune('1'+i)), Kind: model.NoBeats, Since: noon.Add(-time.Minute), Urgency: model.Risk, Touched: 90 - i, Path: path,
			At:     model.Place{Page: model.PathsPage, Query: path},
			Detail: "Neither end beats: for up to 2m10s neither of them sent anything. Let one end ping every 20 s: most of what stands between cuts silence after 30 s to 100 s.",
		})
	}
	s.refresh()
	return s
}

// counsel is a piece of each kind of evidence.
func counsel() []model.Warning {
	since := noon.Add(-4 * time.Minute)
	return []model.Warning{
		{ID: "a1", Kind: model.TimerRace, Since: since, Urgency: model.Harm, Touched: 14, Path: "/rooms/*", Upstream: "http://localhost:3000",
			At:     model.Place{Page: model.PathsPage, Query: "/rooms/*"},
			Detail: "The server's beat every 55 s (99 % within 57.1 s) meets the cut at 60 s, give or take 400 ms, that ended 14 of 15 connections (nginx proxy_read_timeout): 2 of the last 180 came later than that. Beat every 20 s, or set proxy_read_timeout to at least 3m00s."},
		{ID: "a2", Kind: model.SharedIdentity, Since: since, Urgency: model.Risk, Touched: 16, Client: "js", Connections: 16, Addresses: 2, Identity: "query:device",
			At:     model.Place{Page: model.ClientsPage, Query: "shared=js"},
			Detail: "16 connections at once from 2 addresses are named js: they are told apart by address and user agent; --identity query:device tells them apart"},
		{ID: "a3", Kind: model.ResetsAtOpen, Since: since, Urgency: model.Risk, Touched: 12, Path: "/ws", Agent: "holter-swarm/1",
			At:     model.Place{Page: model.StormsPage, Query: "7"},
			Detail: "12 clients of holter-swarm/1 on /ws begin again with their first delay after each connection, however short: whatever closes connections at once meets all of them again after 1 s. Begin anew only when a connection has lasted for some seconds."},
		{ID: "a4", Kind: model.NeverPongs, Since: since, Urgency: model.Risk, Touched: 2, Agent: "holter-swarm/1",
			At:     model.Place{Page: model.ConnectionsPage, Query: "id=c3 or id=c5"},
			Detail: "2 connections of holter-swarm/1 answered none of at least 3 pings, and lives."},
		{ID: "a5", Kind: model.BetterDetector, Since: since, Urgency: model.Hint, Touched: 200,
			At:     model.Place{Page: model.ConnectionsPage},
			Detail: "On the last 12000 beats of 200 connections, --detector jacobson would have suspected no more peers that lived than deviation, and a dead one 1.2 s sooner: after 3.1 s on average instead of 4.3 s."},
	}
}

func onAdvice(t testing.TB, w, h int, getenv func(string) string) *screen {
	f := newFake(ward(20)...)
	f.snapshot.Paths, f.snapshot.Warnings = trodden(), counsel()
	return newScreenWith(t, f, w, h, getenv, false)
}

// The overview has as much of the advice as there is room for, and the dialog all of it.
func TestAdviceGoldens(t *testing.T) {
	for name, size := range map[string]size{"60x15": {60, 15}, "80x24": {80, 24}, "120x30": {120, 30}, "200x60": {200, 60}} {
		t.Run(name, func(t *testing.T) {
			s := onAdvice(t, size.w, size.h, utf8Locale)
			golden.RequireEqual(t, []byte(s.text()+"\n\n"+s.press("a", "j").text()))
		})
	}
	t.Run("ascii", func(t *testing.T) {
		s := onAdvice(t, 80, 24, asciiTerminal)
		golden.RequireEqual(t, []byte(s.text()+"\n\n"+s.press("a").text()))
	})
	t.Run("colours", func(t *testing.T) {
		s := onAdvice(t, 120, 30, utf8Locale)
		golden.RequireEqual(t, []byte(s.app.View()+"\n\n"+s.press("a").app.View()))
	})
}

// Where there is no room for a piece of advice, its line begins with what to do.
func TestAdviceBeginsWithWhatToDo(t *testing.T) {
	s := onAdvice(t, 80, 24, utf8Locale)
	s.line("timer-race on /rooms/*: Beat every 20 s, or set proxy_read")
	newScreen(t, newFake(ward(20)...), 80, 24).advise("/a").line("no-beats on /a: Let one end ping every 20 s")
	newScreen(t, newFake(ward(20)...), 250, 60).advise("/a").line("no-beats on /a: Neither end beats: for up to 2m10s")
}

// At all sizes it fits, and says the same with colours and without.
func TestAdviceFits(t *testing.T) {
	for w := 60; w <= 220; w += 8 {
		for _, h := range []int{15, 16, 24, 30, 36, 50, 60} {
			s, bare := onAdvice(t, w, h, utf8Locale), onAdvice(t, w, h, withoutColour)
			for _, keys := range [][]string{nil, {"a"}, {"j", "j", "j", "j"}, {"esc"}, {"6"}} {
				s.press(keys...)
				bare.press(keys...)
				checkSize(t, s.app.View(), w, h)
				if ansi.Strip(s.app.View()) != ansi.Strip(bare.app.View()) {
					t.Fatalf("%dx%d differs without colours after %v", w, h, keys)
				}
			}
		}
	}
}

// The evidence is one key away.
func TestAdviceLeadsToItsEvidence(t *testing.T) {
	open := func(down int) *screen {
		s := onAdvice(t, 120, 36, utf8Locale)
		s.fake.snapshot.Storms = []model.Storm{{ID: 7, Started: noon.Add(-time.Hour), Ended: noon.Add(-time.Minute), Clients: 12}, {ID: 8, Started: noon.Add(-time.Minute), Ended: noon, Clients: 9}}
		s.refresh()
		s.press("4", "a") // from any page
		for range down {
			s.press("j")
		}
		return s.press("enter")
	}
	open(0).line("60.0s ±400ms: 14 of 15 ends") // the timer map of its path
	open(1).line("0/0 of 21 shared=js")
	open(2).line("1 of 2")
	s := open(3)
	s.line("/2 of 20 id=c3 or id=c5")
	s.press("esc").line("/20")
	s.press("/", "up").line("id=c3 or id=c5") // among the filters that were
	open(4).line("/20")
}

// What is dismissed goes from the list and from the overview. One that comes while the dialog is open is there, and the cursor
// stays on its piece.
func TestAdviceIsDismissed(t *testing.T) {
	s := onAdvice(t, 120, 30, utf8Locale)
	s.press("6").lacks("advice") // the ward fills the screen
	s.press("1").line("a all advice, 5")
	s.line("✖ timer-race on /rooms/*: Beat every 20 s, or set")
	s.press("a", "D").line("timer-race is dismissed until it becomes worse")
	s.refresh()
	s.line("timer-race on /rooms/*, dismissed until it becomes worse")
	s.line("○ harm  timer-race")
	s.line("D bring back")
	s.press("g").line("shared-identity of js")
	s.line("D dismiss")
	s.press("j") // resets-at-open
	s.advise("/new")
	s.line("resets-at-open on /ws ─")
	s.press("esc").line("a all advice, 5")
	s.fake.snapshot.Warnings = slices.Clone(counsel()[4:])
	s.refresh()
	s.line("a advice")
	s.lacks("all advice")
	s.fake.snapshot.Warnings = nil
	s.refresh()
	s.lacks("advice")
	s.press("a").line("there is no advice: nothing is known that could be better")
}

// What is dismissed is last, dim, and not in the overview; the same key brings it back, also the only one.
func TestDismissalIsTakenBack(t *testing.T) {
	s := onAdvice(t, 120, 30, utf8Locale)
	s.press("a", "j", "D").refresh()
	at := slices.IndexFunc(strings.Split(s.text(), "\n"), func(line string) bool { return strings.Contains(line, "○ risk  shared-identity") })
	if last := slices.IndexFunc(strings.Split(s.text(), "\n"), func(line string) bool { return strings.Contains(line, "hint  better-detector") }); at != last+1 {
		t.Errorf("it is in line %d, and the last piece in %d:\n%s", at, last, s.text())
	}
	golden.RequireEqual(t, []byte(s.app.View()))
	s.press("D").line("shared-identity is among the advice again")
	s.refresh()
	s.line("◐ risk  shared-identity")
	s.press("esc").line("◐ shared-identity: 16 connections")

	s.fake.snapshot.Warnings = counsel()[:1]
	s.fake.snapshot.Warnings[0].Dismissed = true
	s.refresh()
	s.lacks("a advice")
	s.press("a", "D").refresh()
	s.press("esc").line("a advice")
}

// A screen that changes nothing dismisses nothing, and a holter of an earlier version keeps its advice.
func TestAdviceThatCannotBeDismissed(t *testing.T) {
	f := newFake(ward(5)...)
	f.snapshot.Warnings = counsel()
	s := newScreenWith(t, f, 120, 30, utf8Locale, true).press("a", "D")
	s.line("read-only: this screen changes nothing")
	for i := range f.snapshot.Warnings {
		if f.snapshot.Warnings[i].Dismissed {
			t.Error("dismissed all the same")
		}
	}
	f.snapshot.Warnings[0].ID, f.snapshot.Warnings[0].At.Page = "", "nowhere"
	s = newScreen(t, f, 120, 30).press("a", "D")
	s.line("keeps its advice")
	s.press("enter").line("there is no page with the evidence on this screen")
}

// The rows below the advice are clicked where they are, and a click on the advice opens it.
func TestAdviceAndTheMouse(t *testing.T) {
	s := onAdvice(t, 120, 30, utf8Locale)
	lines := strings.Split(s.text(), "\n")
	row := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "demo-0004") })
	s.click(12, row)
	same(t, s.cursorRow(), "demo-0004")
	piece := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "shared-identity: 16") })
	s.click(12, piece)
	s.line("16 connections at once from 2 addresses")
	s.line("shared-identity of js ─")
	s.click(12, slices.IndexFunc(strings.Split(s.text(), "\n"), func(line string) bool { return strings.Contains(line, "never-pongs") }))
	s.line("never-pongs of holter-swarm/1 ─")
}

// The cursor and the rows stay where they are when advice comes and goes, also while the picture is frozen.
func TestAdviceComesAndGoes(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 80, 24)
	s.press("j", "j")
	before := s.cursorRow()
	s.advise("/ws").line("a advice")
	same(t, s.cursorRow(), before)
	s.press("p")
	s.fake.snapshot.Warnings = nil
	s.refresh()
	s.line("a advice")
	s.press("p").lacks("a advice")
	same(t, s.cursorRow(), before)
}
