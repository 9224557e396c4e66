package widget

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// Hints are a line of keys and what they do. Those in Always are last and stay; of the others as many are named as fit. A
// click on one of them is as good as its key: see At.
type Hints struct {
	Width        int // cells, 0 for a line without hints
	Keys, Always []key.Binding
}

// named are the keys that there is room for.
func (h Hints) named() []key.Binding {
	used := 0
	for _, k := range h.Always {
		used += cells(k)
	}
	for i, k := range h.Keys {
		if used += cells(k); used > h.Width {
			return append(h.Keys[:i:i], h.Always...)
		}
	}
	return append(h.Keys[:len(h.Keys):len(h.Keys)], h.Always...)
}

// View draws the line.
func (h Hints) View(s *look.Styles) string {
	var b strings.Builder
	for _, k := range h.named() {
		b.WriteString(" " + s.Strong.String(k.Help().Key) + " " + s.Dim.String(k.Help().Desc) + " ")
	}
	return b.String()
}

// At is the key that is named at cell x, as if it were pressed. It reports false where there is none.
func (h Hints) At(x int) (tea.KeyMsg, bool) {
	if h.Width == 0 || x < 0 {
		return tea.KeyMsg{}, false
	}
	for _, k := range h.named() {
		if x -= cells(k); x < 0 {
			return pressed(k)
		}
	}
	return tea.KeyMsg{}, false
}

// cells is the width of a key and what it does, with the blanks around.
func cells(k key.Binding) int {
	return look.Width(k.Help().Key) + look.Width(k.Help().Desc) + 3
}

// pressed is the first key of a binding as a message. It reports false for a binding without keys, such as a title.
func pressed(k key.Binding) (tea.KeyMsg, bool) {
	if len(k.Keys()) == 0 {
		return tea.KeyMsg{}, false
	}
	name := k.Keys()[0]
	if runes := []rune(name); len(runes) == 1 && runes[0] != ' ' {
		return tea.KeyMsg{Type: tea.KeyRunes, Runes: runes}, true
	}
	for t := tea.KeyType(-100); t < 128; t++ { // below zero are the keys that are no control characters
		if (tea.Key{Type: t}).String() == name {
			msg := tea.KeyMsg{Type: t}
			if t == tea.KeySpace {
				msg.Runes = []rune{' '}
			}
			return msg, true
		}
	}
	return tea.KeyMsg{}, false
}
