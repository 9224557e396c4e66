package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// menu waits for one more letter after a key, such as the column after s. Any other key leaves it.
type menu struct {
	styles *look.Styles
	keys   *widgetKeys
	title  string
	items  []menuItem
}

// menuItem is a letter and what it does.
type menuItem struct {
	letter, label string
	do            func() tea.Cmd
}

func (m *menu) update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	for _, it := range m.items {
		if msg.String() == it.letter {
			return true, it.do()
		}
	}
	return true, nil
}

func (m *menu) view(page []string, _ int) []string { return page }

// footer names the letters, over both lines if one is too short.
func (m *menu) footer(w int, message string) []string {
	letters := []key.Binding{key.NewBinding(key.WithKeys(m.title), key.WithHelp(m.title, ""))}
	need := 0
	for _, it := range m.items {
		letters = append(letters, key.NewBinding(key.WithKeys(it.letter), key.WithHelp(it.letter, it.label)))
	}
	for _, k := range append(letters, m.keys.Back) {
		_, cells := hint(m.styles, k)
		need += cells
	}
	if need <= w {
		return []string{message, hints(m.styles, w, letters, m.keys.Back)}
	}
	half := len(letters)/2 + 1
	return []string{hints(m.styles, w, letters[:half]), hints(m.styles, w, letters[half:], m.keys.Back)}
}
