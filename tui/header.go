package tui

import (
	"fmt"
	"strings"

	"holter/model"
)

// part is a piece of a header line. Pieces give way whole: the last ones first.
type part struct {
	text string
	look paint
}

// headerLines are the two lines at the top: where to connect, who is there, and how host and
// traffic are.
func headerLines(s *styles, p *picture, tally string, w int) []string {
	if p == nil {
		return []string{" " + s.title.String("holter"), ""}
	}
	return []string{
		spread(s, []part{
			{"holter", s.title},
			{s.glyphs.plain(p.Monitor.Address), s.accent},
			{heartbeat(&p.Monitor), s.dim},
		}, countParts(s, p, w), w),
		spread(s, hostParts(s, p), []part{{tally, s.accent}}, w),
	}
}

// heartbeat is how holter beats: "both 5s".
func heartbeat(m *model.Monitor) string {
	text := string(m.Scheme)
	if m.Scheme.ServerBeats() {
		text += " " + interval(m.Interval)
	}
	if m.Lateness > 1 {
		text += fmt.Sprintf(" timeouts x%.1f", m.Lateness)
	}
	return text
}

const (
	wordsFrom = 110 // cells of a terminal in which the counts have their words
)

// countParts are the connections by state and the clients that are away.
func countParts(s *styles, p *picture, w int) []part {
	n := &p.counts
	tally := func(state model.State, n int) part {
		text := fmt.Sprintf("%s %d", s.glyphs.states[state], n)
		if w >= wordsFrom {
			text += " " + state.String()
		}
		look := s.states[state]
		if n == 0 {
			look = s.dim
		}
		return part{text, look}
	}
	return []part{
		tally(model.Normal, n.Normal),
		tally(model.Suspect, n.Suspect),
		tally(model.Failed, n.Failed),
		tally(model.Closed, n.Closed),
		{fmt.Sprintf("%d away", n.Away), s.dim},
	}
}

// hostParts are the load of machine and process, what the connections do, and the time since the start.
func hostParts(s *styles, p *picture) []part {
	h, r := &p.Host, &p.Rates
	figure := func(format string, args ...any) part { return part{fmt.Sprintf(format, args...), paint{}} }
	return []part{
		figure("cpu %s", percent(h.CPU)),
		figure("mem %s", memory(h)),
		figure("beats %s/s", rate(r.Beats)),
		figure("self %sB %s", amount(float64(h.Process.RSS)), percent(h.Process.CPU)),
		figure("in %sB/s", amount(r.BytesIn)),
		figure("out %sB/s", amount(r.BytesOut)),
		figure("up %s", uptime(p.Time.Sub(p.Monitor.Started))),
		figure("connects %s/s", rate(r.Connects)),
		figure("closes %s/s", rate(r.Closes)),
	}
}

// spread sets left and right pieces at the ends of a line. When there is no room for all, the last
// left one goes first, down to the one that leads; then the right ones, and a text that still does not
// fit is cut.
func spread(s *styles, left, right []part, w int) string {
	for len(left) > 2 && measure(left)+measure(right) > w {
		left = left[:len(left)-1]
	}
	for len(right) > 1 && measure(left)+measure(right) > w {
		right = right[:len(right)-1]
	}
	for len(left) > 1 && measure(left)+measure(right) > w {
		left = left[:len(left)-1]
	}
	if room := w - measure(left) - 3; len(right) == 1 && measure(right) > w-measure(left) {
		right = []part{{s.glyphs.cut(right[0].text, room), right[0].look}}
	}
	gap := max(0, w-measure(left)-measure(right))
	return join(left) + strings.Repeat(" ", gap) + join(right)
}

// measure is the width of pieces with the blanks around them.
func measure(parts []part) int {
	w := 0
	for _, p := range parts {
		if p.text != "" {
			w += width(p.text) + 2
		}
	}
	return w
}

func join(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.text != "" {
			b.WriteByte(' ')
			p.look.write(&b, p.text)
			b.WriteByte(' ')
		}
	}
	return b.String()
}
