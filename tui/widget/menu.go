package widget

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// Menu is the dialog that waits for one more letter after a key, such as the column after s. Any other key leaves it.
type Menu struct {
	Styles *look.Styles
	Keys   *Keys
	Title  string
	Items  []Item
}

// Item is a letter and what it does.
type Item struct {
	Letter, Label string
	Do            func() tea.Cmd
}

func (m *Menu) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	for _, it := range m.Items {
		if msg.String() == it.Letter {
			return true, it.Do()
		}
	}
	return true, nil
}

func (m *Menu) View(page []string, _ int) []string { return page }

// Click leaves the menu: its letters are clicked on the line that names them.
func (m *Menu) Click(_, _, _, _ int) (done bool, cmd tea.Cmd) { return true, nil }

// Footer names the letters, over both lines if one is too short.
func (m *Menu) Footer(w int, message string) []string {
	lines := m.Hints(w)
	if lines[0].Width > 0 {
		message = lines[0].View(m.Styles)
	}
	return []string{message, lines[1].View(m.Styles)}
}

// Hints are the letters on both lines of the footer, or on the last one alone.
func (m *Menu) Hints(w int) [2]Hints {
	letters := []key.Binding{key.NewBinding(key.WithHelp(m.Title, ""))}
	need := cells(letters[0]) + cells(m.Keys.Back)
	for _, it := range m.Items {
		letter := key.NewBinding(key.WithKeys(it.Letter), key.WithHelp(it.Letter, it.Label))
		letters = append(letters, letter)
		need += cells(letter)
	}
	back := []key.Binding{m.Keys.Back}
	if need <= w {
		return [2]Hints{1: {w, letters, back}}
	}
	half := len(letters)/2 + 1
	return [2]Hints{{w, letters[:half], nil}, {w, letters[half:], back}}
}
