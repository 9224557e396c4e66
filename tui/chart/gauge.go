package chart

import (
	"strings"

	"holter/tui/look"
)

// Gauge draws share, from 0 to 1, over w cells between two ends. Without room for that it is blank.
func Gauge(share float64, w int, g *look.Glyphs) string {
	if w < 3 {
		return strings.Repeat(" ", max(w, 0))
	}
	steps := len(g.Eighths) - 1
	filled := int(unit(share)*float64((w-2)*steps) + 0.5)
	var b strings.Builder
	b.Grow(3 * w)
	b.WriteString(g.Left)
	for range w - 2 {
		b.WriteString(g.Eighths[min(filled, steps)])
		filled = max(0, filled-steps)
	}
	b.WriteString(g.Right)
	return b.String()
}

// unit brings a share into 0…1. NaN is 0.
func unit(share float64) float64 {
	if share > 0 { // false for NaN
		return min(share, 1)
	}
	return 0
}
