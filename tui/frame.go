package tui

import "strings"

// frame is what stands around a plot.
type frame struct {
	title  string
	series []series
	labels []string // of the rows, from the top
	corner string   // beside the line of time
	times  []tick
}

func (f *frame) lines(p plan, on *canvas, s *styles) []string {
	out := make([]string, 0, p.h)
	if p.title {
		out = append(out, f.heading(p.w, s))
	}
	var b strings.Builder
	for row := range p.plotH {
		b.Reset()
		b.Grow(4 * p.w)
		f.margin(&b, p, f.labels[row], s.glyphs.tick, s)
		on.row(&b, row)
		if p.legend {
			f.legendRow(&b, row, s)
		}
		out = append(out, b.String())
	}
	if p.times {
		b.Reset()
		f.margin(&b, p, f.corner, s.glyphs.corner, s)
		s.chart.axis.write(&b, timeAxis(f.times, p.plotW, &s.glyphs))
		if p.legend {
			f.legendRow(&b, p.plotH, s)
		}
		out = append(out, b.String())
	}
	return out
}

// margin is the label of a row and the axis.
func (f *frame) margin(b *strings.Builder, p plan, label, axis string, s *styles) {
	if !p.labels {
		return
	}
	b.WriteString(s.chart.axis.on)
	label = s.glyphs.cut(label, axisWidth)
	writeBlanks(b, axisWidth-width(label))
	b.WriteString(label)
	b.WriteString(axis)
	b.WriteString(s.chart.axis.off)
}

// heading is the title and the legend.
func (f *frame) heading(w int, s *styles) string {
	title := s.glyphs.cut(f.title, w)
	room := w - width(title)
	var keys []string
	used := 0
	for i := range f.series {
		key := &f.series[i]
		if need := width(key.key) + 1 + width(key.name) + 2; key.name != "" && used+need <= room {
			keys = append(keys, "  "+key.ink.paint.String(key.key)+" "+key.name)
			used += need
		}
	}
	return s.title.String(title) + strings.Repeat(" ", room-used) + strings.Join(keys, "")
}

// legendRow is the name of one series beside a row.
func (f *frame) legendRow(b *strings.Builder, row int, s *styles) {
	if row >= len(f.series) || f.series[row].name == "" {
		writeBlanks(b, legendWidth)
		return
	}
	key := &f.series[row]
	name := s.glyphs.cut(key.name, legendWidth-4)
	b.WriteString("  ")
	key.ink.paint.write(b, key.key)
	b.WriteString(" " + name)
	writeBlanks(b, legendWidth-4-width(name))
}

// timeAxis is a rule with labels in it.
func timeAxis(ticks []tick, w int, g *glyphs) string {
	var b strings.Builder
	at := 0
	for _, t := range ticks {
		text := " " + t.text + " "
		n := width(text)
		start := min(max(int(t.at*float64(w-1)+0.5)-n/2, 0), w-n)
		if start < at || n > w {
			continue
		}
		b.WriteString(strings.Repeat(g.rule, start-at))
		b.WriteString(text)
		at = start + n
	}
	b.WriteString(strings.Repeat(g.rule, w-at))
	return b.String()
}
