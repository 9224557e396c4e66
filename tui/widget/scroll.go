package widget

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// Scroll scrolls a text by the keys that move the cursor in a list. It reports whether msg was one.
func Scroll(v *viewport.Model, msg tea.KeyMsg, k *Keys) bool {
	switch {
	case key.Matches(msg, k.Up):
		v.ScrollUp(1)
	case key.Matches(msg, k.Down):
		v.ScrollDown(1)
	case key.Matches(msg, k.HalfUp):
		v.HalfPageUp()
	case key.Matches(msg, k.HalfDown):
		v.HalfPageDown()
	case key.Matches(msg, k.PageUp):
		v.PageUp()
	case key.Matches(msg, k.PageDown):
		v.PageDown()
	case key.Matches(msg, k.Top):
		v.GotoTop()
	case key.Matches(msg, k.Bottom):
		v.GotoBottom()
	default:
		return false
	}
	return true
}

// More says how many lines of a text are hidden above and below, "" if none are.
func More(g *look.Glyphs, v *viewport.Model) string {
	above, below := v.YOffset, v.TotalLineCount()-v.YOffset-v.Height
	text := ""
	if above > 0 {
		text += fmt.Sprintf("%s %d ", g.Keys.Up, above)
	}
	if below > 0 {
		text += fmt.Sprintf("%s %d ", g.Keys.Down, below)
	}
	if text == "" {
		return ""
	}
	return text + "more"
}
