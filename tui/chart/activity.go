package chart

import (
	"math"
	"slices"
	"time"

	"holter/model"
	"holter/tui/look"
)

// Activity draws what happened per second over at least the time given, up to now: connects and
// above them refusals upwards, closes downwards. The bins end at the time end; started is when the
// first bin ever began. It aligns columns of several bins, so that they do not change between pictures.
// It has h lines of w cells.
func Activity(bins []model.Activity, started, end time.Time, over time.Duration, w, h int, s *look.Styles) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	p := newPlan(w, h)
	on := newCanvas(s.Graph, p.plotW, p.plotH, activityInks(s)...)
	per := binsPerColumn(over, on.wide())
	columns := activityColumns(bins, binNumber(started, end), per, on.wide())
	up := (p.plotH + 1) / 2
	y := newFlowScale(columns, up*on.dy, (p.plotH-up)*on.dy)
	y.draw(on, columns)
	f := frame{
		title:  "per second",
		labels: y.labels(p.plotH, up),
		times:  timeTicks(time.Duration(per*on.wide())*model.ActivityBin, p.plotW),
		series: activityLegend(s),
	}
	return f.lines(p, on, s)
}

// The inks of the chart, and their order in its legend.
const (
	inkConnects = iota
	inkCloses
	inkRefused
	inkZero
)

func activityInks(s *look.Styles) []Ink {
	zero := Ink{Paint: s.Chart.Axis}
	if s.Graph != look.Braille {
		zero.Stencil, zero.Shy = s.Glyphs.Rule, true
	}
	return []Ink{
		inkConnects: {Paint: s.Chart.Connects},
		inkCloses:   {Paint: s.Chart.Closes},
		inkRefused:  RefusedInk(s),
		inkZero:     zero,
	}
}

// RefusedInk draws what was turned away.
func RefusedInk(s *look.Styles) Ink {
	in := Ink{Paint: s.Chart.Refused, Rough: true}
	if s.Graph != look.Braille {
		in.Stencil = map[look.Graph]string{look.Block: "▒", look.ASCII: "%"}[s.Graph]
	}
	return in
}

// RoughKey is the look of such an ink in a legend.
func RoughKey(in Ink) string {
	if in.Stencil != "" {
		return in.Stencil
	}
	return "⢕"
}

func activityLegend(s *look.Styles) []Series {
	inks := activityInks(s)
	return []Series{
		{Name: "connects", Key: s.Glyphs.Up, Ink: inks[inkConnects]},
		{Name: "closes", Key: s.Glyphs.Down, Ink: inks[inkCloses]},
		{Name: "refused", Key: RoughKey(inks[inkRefused]), Ink: inks[inkRefused]},
	}
}

// binNumber is how many bins there have been between two times.
func binNumber(started, end time.Time) int {
	if n := end.Sub(started) / model.ActivityBin; n > 0 && n < math.MaxInt32 {
		return int(n)
	}
	return 0
}

// binsPerColumn is how many bins share a column, so that all columns reach over the time.
func binsPerColumn(over time.Duration, columns int) int {
	bins := int(min(max(over, model.ActivityBin), model.MaxActivity*model.ActivityBin) / model.ActivityBin)
	return max(1, (bins+columns-1)/max(columns, 1))
}

// perSecond is what happened in a column.
type perSecond struct{ connects, closes, refused float64 }

// activityColumns sums bins. The last one ends at the number end, and a column begins where the number
// is a multiple of per; the newest column fills up before the next one begins.
func activityColumns(bins []model.Activity, end, per, n int) []perSecond {
	columns := make([]perSecond, n)
	newest := (end + per - 1) / per // the number of the column after the newest
	share := 1 / (float64(per) * model.ActivityBin.Seconds())
	for i := range bins {
		number := end - len(bins) + i
		x := n - newest + floorDiv(number, per)
		if x < 0 || x >= n {
			continue
		}
		columns[x].connects += float64(bins[i].Connects) * share
		columns[x].closes += float64(bins[i].Closes) * share
		columns[x].refused += float64(bins[i].Refused) * share
	}
	return columns
}

// floorDiv is a/b rounded down, for b above 0.
func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// newFlowScale is the scale by which all columns fit into a number of dots up and down.
func newFlowScale(columns []perSecond, up, down int) flowScale {
	perDot := 0.0
	for i := range columns {
		perDot = max(perDot, (columns[i].connects+columns[i].refused)/float64(max(up, 1)))
		if down > 0 {
			perDot = max(perDot, columns[i].closes/float64(down))
		}
	}
	high := perDot * float64(up)
	if !(high > 0) {
		high = 1
	}
	return flowScale{high: roundUp(high), up: up, down: down}
}

// flowScale has the same figures for a dot in both directions.
type flowScale struct {
	high     float64 // at the top
	up, down int     // dots
}

// dots is how high v is. Anything above 0 has at least one dot.
func (y *flowScale) dots(v float64) int {
	if !(v > 0) {
		return 0
	}
	return max(1, int(v/y.high*float64(y.up)+0.5))
}

func (y *flowScale) draw(on *canvas, columns []perSecond) {
	for x := range columns {
		c := &columns[x]
		on.dot(x, y.down, inkZero)
		if c.refused > 0 { // every other dot of it shows
			n := max(y.dots(c.connects+c.refused), y.dots(c.connects)+2)
			on.column(x, y.down, y.down+n-1, inkRefused)
		}
		if n := y.dots(c.connects); n > 0 {
			on.column(x, y.down, y.down+n-1, inkConnects)
		}
		if n := y.dots(c.closes); n > 0 {
			on.column(x, y.down-1, y.down-n, inkCloses)
		}
	}
}

// labels name the top, the zero line, and the bottom where it is as far away as the top.
func (y *flowScale) labels(rows, up int) []string {
	labels := make([]string, rows)
	if rows == 2*up {
		labels[rows-1] = look.Rate(y.high)
	}
	if up > 1 {
		labels[up-1] = "0"
	}
	labels[0] = look.Rate(y.high)
	return labels
}

// timeTicks are labels for the time before now, as many as there is room for.
func timeTicks(over time.Duration, w int) []Tick {
	const cells = 14 // for each
	ticks := []Tick{{1, "now"}}
	for _, step := range []time.Duration{5, 10, 15, 30, 60, 120, 300} {
		step *= time.Second
		n := int(over / step)
		if n == 0 || n > max(w/cells, 1) {
			continue
		}
		for t := step; t <= over; t += step {
			ticks = append(ticks, Tick{1 - float64(t)/float64(over), look.Ago(t)})
		}
		break
	}
	slices.Reverse(ticks)
	return ticks
}
