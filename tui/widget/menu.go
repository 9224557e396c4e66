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

// Footer names the letters, over both lines if one is too short.
func (m *Menu) Footer(w int, message string) []string {
	letters := []key.Binding{key.NewBinding(key.WithKeys(m.Title), key.WithHelp(m.Title, ""))}
	need := 0
	for _, it := range m.Items {
		letters = append(letters, key.NewBinding(key.WithKeys(it.Letter), key.WithHelp(it.Letter, it.Label)))
	}
	for _, k := range append(letters, m.Keys.Back) {
		_, cells := hint(m.Styles, k)
		need += cells
	}
	if need <= w {
		return []string{message, Hints(m.Styles, w, letters, m.Keys.Back)}
	}
	half := len(letters)/2 + 1
	return []string{Hints(m.Styles, w, letters[:half]), Hints(m.Styles, w, letters[half:], m.Keys.Back)}
}
