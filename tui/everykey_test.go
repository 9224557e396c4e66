package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// everyKey has a proof for each key of the key map, by the name of its field.
var everyKey = map[string]func(t *testing.T, s *screen){
	"Up":   moves("j", "up", 0),
	"Down": moves("down", "", 1),
	"Left": func(t *testing.T, s *screen) {
		same(t, s.press("6", "s", "c", "j", "l", "left").cursorMonitor(), "demo-0003")
	},
	"Right": func(t *testing.T, s *screen) {
		same(t, s.press("6", "s", "c", "j", "right").cursorMonitor(), "demo-0004")
	},
	"HalfUp":   moves("pgdn", "ctrl+u", 10),
	"HalfDown": moves("ctrl+d", "", 9),
	"PageUp":   moves("G", "pgup", 80),
	"PageDown": moves("pgdn", "", 19),
	"Top":      moves("G", "g", 0),
	"Bottom":   moves("G", "", 99),

	"NextTrouble": func(t *testing.T, s *screen) { same(t, s.press("n").cursorRow(), "demo-0023") },
	"PreviousTrouble": func(t *testing.T, s *screen) {
		same(t, s.press("n", "N").cursorRow(), "demo-0007")
	},

	"Connections": func(_ *testing.T, s *screen) { s.press("2", "1").line("SILENCE") },
	"Clients":     func(_ *testing.T, s *screen) { s.press("2").line("BACK AFTER") },
	"Storms":      func(_ *testing.T, s *screen) { s.press("3").line("There has been no storm") },
	"Events":      func(_ *testing.T, s *screen) { s.events(); s.press("4").line("EVENT") },
	"Ward":        func(_ *testing.T, s *screen) { s.press("6").line(" of 0.52s") },
	"Host":        func(_ *testing.T, s *screen) { s.press("5").line("This holter") },
	"Paths":       func(_ *testing.T, s *screen) { s.press("7").line("No path is known yet") },
	"Services":    func(_ *testing.T, s *screen) { s.press("8").line("No service is known") },
	"NextPage": func(_ *testing.T, s *screen) {
		s.press("tab", "tab", "tab", "tab", "tab", "tab", "tab", "tab").line("BACK AFTER")
	},
	"PreviousPage": func(_ *testing.T, s *screen) { s.press("shift+tab", "shift+tab", "shift+tab").line("This holter") },

	"Open":   func(_ *testing.T, s *screen) { s.press("enter").line("round trips") },
	"Back":   func(_ *testing.T, s *screen) { s.press("enter", "esc").lacks("round trips") },
	"Filter": func(_ *testing.T, s *screen) { s.press("/", "demo-0012").line("1/1 of 100 demo-0012") },
	"Sort":   func(_ *testing.T, s *screen) { s.press("s", "r").line("RTT▼") },
	"Invert": func(_ *testing.T, s *screen) { s.press("S").line("STATE▲") },
	"Advice": func(_ *testing.T, s *screen) {
		s.press("a").line("there is no advice")
		s.advise("/ws").press("a").line("TOUCHES")
	},
	"Dismiss": func(_ *testing.T, s *screen) {
		s.advise("/ws").press("a", "D").line("no-beats is dismissed until it becomes worse")
		s.refresh()
		s.line("D bring back")
	},
	"Alerts": func(_ *testing.T, s *screen) { s.press("A").line("No rule holds now") },
	"Silence": func(_ *testing.T, s *screen) {
		s.fake.snapshot.Alerts = raised()
		s.refresh()
		s.press("A", "z").line("ManyFailed is silenced for 1h")
	},
	"Hide": func(_ *testing.T, s *screen) { s.press("H").line("6 closed hidden") },
	"Columns": func(_ *testing.T, s *screen) {
		s.press("c", "down", "down", "down", "space", "enter").line("REMOTE")
	},
	"Freeze":  func(_ *testing.T, s *screen) { s.press("p").line("FROZEN 0s") },
	"Follow":  func(_ *testing.T, s *screen) { s.press("F").line("FOLLOW demo-0007") },
	"ZoomIn":  func(_ *testing.T, s *screen) { s.press("5", "+").line("charts show 1m") },
	"ZoomOut": func(_ *testing.T, s *screen) { s.press("-").line("a cell of BEATS shows 2 beats") },

	"Mark":    func(_ *testing.T, s *screen) { s.press("space", "space").line("2 marked") },
	"Range":   func(_ *testing.T, s *screen) { s.press("v", "j", "j", "v").line("3 marked") },
	"Unmark":  func(_ *testing.T, s *screen) { s.press("space", "u").lacks("1 marked") },
	"Kick":    func(_ *testing.T, s *screen) { s.press("x").line("Kick demo-0007") },
	"KickAll": func(_ *testing.T, s *screen) { s.press("X").line("Kick all 94") },
	"Faults":  func(_ *testing.T, s *screen) { s.press("f").line("Faults of demo-0007") },
	"Clear":   func(_ *testing.T, s *screen) { s.press("f", "0").line("no faults on demo-0007 (c7) now") },
	"Refuse": func(_ *testing.T, s *screen) {
		s.press("R").line("refuse upgrades?")
		s.press("y").line("upgrades are refused for 10s")
	},
	"Write": func(t *testing.T, s *screen) {
		t.Chdir(t.TempDir())
		s.press("w", "c").line("wrote holter-connections-20260301-120000.csv")
		if files, _ := filepath.Glob("*.csv"); len(files) != 1 {
			t.Errorf("files %v", files)
		}
	},
	"Copy": func(t *testing.T, s *screen) {
		s.press("y", "i").line("copied, if the terminal allows it: c7")
		if !strings.Contains(s.out.String(), "\x1b]52;c;Yzc=") {
			t.Errorf("wrote %q", s.out.String())
		}
	},
	"Demo": func(_ *testing.T, s *screen) {
		s.press("d").line("demo clients start only while there are no connections")
	},

	"Theme": func(_ *testing.T, s *screen) { s.press("t").line("theme dark") },
	"Mouse": func(t *testing.T, s *screen) {
		same(t, s.ask("m"), "tea.disableMouseMsg")
		same(t, s.ask("m"), "tea.enableMouseCellMotionMsg")
	},
	"Mask": func(_ *testing.T, s *screen) {
		s.fake.snapshot.Connections[6].Client = "192.0.2.77"
		s.refresh()
		s.press("P").lacks("192.0.2.77")
		s.line("192.0.x.x")
		s.line("MASKED")
	},
	"Help": func(_ *testing.T, s *screen) { s.press("?").line("it answers in time") },
	"Quit": func(t *testing.T, s *screen) { same(t, s.ask("q"), "tea.QuitMsg") },
	"Yes": func(t *testing.T, s *screen) {
		s.app.foreign = func(c *model.Connection) bool { return c.ID == 7 }
		s.press("q").line("1 connection of others would be closed.")
		same(t, s.ask("y"), "tea.QuitMsg")
	},
	"QuitLeaving": func(t *testing.T, s *screen) {
		same(t, s.ask("Q"), "tea.QuitMsg")
		if left := s.app.lastPicture(); !s.app.leaving || !strings.Contains(left, "demo-0007") || strings.Contains(left, "quit") {
			t.Errorf("left %t:\n%s", s.app.leaving, left)
		}
	},
	"Suspend": func(t *testing.T, s *screen) {
		same(t, s.ask("ctrl+z"), "")
		s.press("x", "q", "ctrl+z", "enter")
		same(t, strings.Join(s.out.did, "|"), "aside: holter goes on, open connections: 94. enter shows it again, ctrl+c ends it.\r\n|back")
		s.lacks("Cancel")
		s.app.stops = true
		s.press("ctrl+z")
		same(t, s.out.did[2], "suspend")
	},
	"Interrupt": func(t *testing.T, s *screen) { same(t, s.press("/").ask("ctrl+c"), "tea.QuitMsg") },

	"Keep":  func(_ *testing.T, s *screen) { s.press("/", "demo-0012", "enter").line("1/1 of 100 demo-0012") },
	"Drop":  func(_ *testing.T, s *screen) { s.press("/", "demo-0012", "esc").lacks("of 100") },
	"Older": func(_ *testing.T, s *screen) { s.press("/", "demo-0012", "enter", "esc", "/", "up").line("1/1 of 100") },
	"Newer": func(_ *testing.T, s *screen) {
		s.press("/", "demo-0012", "enter", "esc", "/", "up", "down").lacks("of 100")
	},

	"NextField": func(_ *testing.T, s *screen) { s.press("x", "tab").line("▸ Kick") },
	"PrevField": func(_ *testing.T, s *screen) { s.press("x", "shift+tab").line("▸ reset") },
	"Less":      func(_ *testing.T, s *screen) { s.press("x", "tab", "tab", "left").line("1013 try again later") },
	"More":      func(_ *testing.T, s *screen) { s.press("x", "tab", "tab", "right").line("1000 normal closure") },
	"Toggle":    func(_ *testing.T, s *screen) { s.press("x", "up", "space").line("[x] instead of a close frame") },
	"Press":     func(_ *testing.T, s *screen) { s.press("x", "enter").lacks("Cancel") },
	"Cancel":    func(_ *testing.T, s *screen) { s.press("x", "esc").lacks("Cancel") },
}

