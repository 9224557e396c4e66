package widget

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"holter/tui/look"
)

// Box puts a frame around lines, with w cells for text.
func Box(s *look.Styles, lines []string, w int) []string {
	b := &s.Glyphs.Box
	edge := strings.Repeat(b.Top, w+2)
	framed := []string{s.Dim.String(b.TopLeft + edge + b.TopRight)}
	for _, line := range lines {
		framed = append(framed, s.Dim.String(b.Left)+" "+look.Pad(line, w)+" "+s.Dim.String(b.Right))
	}
	return append(framed, s.Dim.String(b.BottomLeft+edge+b.BottomRight))
}

// Over puts a box in the middle of a page, in place of the lines behind it.
func Over(page, box []string, w int) []string {
	lines := append([]string(nil), page...)
	top := max(0, (len(page)-len(box))/2)
	left := strings.Repeat(" ", max(0, (w-look.Width(box[0]))/2))
	for i := range min(len(box), len(page)-top) {
		lines[top+i] = left + box[i]
	}
	return lines
}

// Hints lists keys and what they do within w cells. Those in always are last and stay; of the others
// as many as fit.
func Hints(s *look.Styles, w int, keys []key.Binding, always ...key.Binding) string {
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
