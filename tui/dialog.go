package tui

import (
	"strings"

	"holter/tui/look"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// dialog is what takes all keys for a while.
type dialog interface {
	// update takes a key; done says that the dialog is over.
	update(msg tea.KeyMsg) (done bool, cmd tea.Cmd)
	// view draws the dialog into the lines of the page behind it.
	view(page []string, w int) []string
	// footer is the two lines at the bottom, the message line of which it may keep.
	footer(w int, message string) []string
}

// liveDialog is one about what is there now, whatever is shown.
type liveDialog interface{ look(p *picture) }

// box puts a frame around lines, with w cells for text.
func box(s *look.Styles, lines []string, w int) []string {
	b := &s.Glyphs.Box
	edge := strings.Repeat(b.Top, w+2)
	framed := []string{s.Dim.String(b.TopLeft + edge + b.TopRight)}
	for _, line := range lines {
		framed = append(framed, s.Dim.String(b.Left)+" "+look.Pad(line, w)+" "+s.Dim.String(b.Right))
	}
	return append(framed, s.Dim.String(b.BottomLeft+edge+b.BottomRight))
}

// dialogOver puts a box in the middle of a page, in place of the lines behind it.
func dialogOver(page, box []string, w int) []string {
	lines := append([]string(nil), page...)
	top := max(0, (len(page)-len(box))/2)
	left := strings.Repeat(" ", max(0, (w-look.Width(box[0]))/2))
	for i := range min(len(box), len(page)-top) {
		lines[top+i] = left + box[i]
	}
	return lines
}

// hints lists keys and what they do within w cells. Those in always are last and stay; of the others
// as many as fit.
func hints(s *look.Styles, w int, keys []key.Binding, always ...key.Binding) string {
	end, used := "", 0
	for _, k := range always {
		text, cells := hint(s, k)
		end += text
		used += cells
	}
	var b strings.Builder
	for _, k := range keys {
		text, cells := hint(s, k)
		if used += cells; used > w {
			break
		}
		b.WriteString(text)
	}
	return b.String() + end
}

// hint is one key with the blanks around it, and its width.
func hint(s *look.Styles, k key.Binding) (text string, cells int) {
	h := k.Help()
	return " " + s.Strong.String(h.Key) + " " + s.Dim.String(h.Desc) + " ", look.Width(h.Key) + look.Width(h.Desc) + 3
}
