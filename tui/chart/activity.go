package chart

import (
	"math"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
)

// Activity draws what happened per second over at least the time given, up to now: connects and
// above them refusals upwards, closes downwards. The bins end at the time end; started is when the
// first bin ever began. It aligns columns of several bins, so that they do not change between pictures.
// The axis is logarithmic and says so: a burst of hundreds leaves single connects to be seen. It has h lines
// of w cells.
func Activity(bins []model.Activity, started, end time.Time, over time.Duration, w, h int, s *look.Styles) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	p := activityPlan(w, h)
	on := newCanvas(s.Graph, p.plotW, p.plotH, activityInks(s)...)
	per := binsPerColumn(over, on.wide())
	columns := activityColumns(bins, binNumber(started, end), per, on.wide())
	up := (p.plotH + 1) / 2
	y := newFlowScale(columns, up*on.dy, (p.plotH-up)*on.dy)
	y.draw(on, columns)
	f := frame{
		title:  "connections per second",
		labels: y.labels(p.plotH, up, on.dy),
		corner: "log",
		times:  timeTicks(time.Duration(per*on.wide())*model.ActivityBin, p.plotW),
		series: activityLegend(s),
	}
	if !p.title {
		f.series = slices.Insert(f.series, 0, Series{Name: "per second"})
	}
	return f.lines(p, on, s)
}

// activityTitleFrom is the least height, in lines, of the chart with a title line. A lower one that is wide has its
// legend beside the plot, with the unit.
const activityTitleFrom = 8

func activityPlan(w, h int) plan {
	p := newPlan(w, h)
	if p.title && h < activityTitleFrom && w >= legendFrom {
		p.title, p.legend = false, true
		p.plotH++
		p.plotW -= legendWidth
	}
	return p
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

// leastHigh is what the axis reaches at least, so that one connect a second is no burst.
const leastHigh = 10

// newFlowScale is the scale by which all columns fit into a number of dots up and down.
func newFlowScale(columns []perSecond, up, down int) flowScale {
	perDot := flow(leastHigh) / float64(max(up, 1))
	for i := range columns {
		perDot = max(perDot, flow(columns[i].connects+columns[i].refused)/float64(max(up, 1)))
		if down > 0 {
			perDot = max(perDot, flow(columns[i].closes)/float64(down))
		}
	}
	return flowScale{high: roundUp(math.Expm1(perDot * float64(up))), up: up, down: down}
}

// flow is where a rate lies on the axis, in no unit: its logarithm far above 1, itself far below.
func flow(v float64) float64 { return math.Log1p(v) }

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
	return max(1, int(flow(v)/flow(y.high)*float64(y.up)+0.5))
}

func (y *flowScale) draw(on *canvas, columns []perSecond) {
	line := 0 // dots of the zero line that a column has to stand out from
	if on.graph == look.Braille {
		line = 1
	}
	for x := range columns {
		c := &columns[x]
		on.dot(x, y.down, inkZero)
		if c.refused > 0 { // every other dot of it shows
			n := max(y.dots(c.connects+c.refused), y.dots(c.connects)+2)
			on.column(x, y.down, y.down+n-1, inkRefused)
		}
		if n := y.dots(c.connects); n > 0 {
			on.column(x, y.down, y.down+max(n, line+1)-1, inkConnects)
		}
		if n := y.dots(c.closes); n > 0 {
			on.column(x, y.down-1, y.down-n, inkCloses)
		}
	}
}

// labels name the top, the zero line and round figures between, upwards and downwards, each on the row of its
// highest dot. A row that is labelled keeps its label.
func (y *flowScale) labels(rows, up, dy int) []string {
	labels := make([]string, rows)
	put := func(row int, v float64) {
		if 0 <= row && row < rows && labels[row] == "" {
			labels[row] = axisRate(v)
		}
	}
	put(0, y.high)
	if up > 1 {
		put(up-1, 0)
	}
	if rows == 2*up {
		put(rows-1, y.high)
	}
	for v := power(y.high); v >= 1; v /= 10 {
		above := (y.dots(v) - 1) / dy
		put(up-1-above, v)
		put(up+above, v)
	}
	return labels
}

// axisRate is a round rate as a label: 0, 3, 100, 2k.
func axisRate(v float64) string { return strings.Replace(look.Amount(v), ".0", "", 1) }

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
