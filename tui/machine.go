package tui

import (
	"fmt"
	"strings"
	"time"

	"holter/model"
)

// edge is an arrow of the state machine, with how often it was gone and when last.
type edge struct {
	from, to model.State
	why      string
	times    int
	last     time.Time
}

// edgesOf are the arrows of a connection's life. What it has forgotten does not count.
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
			}
		}
	}
	return edges
}

const (
	machineFrom  = 86 // cells in which the machine is drawn along a line
	machineLines = 3  // of that
	machineList  = 8  // lines otherwise
)

// drawMachine draws the state machine of a connection with the state that it is in now and the way it came:
// along a line where there is room, else as a list. It has machineLines or machineList lines of w cells.
func drawMachine(d *model.Detail, now time.Time, w int, s *styles) []string {
	m := machine{styles: s, d: d, now: now, edges: edgesOf(d.Transitions)}
	lines := m.list()
	if w >= machineFrom {
		lines = m.drawing(w)
	}
	for i := range lines {
		lines[i] = pad(s.glyphs.cut(lines[i], w), max(w, 0))
	}
	return lines
}

type machine struct {
	styles *styles
	d      *model.Detail
	now    time.Time
	edges  []edge
}

// node is a state, loud if it is the one of now.
func (m *machine) node(state model.State) string {
	s := m.styles
	text := s.glyphs.states[state] + " " + state.String()
	if min(m.d.State, model.Away) == state {
		return s.cursor[state].String(" " + text + " ")
	}
	return " " + s.dim.String(text) + " "
}

// past is what is known of an arrow: "2×, 58s ago".
func (m *machine) past(e *edge) string {
	if e.times == 0 {
		return ""
	}
	return fmt.Sprintf("%d%s, %s ago", e.times, m.styles.glyphs.lost, span(m.now.Sub(e.last)))
}

// stayed is how long the state of now has lasted.
func (m *machine) stayed() string {
	return "for " + span(m.d.Ended(m.now).Sub(m.d.Since))
}

// list has a line for each state and each arrow.
func (m *machine) list() []string {
	s, g := m.styles, &m.styles.glyphs
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
			branch := g.branch
			if i == len(out)-1 {
				branch = g.lastBranch
			}
			text := " " + branch + " " + pad(e.to.String(), 9) + pad(e.why, 15) + m.past(e)
			if e.times == 0 {
				text = s.dim.String(text)
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
	g := &m.styles.glyphs
	text := strings.Repeat(g.rule, max(0, (w-width(why)-4)/2)) + " " + why + " "
	text += strings.Repeat(g.rule, max(0, w-width(text)-width(g.head))) + g.head
	if e == nil || e.times == 0 {
		return m.styles.dim.String(text)
	}
	return text
}

// below has the times: under the state of now how long, under the arrows how often.
func (m *machine) below(arm int, beat, probes *edge) string {
	starts := map[model.State]int{model.Normal: 1, model.Suspect: 11 + arm, model.Failed: 22 + 2*arm, model.Closed: 32 + 3*arm}
	line := ""
	put := func(at int, text string) {
		line = pad(line, at) + text
	}
	stayed := func(state model.State) {
		if min(m.d.State, model.Closed) == state {
			put(starts[state]+1, m.stayed())
		}
	}
	stayed(model.Normal)
	put(11+max(0, (arm-width(m.past(beat)))/2), m.past(beat))
	stayed(model.Suspect)
	put(22+arm+max(0, (arm-width(m.past(probes)))/2), m.past(probes))
	stayed(model.Failed)
	stayed(model.Closed)
	return line
}

// wayBack is the line that leads from suspect and failed to normal.
func (m *machine) wayBack(arm int, byteIn, back *edge) string {
	g, s := &m.styles.glyphs, m.styles
	label := func(e *edge) string {
		if past := m.past(e); past != "" {
			return " " + e.why + " " + past + " "
		}
		return " " + e.why + " "
	}
	leg := func(e *edge, w int, end string) string {
		text := label(e)
		left := max(0, (w-width(text)-1)/2)
		text = strings.Repeat(g.rule, left) + text
		text += strings.Repeat(g.rule, max(0, w-width(text)-1)) + end
		if e.times == 0 {
			return s.dim.String(text)
		}
		return text
	}
	first := 10 + arm // from below normal to below suspect
	return "  " + s.dim.String(g.backHead) + leg(byteIn, first, g.join) + leg(back, 11+arm, g.end)
}
