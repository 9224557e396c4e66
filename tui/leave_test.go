package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// hosting is the screen of a server of which all connections but the first ten are of others.
func hosting(t *testing.T) (*fake, *screen) {
	f := newFake(ward(20)...)
	s := newScreen(t, f, 80, 24)
	s.app.foreign = func(c *model.Connection) bool { return c.ID > 10 }
	return f, s
}

const tenOfOthers = "10 connections of others would be closed."

func TestLeavingAsksAndStaysByDefault(t *testing.T) {
	for _, answer := range []string{"q", "n", "esc", "enter", "Q", "x", "space", "tab tab enter"} {
		for _, k := range []string{"Q", "q"} {
			_, s := hosting(t)
			s.press(k).line(tenOfOthers)
			s.line("▸ Cancel")
			for _, key := range strings.Fields(answer) {
				if s.leaves(key) {
					t.Errorf("%s after %s quits", answer, k)
				}
			}
			s.lacks("Quit holter?")
			s.lacks("Cancel") // x and Q did nothing behind it
		}
	}
}

func TestLeavingIsConfirmed(t *testing.T) {
	for _, answer := range []string{"y", "tab enter", "right enter", "left enter", "up enter"} {
		_, s := hosting(t)
		keys := strings.Fields(answer)
		s.press("q").press(keys[:len(keys)-1]...)
		same(t, s.ask(keys[len(keys)-1]), "tea.QuitMsg")
	}
}

// leaves presses a key, and reports whether the screen quits once it has counted.
func (s *screen) leaves(name string) bool {
	quits := false
	var run func(cmd tea.Cmd)
	run = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				run(c)
			}
		case tea.QuitMsg:
			quits = true
		case foreignCount:
			_, cmd := s.app.Update(msg)
			run(cmd)
		}
	}
	_, cmd := s.app.Update(keyMsg(name))
	run(cmd)
	return quits
}

// A word that is typed while the screen has the keyboard is no answer, be it in one read or in several.
func TestNoWordLeaves(t *testing.T) {
	for _, word := range []string{"qy", "query", "qqy", "Qy", "quality", "qyyy"} {
		_, s := hosting(t)
		if s.leaves(word) {
			t.Errorf("%s quits", word)
		}
	}
	_, s := hosting(t)
	for _, letter := range []string{"q", "u", "e", "r", "y"} {
		if s.leaves(letter) {
			t.Errorf("query, letter by letter, quits with %s", letter)
		}
	}
}

// The question counts anew: who has come since the last picture, and who goes while it is asked.
func TestLeavingCountsAsThingsAre(t *testing.T) {
	f, s := hosting(t)
	f.snapshot.Connections = append(f.snapshot.Connections, model.Connection{ID: 99, Client: "late"})
	s.press("q").line("11 connections of others would be closed.")
	f.snapshot.Connections = slices.DeleteFunc(f.snapshot.Connections, func(c model.Connection) bool { return c.ID > 11 })
	s.refresh()
	s.line("1 connection of others would be closed.")
	s.press("esc")
	f.snapshot.Connections = f.snapshot.Connections[:10]
	if !s.leaves("q") {
		t.Error("q does not quit although nothing of others is there")
	}
}

// Where the number cannot be had, nothing is ended without a question.
func TestLeavingAsksWhereNothingIsKnown(t *testing.T) {
	f, s := hosting(t)
	f.err = errors.New("it does not answer")
	s.press("q").line("Quit holter?")
}

func TestSmallTerminalAsksToo(t *testing.T) {
	for _, size := range []size{{20, 5}, {59, 14}, {200, 10}} {
		_, s := hosting(t)
		s.send(tea.WindowSizeMsg{Width: size.w, Height: size.h})
		s.line("q quits")
		s.press("q").line("y quits")
		checkSize(t, s.app.View(), size.w, size.h)
		s.press("q").line("q quits")
		s.press("q", "x").line("q quits")
		s.press("q")
		same(t, s.ask("y"), "tea.QuitMsg")
	}
}
