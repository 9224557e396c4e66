package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// page is what the root shows one of at a time. Only the root calls it.
type page interface {
	// layOut has the page draw itself in a region, by a drawing. Both hold until the next call.
	layOut(room size, d drawing)
	// arrange is what a command makes of a new picture for this page, nil if nothing.
	arrange() func(*picture) *picture
	setPicture(p *picture) tea.Cmd
	update(msg tea.KeyMsg) tea.Cmd
	click(x, y int) tea.Cmd
	// back goes one step back, or reports that there is none.
	back() (cmd tea.Cmd, done bool)
	view() []string

	selected() *model.Connection // whom a command is about, nil for nobody
	following() string           // what the cursor goes with, "" for nothing
	tally() string
	hints() []key.Binding
	sorts() []widget.Item
	choices() widget.Choices // nil without columns
}

// tab is a page with its place on the line of pages.
type tab struct {
	digit, name string
	key         func(*keyMap) key.Binding
	page        page
}

func newTabs(c *connections, cl *clients, st *storms, e *events, h *hostPage) []tab {
	return []tab{
		{"1", "connections", func(k *keyMap) key.Binding { return k.Connections }, c},
		{"2", "clients", func(k *keyMap) key.Binding { return k.Clients }, cl},
		{"3", "storms", func(k *keyMap) key.Binding { return k.Storms }, st},
		{"4", "events", func(k *keyMap) key.Binding { return k.Events }, e},
		{"5", "host", func(k *keyMap) key.Binding { return k.Host }, h},
	}
}

// label is what a tab looks like behind a blank, without colours.
func (t *tab) label() string { return t.digit + " " + t.name }

// tabAt is the tab over cell x of the line, -1 if there is none.
func tabAt(tabs []tab, x int) int {
	end := 0
	for i := range tabs {
		if end += 1 + look.Width(tabs[i].label()); x < end {
			return i
		}
	}
	return -1
}

// tabsWidth is the cells of all labels with the blanks before them.
func tabsWidth(tabs []tab) int {
	w := 0
	for i := range tabs {
		w += 1 + look.Width(tabs[i].label())
	}
	return w
}

// tabLine is the line of pages, with notes at its right end of which the first ones matter most.
func tabLine(s *look.Styles, tabs []tab, at int, notes []part, w int) string {
	line, used := "", tabsWidth(tabs)
	for i := range tabs {
		label := tabs[i].label()
		if i == at {
			label = s.Pressed.String(label)
		} else {
			label = s.Dim.String(label)
		}
		line += " " + label
	}
	for i := range notes {
		room := max(0, w-used-measure(notes[:i])-2)
		notes[i].text = s.Glyphs.Cut(notes[i].text, room)
	}
	return look.Pad(line, w-measure(notes)) + join(notes)
}

// dialog is what takes all keys for a while.
type dialog interface {
	// Update takes a key; done says that the dialog is over.
	Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd)
	// View draws the dialog into the lines of the page behind it.
	View(page []string, w int) []string
	// Footer is the two lines at the bottom, the message line of which it may keep.
	Footer(w int, message string) []string
}

// liveDialog is one about what is there now, whatever is shown.
type liveDialog interface{ look(p *picture) }
