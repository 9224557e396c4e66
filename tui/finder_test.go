package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/filter"
)

// TestRowsFollowWhatIsTyped holds the rows against their tally after every key. Where nothing matches so far
// both remain those of the last text that something did.
func TestRowsFollowWhatIsTyped(t *testing.T) {
	for name, page := range map[string]string{"1": "connections", "2": "clients", "4": "events"} {
		t.Run(page, func(t *testing.T) {
			s := newScreen(t, newFake(ward(20)...), 80, 29) // all rows are seen
			s.events()
			s.press(name)
			all := s.rows()
			s.press("/", "s", "t", "a", "t", "e", "=", "s", "u", "s", "p", "e")
			s.line("normal, suspect, failed, ") // half typed
			s.agrees(all)
			s.press("c")
			s.agrees(all)
			s.press("t")
			s.line("demo-0004")
			left := s.rows()
			s.line(fmt.Sprintf("/%d of %d state=suspect", left, all))
			s.lacks("so far")
			s.press(" ", "z")
			s.line("nothing matches so far")
			s.line(fmt.Sprintf("/%d of %d state=suspect", left, all))
			s.refresh()
			s.line("nothing matches so far")
			if s.rows() != left {
				t.Errorf("%d rows instead of %d", s.rows(), left)
			}
			s.press("esc")
			if s.rows() != all {
				t.Errorf("%d rows instead of %d", s.rows(), all)
			}
		})
	}
}

// rows is how many rows the page draws.
func (s *screen) rows() int {
	lines := strings.Split(s.text(), "\n")
	n := 0
	for _, line := range lines[lowHeader+1 : len(lines)-footerHeight] {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

// agrees fails unless the tally has the number of rows, and of how many they are where these are not all.
func (s *screen) agrees(all int) {
	s.t.Helper()
	_, tally, _ := strings.Cut(s.line(" 7"), " 7")
	tally = strings.TrimPrefix(tally, " paths")
	var at, n, of int
	if _, err := fmt.Sscanf(strings.TrimSpace(tally), "%d/%d of %d", &at, &n, &of); err != nil {
		of = n
	}
	if n != s.rows() || of != all {
		s.t.Errorf("%q over %d of %d rows", tally, s.rows(), all)
	}
}

// Every title of a column above rows that can be filtered is a field, and every label of a detail is one, or leads to one.
func TestEveryWordIsAField(t *testing.T) {
	for key, place := range map[string]filter.Place{"1": filter.ConnectionRows, "2": filter.ClientRows, "4": filter.EventRows} {
		titles := newScreen(t, newFake(ward(20)...), 200, 60).press(key, "c").titles()
		if len(titles) < 3 {
			t.Errorf("page %s: titles %v", key, titles)
		}
		for _, title := range titles {
			if !isField(place, title) {
				t.Errorf("page %s: %s is not a field", key, title)
			}
		}
	}
	for _, label := range []string{"remote", "path", "user agent", "subprotocol", "opened", "rtt", "mean", "timeout", "interval",
		"silence", "without data", "beats", "unanswered", "evidence", "in", "out", "side", "fault", "generation", "upstream"} {
		_, err := filter.ConnectionRows.Parse(strings.ReplaceAll(label, " ", "_") + "<>")
		if err == nil || strings.Contains(err.Error(), "a field such as") {
			t.Errorf("%s is not a field, and leads to none: %v", label, err)
		}
	}
}

// titles are those of the columns, as the chooser lists them.
func (s *screen) titles() (titles []string) {
	for _, line := range strings.Split(s.text(), "\n") {
		for _, box := range []string{"[x] ", "[ ] "} {
			if _, title, ok := strings.Cut(line, box); ok {
				titles = append(titles, strings.TrimSpace(strings.Trim(title, "│ ")))
			}
		}
	}
	return titles
}

// isField reports whether a title is the name of a field of a place.
func isField(place filter.Place, title string) bool {
	name := strings.ReplaceAll(strings.ToLower(title), " ", "_")
	return slices.ContainsFunc(place.Fields(), func(f filter.Field) bool { return f.Name == name || slices.Contains(f.Also, name) })
}

func TestFilterByTheWordsOfThePage(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 40)
	f.snapshot.Time = noon.Add(time.Second)
	f.snapshot.Connections[4].BytesIn += 50_000
	s.refresh()
	s.press("/", "in/s>10k", "enter").line("1/1 of 20 in/s>10k")
	s.line("demo-0005")
	s.press("/", "ctrl+u", "state=away").line("away is for clients")
	s.press("esc", "2", "/", "state=away", "enter").line("of 21 state=away")
	s.line("zoe")
	s.press("X").line("nothing to kick: no open connection matches state=away")
	s.press("/", "ctrl+u", "back after>2s state=open", "enter").line("back after>2s state=open")
	s.lacks("zoe")
	s.line("demo-0003")
	s.events()
	s.press("4", "/", "event=refused", "enter").line("1/1 of 4 event=refused")
	s.line("refused 10.0.0.1:1: 503: full")
	s.press("/", "ctrl+u", "status=503 full", "enter").line("refused 10.0.0.1:1: 503: full")
	s.press("/", "ctrl+u", "why=peer-stalled", "enter").line("demo-0004 (c4) suspect")
	s.lacks("503: full")
	s.press("/", "ctrl+u", "evnt=x").line("a field such as event")
}

// The rate that a filter asks for is asked for again when a dialog kicks, as it was on the screen.
func TestKickByRate(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 40)
	step := func(i int, bytes uint64) {
		f.snapshot.Time = f.snapshot.Time.Add(time.Second)
		f.snapshot.Connections[i].BytesIn += bytes
		s.refresh()
	}
	step(4, 500_000)
	step(5, 500_000)
	s.press("/", "in/s>10k", "enter").line("1/2 of 20 in/s>10k")
	s.press("X").line("Kick 2 that match in/s>10k")
	for range 30 {
		step(5, 500_000)
	}
	s.line("live: 1 of 2 match now")
	s.press("tab", "enter")
	if len(f.kicks) != 1 || len(f.kicks[0].IDs) != 1 || f.kicks[0].IDs[0] != 6 {
		t.Errorf("kicks %+v", f.kicks)
	}
}

// A client's row is asked for again too, by what only clients have.
func TestKickClients(t *testing.T) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 120, 40).press("2", "/", "back>2s state=normal", "enter")
	s.press("X").line("Kick 5 that match back>2s state=normal")
	for i := range f.snapshot.Clients {
		if f.snapshot.Clients[i].ID == "demo-0003" {
			f.snapshot.Clients[i].Reconnects = []time.Duration{time.Second}
		}
	}
	f.snapshot.Clients = slices.DeleteFunc(f.snapshot.Clients, func(c model.Client) bool { return c.ID == "demo-0006" }) // forgotten
	s.refresh()
	s.line("live: 3 of 5 match now")
}

func TestHelpListsTheFieldsOfThePage(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 200, 200)
	s.press("?").line("in/s")
	s.lacks("seen ")
	s.press("esc", "4", "?").line("handshake-broken")
	s.lacks("in/s ")
}
