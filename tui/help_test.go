package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/glossary"
	"holter/tui/look"
)

// TestHelpExplainsTheWordsUncut looks for every word of every sentence, at all widths.
func TestHelpExplainsTheWordsUncut(t *testing.T) {
	for _, w := range []int{60, 80, 100, 119, 120, 160, 200} {
		s := newScreen(t, newFake(ward(20)...), w, 400).press("?")
		text := strings.Join(s.app.dialog.View(make([]string, 380), w), "\n")
		if strings.Contains(text, s.app.styles.Glyphs.Ellipsis) {
			t.Errorf("%d columns: a line is cut", w)
		}
		for i, line := range strings.Split(text, "\n") {
			if look.Width(line) > w {
				t.Errorf("line %d has %d cells of %d: %q", i, look.Width(line), w, line)
			}
		}
		for _, e := range glossary.Words {
			for _, word := range append(strings.Fields(e.Text), e.Name) {
				if !strings.Contains(text, word) {
					t.Errorf("%d columns: the help lacks %q of %q", w, word, e.Text)
				}
			}
		}
		for _, c := range slices.Concat(model.Causes[:], model.CohortCauses[:]) {
			s.line(" " + string(c) + " ")
		}
	}
}

// TestHelpBeginsWithTheMarks has them before the keys of the page, and those before the words and all other keys: one
// below the other in 80 columns, side by side in 120.
func TestHelpBeginsWithTheMarks(t *testing.T) {
	text := newScreen(t, newFake(ward(20)...), 80, 400).press("?").text()
	at := -1
	for _, title := range []string{"States", "Rows", "Here: connections", "Words", "Causes", "Move", "Act", "Filter", "Mouse"} {
		next := strings.Index(text, "\n "+title+" ")
		if next <= at {
			t.Errorf("%q is at %d, after what is at %d", title, next, at)
		}
		at = next
	}
	wide := newScreen(t, newFake(ward(20)...), 120, 40).press("?")
	if line := wide.line(" States "); !strings.Contains(line, "Here: connections") {
		t.Errorf("the keys that matter here do not stand beside the marks: %q", line)
	}
}

func TestHelpFindsWords(t *testing.T) {
	for _, w := range []int{80, 120} {
		s := newScreen(t, newFake(ward(20)...), w, 40).press("?", "/", "p", "r", "o", "b", "e", "enter")
		s.line(" one of three more pings")
		s.lacks("half a page")
		s.press("/", "x", "y", "z", "z", "y", "enter").line("nothing found")
		s.press("esc").line(" States ")
	}
}

// TestHelpIsWrappedAnew resizes the terminal while the help is open.
func TestHelpIsWrappedAnew(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 40).press("?")
	s.send(tea.WindowSizeMsg{Width: 80, Height: 40})
	if line := s.line(" States "); strings.Contains(line, "Here") {
		t.Errorf("still two columns: %q", line)
	}
	s.send(tea.WindowSizeMsg{Width: 200, Height: 40})
	s.line("Here: connections")
}
