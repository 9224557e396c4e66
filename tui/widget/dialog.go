package widget

import (
	"strings"

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
	left, top := corner(box, w, len(page))
	for i := range min(len(box), len(page)-top) {
		lines[top+i] = strings.Repeat(" ", left) + box[i]
	}
	return lines
}

// corner is the upper left cell of a box in the middle of w by h cells.
func corner(box []string, w, h int) (left, top int) {
	return max(0, (w-look.Width(box[0]))/2), max(0, (h-len(box))/2)
}

// Inside is the cell of the text of a box that is drawn over the middle of w by h cells, by the cell of all. It is outside
// the text if there is none.
func Inside(box []string, x, y, w, h int) (atX, atY int) {
	left, top := corner(box, w, h)
	return x - left - 2, y - top - 1
}
