package tui

import (
	"fmt"
	"strings"

	"holter/model"
	"holter/tui/chart"
	"holter/tui/look"
)

// part is a piece of a header line. Pieces give way whole: the last ones first.
type part struct {
	text string
	look look.Paint
}

// header is the lines above a page.
type header struct {
	styles  *look.Styles
	picture *picture
	hosts   []model.Host // the newest samples, oldest first
	w       int
}

// steady is a share behind a blank, which gives way to a third figure: the line does not jump at 10 and 100 %.
func steady(share string) string { return look.PadLeft(share, len("100%")) }

// sparkCells is the width of the sparkline beside the CPU.
const sparkCells = 8

// monitor is the line of how the connections are, and of where and how they are watched.
func (h *header) monitor() string {
	s, m := h.styles, &h.picture.Monitor
	return spread(s, h.state(), []part{
		{s.Glyphs.Plain(m.Address), s.Accent},
		{scheme(m), s.Dim},
		{"up " + look.Uptime(h.picture.Time.Sub(m.Started)), s.Dim},
	}, h.w)
}

// state is how the connections are, whether holter itself keeps up, and how many clients are away or flap.
func (h *header) state() []part {
	n := &h.picture.counts
	parts := append([]part{{"holter", h.styles.Title}}, h.counts()...)
	parts = append(parts,
		part{lateness(&h.picture.Monitor), h.styles.States[model.Suspect]},
		part{fmt.Sprintf("%d away", n.Away), h.styles.Dim})
	if n.Flapping > 0 {
		parts = append(parts, part{fmt.Sprintf("%s %d flapping", h.styles.Glyphs.States[model.Flapping], n.Flapping), h.styles.States[model.Flapping]})
	}
	return parts
}

// figures is the line of what the connections do, and of the machine.
func (h *header) figures() string {
	host, r := &h.picture.Host, &h.picture.Rates
	cpu := "cpu"
	if h.w >= machineFrom {
		cpu = "machine cpu"
	}
	return spread(h.styles, []part{
		{"rtt p50 " + look.Brief(h.picture.p50) + " p99 " + look.Brief(h.picture.p99), look.Paint{}},
		{"beats " + look.Rate(r.Beats) + "/s", look.Paint{}},
		{"in " + look.Amount(r.BytesIn) + "B/s", look.Paint{}},
		{"out " + look.Amount(r.BytesOut) + "B/s", look.Paint{}},
	}, []part{
		{cpu + h.sparkline() + steady(look.Percent(host.CPU)), h.styles.Dim},
		{"mem" + steady(look.Memory(host)), h.styles.Dim},
		{fmt.Sprintf("self %sB%s", look.Amount(float64(host.Process.RSS)), steady(look.Percent(host.Process.CPU))), h.styles.Dim},
	}, h.w)
}

// sparkline is the newest samples of the machine's load as a little chart with a blank before it.
func (h *header) sparkline() string {
	hosts := h.hosts[max(0, len(h.hosts)-sparkCells):]
	if len(hosts) < 2 || h.w < wordsFrom {
		return ""
	}
	loads := make([]float64, len(hosts))
	for i := range hosts {
		loads[i] = hosts[i].CPU
	}
	return " " + chart.Sparkline(loads, 100, sparkCells, &h.styles.Glyphs)
}

// summary is all of the header that a low terminal has room for.
func (h *header) summary() string {
	s, host, p := h.styles, &h.picture.Host, h.picture
	return spread(s, h.state(), []part{
		{"p99 " + look.Brief(p.p99), look.Paint{}},
		{"cpu" + steady(look.Percent(host.CPU)), look.Paint{}},
		{"mem" + steady(look.Memory(host)), look.Paint{}},
		{"up " + look.Uptime(p.Time.Sub(p.Monitor.Started)), s.Dim},
	}, h.w)
}

// address is where clients connect. A middleware does not know it, because the application listens.
func address(g *look.Glyphs, m *model.Monitor) string {
	if m.Address == "" {
		return "the application's own WebSocket address"
	}
	return g.Plain(m.Address)
}

// heartbeat is how holter beats, and how far it stretches timeouts: "both 5s timeouts x2.0".
func heartbeat(m *model.Monitor) string {
	if late := lateness(m); late != "" {
		return scheme(m) + " " + late
	}
	return scheme(m)
}

// scheme is which ends beat, and how often holter does: "both 5s".
func scheme(m *model.Monitor) string {
	text := string(m.Scheme)
	if m.Scheme.ServerBeats() {
		text += " " + look.Interval(m.Interval)
	}
	return text
}

// lateness is how far all timeouts are stretched because holter's own clock is often late, "" if they are not.
func lateness(m *model.Monitor) string {
	if m.Lateness <= 1 {
		return ""
	}
	return fmt.Sprintf("timeouts x%.1f", m.Lateness)
}

const (
	wordsFrom   = 110 // cells of a terminal in which the counts have their words
	machineFrom = 130 // and in which the load says whose it is
)

// counts are the connections by state.
func (h *header) counts() []part {
	s, n := h.styles, &h.picture.counts
	tally := func(state model.State, n int) part {
		text := fmt.Sprintf("%s %d", s.Glyphs.States[state], n)
		if h.w >= wordsFrom {
			text += " " + state.String()
		}
		look := s.States[state]
		if n == 0 {
			look = s.Dim
		}
		return part{text, look}
	}
	return []part{
		tally(model.Normal, n.Normal),
		tally(model.Suspect, n.Suspect),
		tally(model.Failed, n.Failed),
		tally(model.Closed, n.Closed),
	}
}

// spread sets pieces at both ends of a line. Without room for all it drops pieces on the right, the last one first, then on
// the left, and cuts a single text that still does not fit.
func spread(s *look.Styles, left, right []part, w int) string {
	for len(right) > 1 && measure(left)+measure(right) > w {
		right = right[:len(right)-1]
	}
	for len(left) > 1 && measure(left)+measure(right) > w {
		left = left[:len(left)-1]
	}
	if room := w - measure(left) - 3; len(right) == 1 && measure(right) > w-measure(left) {
		right = []part{{s.Glyphs.Cut(right[0].text, room), right[0].look}}
	}
	gap := max(0, w-measure(left)-measure(right))
	return join(left) + strings.Repeat(" ", gap) + join(right)
}

// measure is the width of pieces with the blanks around them.
func measure(parts []part) int {
	w := 0
	for _, p := range parts {
		if p.text != "" {
			w += look.Width(p.text) + 2
		}
	}
	return w
}

func join(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.text != "" {
			b.WriteByte(' ')
			p.look.Write(&b, p.text)
			b.WriteByte(' ')
		}
	}
	return b.String()
}
