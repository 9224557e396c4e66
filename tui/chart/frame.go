package chart

import (
	"strings"

	"holter/tui/look"
)

// frame is what stands around a plot.
type frame struct {
	title  string
	series []Series
	labels []string // of the rows, from the top
	named  string   // the label that stands out, "" for none
	axis   string   // in the first row, "" for that of the others
	corner string   // beside the line of time
	times  []Tick
}

func (f *frame) lines(p plan, on *canvas, s *look.Styles) []string {
	out := make([]string, 0, p.h)
	if p.title {
		out = append(out, f.heading(p.w, s))
	}
	var b strings.Builder
	for row := range p.plotH {
		b.Reset()
		b.Grow(4 * p.w)
		axis := s.Glyphs.Tick
		if row == 0 && f.axis != "" {
			axis = f.axis
		}
		f.margin(&b, p, f.labels[row], axis, s)
		on.row(&b, row)
		if p.legend {
			f.legendRow(&b, row, s)
		}
		out = append(out, b.String())
	}
	if p.times {
		b.Reset()
		f.margin(&b, p, f.corner, s.Glyphs.Corner, s)
		s.Chart.Axis.Write(&b, timeAxis(f.times, p.plotW, &s.Glyphs))
		if p.legend {
			f.legendRow(&b, p.plotH, s)
		}
		out = append(out, b.String())
	}
	return out
}

// margin is the label of a row and the axis.
func (f *frame) margin(b *strings.Builder, p plan, label, axis string, s *look.Styles) {
	if !p.labels {
		return
	}
	label = s.Glyphs.Cut(label, axisWidth)
	blanks := axisWidth - look.Width(label)
	if label != "" && label == f.named {
		writeBlanks(b, blanks)
		s.Strong.Write(b, label)
		label, blanks = "", 0
	}
	b.WriteString(s.Chart.Axis.On)
	writeBlanks(b, blanks)
	b.WriteString(label)
	b.WriteString(axis)
	b.WriteString(s.Chart.Axis.Off)
}

// heading is the title and the legend.
func (f *frame) heading(w int, s *look.Styles) string {
	title := s.Glyphs.Cut(f.title, w)
	room := w - look.Width(title)
	var keys []string
	used := 0
	for i := range f.series {
		key := &f.series[i]
		if need := look.Width(key.Key) + 1 + look.Width(key.Name) + 2; key.Name != "" && used+need <= room {
			keys = append(keys, "  "+key.Ink.Paint.String(key.Key)+" "+key.Name)
			used += need
		}
	}
	return s.Title.String(title) + strings.Repeat(" ", room-used) + strings.Join(keys, "")
}

// legendRow is the name of one series beside a row.
func (f *frame) legendRow(b *strings.Builder, row int, s *look.Styles) {
	if row >= len(f.series) || f.series[row].Name == "" {
		writeBlanks(b, legendWidth)
		return
	}
	key := &f.series[row]
	name := s.Glyphs.Cut(key.Name, legendWidth-4)
	b.WriteString("  ")
	key.Ink.Paint.Write(b, look.Pad(key.Key, 1))
	b.WriteString(" " + name)
	writeBlanks(b, legendWidth-4-look.Width(name))
}

// timeAxis is a rule with labels in it.
func timeAxis(ticks []Tick, w int, g *look.Glyphs) string {
	var b strings.Builder
	at := 0
	for _, t := range ticks {
		text := " " + t.Text + " "
		n := look.Width(text)
		start := min(max(int(t.At*float64(w-1)+0.5)-n/2, 0), w-n)
		if start < at || n > w {
			continue
		}
		b.WriteString(strings.Repeat(g.Rule, start-at))
		b.WriteString(text)
		at = start + n
	}
	b.WriteString(strings.Repeat(g.Rule, w-at))
	return b.String()
}
