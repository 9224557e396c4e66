package tui

import (
	"fmt"
	"strings"
	"testing"
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
			s.line("normal, suspect, failed, closed") // half typed
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
	_, tally, _ := strings.Cut(s.line("5 host"), "5 host")
	var at, n, of int
	if _, err := fmt.Sscanf(strings.TrimSpace(tally), "%d/%d of %d", &at, &n, &of); err != nil {
		of = n
	}
	if n != s.rows() || of != all {
		s.t.Errorf("%q over %d of %d rows", tally, s.rows(), all)
	}
}
