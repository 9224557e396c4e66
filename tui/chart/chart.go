// Package chart draws figures in cells: charts over time, strips of beats, sparklines, gauges, the timeline of a connection
// and the state machine that it went through.
//
// All of them are functions of their figures, a size and the styles. They return lines of exactly the size that was asked
// for, whatever the figures are: NaN, infinity, no figures and no room are all fine. The charts are drawn on a canvas of dots:
// braille has 2x4 dots in a cell, blocks and ASCII have 1x2, and each cell has one look.
//
// A chart can be read without colour: each series has a form or a texture of its own. A column that stands for several
// figures keeps their extremes, so that a spike is never averaged away, and a gap stays a gap.
//
// The package keeps no state. Pages call it while they draw, which is on the goroutine of the screen, a few times a second;
// a chart of 160x20 cells takes well below a millisecond.
package chart

import (
	"math"

	"holter/tui/look"
)

// Chart draws figures over time: a line for the title and the legend where there is room, the plot
// with labels on its left, and a line for the time.
type Chart struct {
	Title  string
	Series []Series
	Label  func(float64) string // of a figure, in at most axisWidth cells
	Top    float64              // that the axis reaches at least
	Named  float64              // that words beside the chart name: the axis reaches and labels it; 0 for none
	Log    bool
	Times  []Tick
}

// Series is one row of figures, spread evenly over the width. NaN leaves a gap.
type Series struct {
	Name   string
	Key    string // its look in the legend, in one cell
	Ink    Ink
	Form   Form
	Values []float64
}

// Form is how the figures of a series are drawn.
type Form uint8

const (
	Area   Form = iota // filled from 0
	Dashes             // a level that holds until the next figure
)

// Tick is a label on the axis of time, at 0…1 of the width.
type Tick struct {
	At   float64
	Text string
}

const (
	axisWidth   = 6  // of the y axis
	legendWidth = 18 // beside the plot
	titleFrom   = 5  // least height, in lines, of a chart with a title line
	timesFrom   = 3  // least height, in lines, of a chart with a time line
	labelsFrom  = 20 // least width, in cells, of a chart with labels
	legendFrom  = 60 // least width, in cells, of a chart without a title that has its legend beside it
)

// plan is how a chart uses its lines and cells.
type plan struct {
	w, h         int
	labels       bool
	title, times bool
	legend       bool // beside the plot
	plotW, plotH int
}

func newPlan(w, h int) plan {
	p := plan{w: w, h: h, labels: w >= labelsFrom, title: h >= titleFrom, times: h >= timesFrom, plotW: w, plotH: h}
	p.legend = !p.title && w >= legendFrom
	if p.labels {
		p.plotW -= axisWidth + 1
	}
	if p.legend {
		p.plotW -= legendWidth
	}
	if p.title {
		p.plotH--
	}
	if p.times {
		p.plotH--
	}
	return p
}

// Lines draws the chart in exactly h lines of exactly w cells.
func (c *Chart) Lines(w, h int, s *look.Styles) []string {
	if w <= 0 || h <= 0 {
		return nil
	}
	p := newPlan(w, h)
	on := newCanvas(s.Graph, p.plotW, p.plotH, c.inks()...)
	low, high := c.bounds()
	y := newScale(low, high, c.Log, on.high())
	for i := range c.Series {
		c.Series[i].draw(on, &y, i)
	}
	f := frame{title: c.Title, series: c.Series, labels: make([]string, p.plotH), times: c.Times}
	label := func(v float64) { setLabel(f.labels, p.plotH-1-y.dot(v)/on.dy, c.Label(v)) }
	if c.Named > 0 && !math.IsInf(c.Named, 0) && p.plotH > 0 {
		f.named = c.Label(c.Named)
		label(c.Named)
	}
	for _, v := range y.ticks() {
		label(v)
	}
	if c.Log {
		f.corner = "log"
	}
	return f.lines(p, on, s)
}

func (c *Chart) inks() []Ink {
	inks := make([]Ink, len(c.Series))
	for i := range c.Series {
		inks[i] = c.Series[i].Ink
	}
	return inks
}

// bounds are the least figure above 0 and the largest.
func (c *Chart) bounds() (low, high float64) {
	low, high = math.Inf(1), max(c.Top, c.Named)
	for i := range c.Series {
		for _, v := range c.Series[i].Values {
			if v > 0 && v < low {
				low = v
			}
			if v > high && !math.IsInf(v, 0) {
				high = v
			}
		}
	}
	if math.IsInf(low, 0) {
		low = 0
	}
	return low, high
}

// setLabel labels a row unless that would crowd another label.
func setLabel(labels []string, row int, text string) {
	for near := max(row-1, 0); near <= min(row+1, len(labels)-1); near++ {
		if labels[near] != "" && (len(labels) > 2 || near == row) {
			return
		}
	}
	labels[row] = text
}

// draw puts the figures on a canvas.
func (s *Series) draw(on *canvas, y *scale, ink int) {
	switch s.Form {
	case Area:
		for x := range on.wide() {
			if _, high, ok := s.column(x, on.wide()); ok && high > 0 {
				on.column(x, 0, y.dot(high), ink)
			}
		}
	case Dashes:
		for x := range on.wide() {
			if _, high, ok := s.column(x, on.wide()); ok && (on.dx == 1 || x%4 < 2) {
				on.dot(x, y.dot(high), ink)
			}
		}
	}
}

// column is the least and the largest of the figures that column x of a width stands for.
func (s *Series) column(x, wide int) (low, high float64, ok bool) {
	n := len(s.Values)
	from, to := x*n/wide, (x+1)*n/wide
	for _, v := range s.Values[from:min(max(to, from+1), n)] {
		switch {
		case math.IsNaN(v):
		case !ok:
			low, high, ok = v, v, true
		default:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, ok
}
