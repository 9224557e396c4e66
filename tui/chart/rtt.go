package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"holter/model"
	"holter/tui/look"
)

// leastBeats is how many beats the chart has room for from the start, so that the first ones do not
// stretch over the whole width.
const leastBeats = 24

// RTT draws the round trips of beats, oldest first, with the timeout that was in force for each
// and a sign where one was missed. It has h lines of w cells. The axis is logarithmic, and says so,
// where the largest figure is more than fifty times the middle round trip. The legend has no figures:
// samples are kept too coarsely to be read beside those of now.
func RTT(samples []model.Sample, w, h int, s *look.Styles) []string {
	rtts, timeouts, marks := beatFigures(samples)
	c := Chart{
		Title: "round trips",
		Marks: marks,
		Sign:  Ink{Paint: s.Chart.Miss, Stencil: s.Glyphs.Lost},
		Label: axisTime,
		Log:   wantsLog(rtts, timeouts),
		Times: []Tick{{0, fmt.Sprintf("%d beats", len(rtts))}, {0.5, strconv.Itoa(len(rtts) / 2)}, {1, "now"}},
		Series: []Series{
			{Name: "rtt", Key: s.Glyphs.Line, Ink: Ink{Paint: s.Chart.Line}, Values: rtts},
			{Name: "timeout", Key: s.Glyphs.Dash, Ink: limitInk(s), Form: Dashes, Values: timeouts},
			{Name: "not in time", Key: s.Glyphs.Lost, Ink: Ink{Paint: s.Chart.Miss}},
		},
	}
	return c.Lines(w, h, s)
}

// beatFigures are round trips and timeouts in seconds, NaN where there is none, and the misses.
func beatFigures(samples []model.Sample) (rtts, timeouts []float64, marks []Mark) {
	n := max(len(samples), leastBeats)
	rtts, timeouts = make([]float64, n), make([]float64, n)
	for i := range n {
		rtts[i], timeouts[i] = math.NaN(), math.NaN()
	}
	for i, sample := range samples {
		slot := n - len(samples) + i
		if sample.RTT > 0 {
			rtts[slot] = sample.RTT.Seconds()
		}
		if sample.Timeout > 0 {
			timeouts[slot] = sample.Timeout.Seconds()
		}
		if sample.Missed {
			marks = append(marks, Mark{slot, n, sample.Timeout.Seconds()})
		}
	}
	return rtts, timeouts, marks
}

// limitInk draws a limit. The limit gives way to other series. Without braille it is a dash, as the other dots are
// too coarse for a thin line.
func limitInk(s *look.Styles) Ink {
	in := Ink{Paint: s.Chart.Limit, Shy: true}
	if s.Graph != look.Braille {
		in.Stencil = s.Glyphs.Dash
	}
	return in
}

// wantsLog reports whether the largest figure would press the middle round trip flat.
func wantsLog(rtts, timeouts []float64) bool {
	var known []float64
	largest := 0.0
	for i := range rtts {
		if !math.IsNaN(rtts[i]) {
			known = append(known, rtts[i])
			largest = max(largest, rtts[i])
		}
		if !math.IsNaN(timeouts[i]) {
			largest = max(largest, timeouts[i])
		}
	}
	if len(known) == 0 {
		return false
	}
	slices.Sort(known)
	return largest > logFrom*known[len(known)/2]
}

// axisTime is a time in seconds as a label: 0, 0.5ms, 20ms, 1.5s, 2m00s.
func axisTime(v float64) string {
	switch {
	case v <= 0:
		return "0"
	case v < 0.9999:
		return strconv.FormatFloat(v*1000, 'g', 3, 64) + "ms"
	case v < 60:
		return strconv.FormatFloat(v, 'g', 3, 64) + "s"
	}
	return look.Span(time.Duration(math.Min(v, 1e9) * float64(time.Second)))
}
