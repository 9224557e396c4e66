package chart

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
)

// edge is an arrow of the state machine, with the number of its transitions and the time of the last one.
type edge struct {
	from, to model.State
	why      string
	times    int
	last     time.Time
}

// edgesOf returns the arrows of a connection's life. Transitions that are no longer kept are not counted.
func edgesOf(transitions []model.Transition) []edge {
	edges := []edge{
		{from: model.Normal, to: model.Suspect, why: model.BeatMissed.String()},
		{from: model.Suspect, to: model.Normal, why: model.ByteIn.String()},
		{from: model.Suspect, to: model.Failed, why: model.ProbesMissed.String()},
		{from: model.Failed, to: model.Normal, why: model.ByteIn.String()},
	}
	for _, t := range transitions {
		for i := range edges {
			if e := &edges[i]; e.from == t.From && e.to == t.To {
				e.times++
				e.last = t.At
				e.why = reason(e, &t.Diagnosis, e.why)
			}
		}
	}
	return edges
}

// reason is why a transition was made: a peer that takes nothing is suspect without a missed beat.
func reason(e *edge, d *model.Diagnosis, usual string) string {
	if e.from == model.Normal && (d.Cause == model.CauseBackpressure || d.Cause == model.CauseAppNotReading) {
		return model.NothingTaken.String()
	}
	return usual
}

const (
	machineFrom  = 86 // cells in which the machine is drawn along a line
	machineLines = 3  // of that
	machineList  = 8  // lines otherwise
)

// Machine draws the state machine of a connection with the state that it is in now and the way it came:
// along a line where there is room, else as a list. It has machineLines or machineList lines of w cells.
func Machine(d *model.Detail, now time.Time, w int, s *look.Styles) []string {
	m := machine{styles: s, d: d, now: now, edges: edgesOf(d.Transitions)}
	lines := m.list()
	if w >= machineFrom {
		lines = m.drawing(w)
	}
	for i := range lines {
		lines[i] = look.Pad(s.Glyphs.Cut(lines[i], w), max(w, 0))
	}
	return lines
}

type machine struct {
	styles *look.Styles
	d      *model.Detail
	now    time.Time
	edges  []edge
}

// node is a state, loud if it is the one of now.
func (m *machine) node(state model.State) string {
	s := m.styles
	text := s.Glyphs.States[state] + " " + state.String()
	if min(m.d.State, model.Unknown) == state {
		return s.Cursor[state].String(" " + text + " ")
	}
	return " " + s.Dim.String(text) + " "
}

// past is what is known of an arrow: "2×, 58s ago".
func (m *machine) past(e *edge) string {
	if e.times == 0 {
		return ""
	}
	return fmt.Sprintf("%d%s, %s ago", e.times, m.styles.Glyphs.Lost, look.Span(m.now.Sub(e.last)))
}

// stayed is how long the state has lasted.
func (m *machine) stayed() string {
	return "for " + look.Span(m.d.Stayed(m.now))
}

// list has a line for each state and each arrow.
func (m *machine) list() []string {
	s, g := m.styles, &m.styles.Glyphs
	var lines []string
	for _, state := range []model.State{model.Normal, model.Suspect, model.Failed, model.Closed} {
		line := m.node(state)
		if m.d.State == state {
			line += " " + m.stayed()
		}
		lines = append(lines, line)
		var out []*edge
		for i := range m.edges {
			if m.edges[i].from == state {
				out = append(out, &m.edges[i])
			}
		}
		for i, e := range out {
			branch := g.Branch
			if i == len(out)-1 {
				branch = g.LastBranch
			}
			text := " " + branch + " " + look.Pad(e.to.String(), 9) + look.Pad(e.why, 15) + m.past(e)
			if e.times == 0 {
				text = s.Dim.String(text)
			}
			lines = append(lines, text)
		}
	}
	return lines
}

// drawing is the machine along a line, with the ways back below.
func (m *machine) drawing(w int) []string {
	const nodes = 10 + 11 + 10 + 10 // cells of the four
	arm := (w - nodes - 1) / 3
	beat, byteIn, probes, back := &m.edges[0], &m.edges[1], &m.edges[2], &m.edges[3]
	forth := " " + m.node(model.Normal) + m.arrow(beat.why, arm, beat) +
		m.node(model.Suspect) + m.arrow(probes.why, arm, probes) +
		m.node(model.Failed) + m.arrow("ended", arm, nil) + m.node(model.Closed)
	return []string{forth, m.below(arm, beat, probes), m.wayBack(arm, byteIn, back)}
}

// arrow is a line of w cells with its reason in it.
func (m *machine) arrow(why string, w int, e *edge) string {
	g := &m.styles.Glyphs
	text := strings.Repeat(g.Rule, max(0, (w-look.Width(why)-4)/2)) + " " + why + " "
	text += strings.Repeat(g.Rule, max(0, w-look.Width(text)-look.Width(g.Head))) + g.Head
	if e == nil || e.times == 0 {
		return m.styles.Dim.String(text)
	}
	return text
}

// below has the times: under the state of now how long, under the arrows how often.
func (m *machine) below(arm int, beat, probes *edge) string {
	starts := map[model.State]int{model.Normal: 1, model.Suspect: 11 + arm, model.Failed: 22 + 2*arm, model.Closed: 32 + 3*arm}
	line := ""
	put := func(at int, text string) {
		line = look.Pad(line, at) + text
	}
	stayed := func(state model.State) {
		if m.d.State == state {
			put(starts[state]+1, m.stayed())
		}
	}
	stayed(model.Normal)
	put(11+max(0, (arm-look.Width(m.past(beat)))/2), m.past(beat))
	stayed(model.Suspect)
	put(22+arm+max(0, (arm-look.Width(m.past(probes)))/2), m.past(probes))
	stayed(model.Failed)
	stayed(model.Closed)
	return line
}

// wayBack is the line that leads from suspect and failed to normal.
func (m *machine) wayBack(arm int, byteIn, back *edge) string {
	g, s := &m.styles.Glyphs, m.styles
	label := func(e *edge) string {
		if past := m.past(e); past != "" {
			return " " + e.why + " " + past + " "
		}
		return " " + e.why + " "
	}
	leg := func(e *edge, w int, end string) string {
		text := label(e)
		left := max(0, (w-look.Width(text)-1)/2)
		text = strings.Repeat(g.Rule, left) + text
		text += strings.Repeat(g.Rule, max(0, w-look.Width(text)-1)) + end
		if e.times == 0 {
			return s.Dim.String(text)
		}
		return text
	}
	first := 10 + arm // from below normal to below suspect
	return "  " + s.Dim.String(g.BackHead) + leg(byteIn, first, g.Join) + leg(back, 11+arm, g.End)
}
