package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
)

// plain makes text from a socket safe to draw on one line, whatever was done to it before, and hides
// the addresses in it if they are to be. Where the terminal draws ASCII only, the rest becomes question
// marks.
func (g *glyphs) plain(s string) string {
	if g.masked {
		s = mask(s)
	}
	if isASCII(s) {
		return s
	}
	s = model.Clean(s, 4*len(s))
	if g.unicode {
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

// width is how many cells s takes.
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// cut shortens s to w cells, with an ellipsis for what is missing.
func (g *glyphs) cut(s string, w int) string {
	if width(s) <= w {
		return s
	}
	return ansi.Truncate(s, max(w, 0), g.ellipsis)
}

// cutLeft is cut at the other end, for text whose end tells more.
func (g *glyphs) cutLeft(s string, w int) string {
	total := width(s)
	if total <= w {
		return s
	}
	return ansi.TruncateLeft(s, total-w+width(g.ellipsis), g.ellipsis)
}

// pad fills s with spaces to w cells.
func pad(s string, w int) string {
	return s + strings.Repeat(" ", max(0, w-width(s)))
}

// padLeft puts the spaces in front.
func padLeft(s string, w int) string {
	return strings.Repeat(" ", max(0, w-width(s))) + s
}

// wrap breaks prose into lines of at most w cells.
func wrap(s string, w int) []string {
	return strings.Split(ansi.Wrap(s, max(w, 1), ""), "\n")
}

// fill makes lines exactly h lines.
func fill(lines []string, h int) []string {
	if len(lines) > h {
		return lines[:max(h, 0)]
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// sideBySide joins two regions of the same height.
func sideBySide(left, right []string, w int, bar string) []string {
	lines := make([]string, len(left))
	for i := range left {
		lines[i] = pad(left[i], w) + bar + right[i]
	}
	return lines
}
