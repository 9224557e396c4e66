package chart

import (
	"math"
	"time"

	"holter/tui/look"
)

// Load draws shares in percent, one for each second up to now, over the time given. It has h lines
// of w cells. The axis reaches to 100 and further where the figures do.
func Load(title string, percents []float64, over time.Duration, w, h int, s *look.Styles) []string {
	n := int(max(min(over, time.Hour), time.Second) / time.Second)
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	percents = percents[max(len(percents)-n, 0):]
	copy(values[n-len(percents):], percents)
	c := Chart{
		Title:  title,
		Label:  look.Percent,
		Top:    100,
		Times:  timeTicks(time.Duration(n)*time.Second, newPlan(w, h).plotW),
		Series: []Series{{Ink: Ink{Paint: s.Chart.Line}, Form: Area, Values: values}},
	}
	return c.Lines(w, h, s)
}