// moves is a proof by the row that the cursor is on after two keys.
func moves(key, then string, want int) func(t *testing.T, s *screen) {
	return func(t *testing.T, s *screen) {
		t.Helper()
		s.press("s", "c", key)
		if then != "" {
			s.press(then)
		}
		same(t, s.cursorRow(), fmt.Sprintf("demo-%04d", want+1))
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEveryKeyDoesWhatItSays(t *testing.T) {
	for _, f := range keyFields() {
		name := f.Name
		t.Run(name, func(t *testing.T) {
			prove := everyKey[name]
			if prove == nil {
				t.Fatal("no test proves what this key does")
			}
			prove(t, newScreen(t, newFake(ward(100)...), 80, 24))
		})
	}
}

// TestKeysMeanOneThing guards against a key with two meanings. Only what takes all keys for itself,
// the filter and the dialogs, may use one again.
func TestKeysMeanOneThing(t *testing.T) {
	k := newKeyMap(look.UnicodeGlyphs.Keys)
	for _, g := range [][]keyGroup{k.groups()[:5], k.groups()[5:6], k.groups()[6:]} {
		seen := map[string]string{}
		for _, group := range g {
			for _, b := range group.keys {
				for _, key := range b.Keys() {
					if other := seen[key]; other != "" {
						t.Errorf("%s: %s and %s", key, other, b.Help().Desc)
					}
					seen[key] = b.Help().Desc
				}
			}
		}
	}
}

// TestReadme holds the table of keys in the README against the key map. Run it with -update to write
// the table anew.
func TestReadme(t *testing.T) {
	const file, begin, end = "../README.md", "<!-- keys: written by go test ./tui -update -->\n", "<!-- end of keys -->\n"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	table, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks the marks around the table of keys", file)
	}
	k := newKeyMap(look.UnicodeGlyphs.Keys)
	want := k.markdown()
	if table == want {
		return
	}
	if !updating() {
		t.Fatalf("the keys in %s are out of date: run go test ./tui -update", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDemoStartsWhenNobodyIsThere(t *testing.T) {
	s := newScreen(t, newFake(), 80, 24)
	s.line("d starts 20 demo clients")
	s.press("d").line("demo clients are starting")
	if s.demos != 1 {
		t.Errorf("started %d times", s.demos)
	}
	readOnly := newScreenWith(t, newFake(), 80, 24, utf8Locale, true).press("d")
	readOnly.line("read-only: this screen changes nothing")
	if readOnly.demos != 0 {
		t.Error("started although the screen is read-only")
	}
}

func TestKickAllNeedsTheCountTyped(t *testing.T) {
	f := newFake(ward(100)...)
	s := newScreen(t, f, 80, 24).press("X", "tab", "enter")
	s.line("to kick 94, type 94")
	if len(f.kicks) != 0 {
		t.Fatalf("kicked without the count: %+v", f.kicks)
	}
	s.press("up", "up", "94", "up", "30", "tab", "tab", "tab", "enter")
	if len(f.kicks) != 1 || len(f.kicks[0].IDs) != 94 || f.kicks[0].Over.Seconds() != 30 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestKickMarkedChecksAgain(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("space", "space", "space", "X")
	s.line("Kick 3 marked")
	f.snapshot.Connections[6].Close = &model.Close{Code: 1006} // one goes while the dialog is open
	s.refresh()
	s.line("live: 2 of 3 are there")
	s.press("tab", "enter")
	if len(f.kicks) != 1 || len(f.kicks[0].IDs) != 2 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

func TestFrozenPictureStays(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("p")
	s.events()
	s.line("FROZEN 0s, 4 new")
	s.press("4").line("Nothing has happened yet")
	s.press("1")
	f.snapshot.Connections = f.snapshot.Connections[:3]
	f.snapshot.Time = noon.Add(5e9)
	s.refresh()
	s.line("FROZEN 5s, 4 new")
	s.line("demo-0007")
	s.press("/", "demo-0007", "enter").line("1/1 of 20") // filtered, sorted, moved in
	s.press("esc", "s", "c").line("CLIENT▲")
	s.press("G").line("▸")
	s.press("n", "x").line("is gone already") // but commands are about what is live
	s.press("p").lacks("demo-0007")
}

func TestFollowGoesOnWithTheNextGeneration(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("F")
	s.back(f, 6, 21)
	s.line("demo-0007 is back: generation 2")
	s.press("enter").line("demo-0007 (c21)") // what the cursor is on
	s.press("esc", "j").lacks("FOLLOW")
}

func TestDetailGoesOnWithTheNextGeneration(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("enter")
	s.back(f, 6, 21)
	s.line("back as generation 2")
	s.line("demo-0007 (c21) · generation 2")
}

// back closes a connection and opens the next of its client.
func (s *screen) back(f *fake, i int, id model.ID) {
	c := &f.snapshot.Connections[i]
	next := *c
	next.ID, next.Generation, next.State, next.Opened = id, c.Generation+1, model.Normal, noon
	c.State, c.Close = model.Closed, &model.Close{Code: 1006, By: model.ByNetwork, At: noon}
	f.snapshot.Connections = append(f.snapshot.Connections, next)
	for i := range f.snapshot.Clients {
		if cl := &f.snapshot.Clients[i]; cl.ID == next.Client {
			cl.Connection, cl.Generation = id, next.Generation
		}
	}
	s.refresh()
}

func TestEventsOpenTheirConnection(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24)
	s.events()
	s.press("4", "n", "enter").line("demo-0004 (c4)")
	s.press("esc").line("EVENT") // back where it was opened from
	s.press("/", "refused", "enter").line("1/1 of 4 refused")
	s.press("g").lacks("FOLLOW")
}

func TestMouse(t *testing.T) {
	s := newScreen(t, newFake(ward(100)...), 80, 24)
	s.click(15, 1)
	s.line("BACK AFTER")
	s.click(1, 1)
	s.click(15, 2)
	s.line("CLIENT▲")
	s.click(15, 2)
	s.line("CLIENT▼")
	s.click(15, 7)
	same(t, s.cursorRow(), "demo-0096")
	s.send(mouseWheel(true))
	same(t, s.cursorRow(), "demo-0093")
}

func TestFailedSourceGreysThePicture(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("j")
	before, _, _ := strings.Cut(s.app.View(), "✖ failed")
	coloured := before[strings.LastIndex(before, "\x1b["):] + "✖ failed"
	f.err = model.Errorf(model.Unavailable, "nobody answers")
	s.refresh()
	s.line("no new picture: nobody answers; this is from 0s ago")
	if strings.Contains(s.app.View(), coloured) {
		t.Error("the old picture has its colours still")
	}
}

func TestOpenDetailStaysWithItsConnection(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 30).press("enter")
	f.snapshot.Connections[0].State = model.Failed // comes in on top
	s.refresh()
	s.line("─ demo-0007 (c7)")
}

func TestSortedColumnIsShown(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 80, 24)
	s.lacks("IN/S")
	s.press("s", "d").line("IN/S▼")
}

// TestTrafficIsPerSecond lets a connection receive 1000 bytes in each of many seconds.
func TestTrafficIsPerSecond(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 30)
	for range 60 {
		f.snapshot.Time = f.snapshot.Time.Add(1e9)
		f.snapshot.Connections[2].BytesIn += 1000
		s.refresh()
	}
	s.press("s", "d")
	same(t, s.cursorRow(), "demo-0003")
	s.line("1.0k")
}

func TestFrozenHostStandsStill(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 30)
	s.events()
	before := s.press("5", "p").line("cpu ")
	s.app.Update(happened{events: []model.Event{{Seq: 9, Type: model.HostSampled, Host: &model.Host{CPU: 97}}}})
	s.refresh()
	same(t, s.line("cpu "), before)
	s.press("p").lacks(before)
}

func TestReadOnlyOffersNothingThatChanges(t *testing.T) {
	s := newScreenWith(t, newFake(ward(20)...), 120, 30, utf8Locale, true)
	s.line("enter open")
	s.lacks("x kick")
	s.press("space").lacks("X kick")
	newScreenWith(t, newFake(), 80, 24, utf8Locale, true).lacks("d demo")
}

func TestRestGrowsWithTheWork(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		time.Millisecond: 250 * time.Millisecond, 50 * time.Millisecond: 500 * time.Millisecond, time.Minute: longestRest,
	} {
		if got := rest(250*time.Millisecond, took); got != want {
			t.Errorf("%v after %v, want %v", got, took, want)
		}
	}
}

func TestProxyShowsBothSides(t *testing.T) {
	for name, size := range map[string]size{"stacked": {80, 60}, "beside": {160, 60}} {
		t.Run(name, func(t *testing.T) {
			conns := ward(20)
			conns[3].Side = model.UpstreamSide // it is suspect
			s := newScreen(t, newFake(conns...), size.w, size.h).press("n")
			s.line("⇥ peer-st")
			s.press("enter", "enter").line("client side")
			s.line("upstream side")
			golden.RequireEqual(t, []byte(s.text()))
		})
	}
}

func TestRefuseIsAskedForAndEnded(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24).press("R", "esc", "R", "x")
	s.press("R", "y").refresh()
	s.line("REFUSING 10s")
	s.press("R").line("0 let them in again")
	s.press("0").refresh()
	s.lacks("REFUSING")
	if want := []time.Duration{10 * time.Second, 0}; !slices.Equal(f.refused, want) {
		t.Errorf("refused for %v, want %v", f.refused, want)
	}
	newScreenWith(t, f, 80, 24, utf8Locale, true).press("R").line("read-only: this screen changes nothing")
}
