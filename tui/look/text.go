package look

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

// Plain makes text from a socket safe to draw on one line: without control characters and escape sequences, with its
// addresses hidden in masked styles, and with question marks for all that an ASCII terminal cannot draw.
func (g *Glyphs) Plain(s string) string {
	if g.masked {
		s = Mask(s)
	}
	if isASCII(s) {
		return s
	}
	s = model.Clean(s, 4*len(s))
	if g.Unicode {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, s)
}

// isASCII reports whether s is nothing but printable ASCII, so that its length is its width.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Width is how many cells s takes.
func Width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Cut shortens s to w cells. An ellipsis stands for the end that is cut off.
func (g *Glyphs) Cut(s string, w int) string {
	if Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, max(w, 0), g.Ellipsis)
}

// CutLeft cuts the beginning off, for text whose end matters more.
func (g *Glyphs) CutLeft(s string, w int) string {
	total := Width(s)
	if total <= w {
		return s
	}
	return ansi.TruncateLeft(s, total-w+Width(g.Ellipsis), g.Ellipsis)
}

// CutMiddle cuts the middle out, for names that differ at their ends.
func (g *Glyphs) CutMiddle(s string, w int) string {
	total := Width(s)
	if total <= w {
		return s
	}
	end := ansi.TruncateLeft(s, total-(w-Width(g.Ellipsis))/2, "")
	return g.Cut(s, w-Width(end)) + end
}

// Pad fills s with spaces to w cells.
func Pad(s string, w int) string {
	return s + strings.Repeat(" ", max(0, w-Width(s)))
}

// PadLeft puts the spaces in front.
func PadLeft(s string, w int) string {
	return strings.Repeat(" ", max(0, w-Width(s))) + s
}

// Wrap breaks prose into lines of at most w cells.
func Wrap(s string, w int) []string {
	return strings.Split(ansi.Wrap(s, max(w, 1), ""), "\n")
}

// WrapCut is Wrap for at most n lines, of which it cuts the last.
func (g *Glyphs) WrapCut(s string, w, n int) []string {
	lines := Wrap(s, w)
	if len(lines) > n {
		lines = append(lines[:n-1], g.Cut(strings.Join(lines[n-1:], " "), w))
	}
	return lines
}

// Fill makes lines exactly h lines.
func Fill(lines []string, h int) []string {
	if len(lines) > h {
		return lines[:max(h, 0)]
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// SideBySide joins two regions of the same height.
func SideBySide(left, right []string, w int, bar string) []string {
	lines := make([]string, len(left))
	for i := range left {
		lines[i] = Pad(left[i], w) + bar + right[i]
	}
	return lines
}
