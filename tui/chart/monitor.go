package chart

import (
	"strings"

	"holter/model"
	"holter/tui/look"
)

// Monitor is one connection as a small monitor at a bedside: a title, the trace of its newest beats, and its figures.
type Monitor struct {
	State    model.State
	Tone     model.State        // whose colours it has: see look.Tone
	Name     string             // safe to draw
	Silence  string             // at the right end of the title
	Figures  string             // below the trace
	Why      func(w int) string // beside the figures, in at most w cells
	Beats    []model.Beat       // oldest first
	Stride   int                // cells of a beat
	Selected bool               // the cursor is on it
	Marked   bool
}

// Lines are h lines of exactly w cells. The first cell of each is that of the cursor.
func (m *Monitor) Lines(w, h int, s *look.Styles) []string {
	inner := max(w-1, 0)
	lines := []string{m.title(inner, s)}
	for _, line := range Trace(m.Beats, m.Stride, inner, h-2, m.Tone, s) {
		lines = append(lines, m.edge(s)+line)
	}
	return append(lines, m.edge(s)+m.figures(inner, s))
}

// paint is the look of what is said of the connection. A connection that is well has none, so that the others are seen.
func (m *Monitor) paint(s *look.Styles) look.Paint {
	if m.Tone == model.Normal {
		return look.Paint{}
	}
	return s.States[min(m.Tone, model.Unknown)]
}

// edge is the first cell of a line below the title: a bar beside a connection in trouble.
func (m *Monitor) edge(s *look.Styles) string {
	if !m.Tone.Trouble() {
		return " "
	}
	return m.paint(s).String(s.Glyphs.Edge)
}

// title is the state and the name, with the silence at the right end.
func (m *Monitor) title(w int, s *look.Styles) string {
	g, state := &s.Glyphs, min(m.State, model.Unknown)
	room := w - 2 - look.Width(m.Silence)
	name := look.Pad(g.Cut(m.Name, room-1), room)
	gutter := g.Gutter(m.Selected, m.Marked)
	switch {
	case m.Selected:
		return s.Cursor[min(m.Tone, model.Unknown)].String(gutter + g.States[state] + " " + name + m.Silence)
	case m.Tone == model.Normal:
		return gutter + s.States[state].String(g.States[state]) + " " + name + s.Dim.String(m.Silence)
	}
	return m.paint(s).String(gutter + g.States[state] + " " + name + m.Silence)
}

// figures are the line below the trace. Without any, what is beside them has the line for itself.
func (m *Monitor) figures(w int, s *look.Styles) string {
	figures := s.Glyphs.Cut(m.Figures, w)
	if figures == "" {
		return m.paint(s).String(look.Pad(s.Glyphs.Cut(m.Why(w), w), w))
	}
	room := w - look.Width(figures) - 2
	if room <= 0 {
		return look.Pad(figures, w)
	}
	return figures + "  " + m.paint(s).String(look.PadLeft(s.Glyphs.Cut(m.Why(room), room), room))
}

// Trace draws the newest beats as an electrocardiogram of h lines and w cells, each beat as wide as stride cells, the newest
// at the right. As in a Strip, the height of a spike is the round trip against those that the connection is used to, a
// beat without an answer is a flat stretch, and a probe has a dot above it. The spikes have the colours of a tone, those
// that came near the timeout and those that are missing have their own.
func Trace(beats []model.Beat, stride, w, h int, tone model.State, s *look.Styles) []string {
	t := newTrace(max(1, stride), w, h, tone, s)
	for i, x := len(beats)-1, t.wide(); x > 0 && i >= 0; i-- {
		x -= t.period
		t.draw(t, x, beats[i])
	}
	lines := make([]string, t.h)
	for y := range lines {
		var b strings.Builder
		t.row(&b, y)
		lines[y] = b.String()
	}
	return lines
}

// trace is a canvas for beats of equal width, above a base line.
type trace struct {
	*canvas
	period, base int // dots, or cells of strokes
	draw         func(t *trace, x int, beat model.Beat)
}

// The inks of a trace.
const (
	inkCalm = iota
	inkTight
	inkMiss
	inkLate // a sign
)

