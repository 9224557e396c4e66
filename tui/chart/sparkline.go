package chart

import (
	"math"
	"strings"

	"holter/tui/look"
)

// Sparkline draws the newest w figures as bars of one cell, the newest at the right. A figure of top
// fills its cell; with a top of 0 the largest does. NaN and missing figures leave a
// blank, and anything above 0 shows.
func Sparkline(values []float64, top float64, w int, g *look.Glyphs) string {
	w = max(w, 0)
	values = values[max(len(values)-w, 0):]
	if !(top > 0) {
		top = largest(values)
	}
	var b strings.Builder
	b.Grow(3 * w)
	writeBlanks(&b, w-len(values))
	steps := len(g.Bars) - 1
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			b.WriteByte(' ')
		case v > 0 && top > 0:
			b.WriteString(g.Bars[max(1, int(unit(v/top)*float64(steps)+0.5))])
		default:
			b.WriteString(g.Bars[0])
		}
	}
	return b.String()
}

// largest is the largest finite figure, 0 if none is above it.
func largest(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		if v > most && !math.IsInf(v, 0) {
			most = v
		}
	}
	return most
}
