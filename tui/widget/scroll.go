package widget

import (
	"fmt"
	"strings"

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

// BarWidth is the cells of a scroll bar. A list or a text leaves them free at its right edge, also where all of it fits, so
// that nothing moves when a bar comes.
const BarWidth = 1

// Window draws the part of a text that is seen, one cell wider than the text, with a scroll bar at its right edge.
func Window(s *look.Styles, v *viewport.Model) []string {
	lines := look.Fill(strings.Split(v.View(), "\n"), v.Height)
	from, to := thumb(v.TotalLineCount(), v.Height, v.YOffset)
	for i := from; i < to; i++ {
		lines[i] = look.Pad(lines[i], v.Width) + s.Dim.String(s.Glyphs.Thumb)
	}
	return lines
}

// thumb is where the thumb of a scroll bar begins and ends: h of total lines are seen, from the line top on. It is empty
// where all are. It touches an end only where that end is seen.
func thumb(total, h, top int) (from, to int) {
	hidden := total - h
	if h < 2 || hidden <= 0 {
		return 0, 0
	}
	size := max(1, h*h/total)
	room := h - size
	from = min(max(top, 0), hidden) * room / hidden
	if from == 0 && top > 0 && room > 1 {
		from = 1
	}
	return from, from + size
}

// Rule is a line across w cells above a text, with a title in it. It says how much of the text is not seen.
func Rule(s *look.Styles, title string, w int, v *viewport.Model) string {
	more := More(&s.Glyphs, v)
	if more == "" {
		return s.Rule(title, w)
	}
	return s.Rule(title, w-look.Width(more)-2) + " " + s.Accent.String(more) + " "
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