// strokes are what a trace is drawn with in ASCII, where dots are too coarse for a spike. There, an ink is a stroke in a tone.
var strokes = [...]string{"_", "/", "\\", "|", ".", "!"}

const (
	strokeFlat = iota
	strokeRise
	strokeFall
	strokeWall
	strokeProbe
	strokeLate
)

func newTrace(stride, w, h int, tone model.State, s *look.Styles) *trace {
	calm := s.States[min(tone, model.Unknown)]
	tight := s.States[model.Suspect]
	inks := []Ink{inkCalm: {Paint: calm}, inkTight: {Paint: tight}, inkMiss: {Paint: s.Chart.Miss}, inkLate: {Paint: tight, Stencil: "!"}}
	if s.Graph == look.ASCII {
		var drawn []Ink
		for _, tone := range inks[:inkLate] {
			for _, stroke := range strokes {
				drawn = append(drawn, Ink{Paint: tone.Paint, Stencil: stroke})
			}
		}
		return &trace{canvas: newCanvas(s.Graph, w, h, drawn...), period: stride, draw: (*trace).stroke}
	}
	t := &trace{canvas: newCanvas(s.Graph, w, h, inks...), draw: (*trace).beat}
	t.period = stride * t.dx
	if t.dx > 1 && h > 1 {
		t.base = 1
	}
	return t
}

// beat draws one beat from x on as a cardiograph does: up, down below the base line, and where there is room a low wave
// before and after.
func (t *trace) beat(x int, beat model.Beat) {
	kind := beat.Kind()
	if kind == model.NoBeat {
		return
	}
	ink, peak, end := inkOf(beat), x+t.period/2, x+t.period-1
	for at := x; at <= end; at++ {
		t.dot(at, t.base, ink)
	}
	switch {
	case kind == model.LateBeat:
		t.mark(peak, min(t.dy, t.high()-1), inkLate)
	case kind == model.ProbeBeat:
		t.dot(peak, t.base+2, ink)
	case beat.Answered():
		t.spike(peak, x, end, height(beat, t.high()-1-t.base), ink)
	}
}

// wavy is the dots of a beat that has room for low waves beside its spike.
const wavy = 12

func (t *trace) spike(peak, from, to, height, ink int) {
	if t.period >= wavy {
		for _, at := range [...]int{-4, -3, 4, 5, 6} {
			t.dot(peak+at, t.base+max(1, height/6), ink)
		}
	}
	t.column(peak, t.base, t.base+height, ink)
	if t.dx > 1 && peak < to {
		t.column(peak+1, max(t.base-1, 0), t.base+height/2, ink)
	}
}

// stroke is beat in ASCII.
func (t *trace) stroke(x int, beat model.Beat) {
	kind := beat.Kind()
	if kind == model.NoBeat {
		return
	}
	ink := inkOf(beat)
	put := func(x, y, stroke int) { t.mark(x, y*t.dy, ink*len(strokes)+stroke) }
	for i := range t.period {
		put(x+i, 0, strokeFlat)
	}
	middle := x + (t.period-1)/2
	switch {
	case kind == model.LateBeat:
		put(middle, min(1, t.h-1), strokeLate)
	case kind == model.ProbeBeat:
		put(middle, min(1, t.h-1), strokeProbe)
	case beat.Answered():
		top := height(beat, t.h) - 1
		if t.period == 1 {
			for y := range top + 1 {
				put(middle, y, strokeWall)
			}
			return
		}
		for y := range top {
			put(middle, y, strokeWall)
			put(middle+1, y, strokeWall)
		}
		put(middle, top, strokeRise)
		put(middle+1, top, strokeFall)
	}
}

// height is that of a spike, of the most that there is room for: two thirds of it for the usual round trip.
func height(beat model.Beat, most int) int {
	const usual = 2 * model.UsualHeight
	return max(1, (most*(beat.Height()+model.UsualHeight)+usual/2)/(model.MostHeight+model.UsualHeight))
}

func inkOf(beat model.Beat) int {
	return [...]int{toneCalm: inkCalm, toneTight: inkTight, toneBad: inkMiss, toneNone: inkCalm}[tones[beat.Kind()]]
}
