package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/tui/chart"
	"holter/tui/look"
	"holter/tui/widget"
)

// wardPage is the page of connections in another layout: one small monitor for each connection, side by side as in a
// hospital's central station. Cursor, marks, filter, order and detail are those of the list.
type wardPage struct{ *connections }

func (p *wardPage) layOut(room size, d drawing) {
	p.enter(true)
	p.drawing, p.layout = d, layout{size: room}
	p.arrangeRoom()
}

// pane is how the detail stands beside the list.
type pane struct{ open, standing, closed bool }

// enter changes between list and ward. Each has an order of its own, so that the rows are arranged anew. The detail stands
// beside the list again when that is back.
func (p *connections) enter(ward bool) {
	if p.spread == ward {
		return
	}
	list := p.aside
	if ward {
		p.aside = pane{p.detail.stage == beside || p.detail.stage == whole && p.layout.roomy(), p.standing, p.closed}
		list = pane{}
	}
	p.detail.close()
	if list.open {
		p.detail.stage = beside
	}
	p.standing, p.closed = list.standing, list.closed
	if row := p.list.Selected(); ward && row != nil && p.followed == "" && urgencyOf(row, p.picture) == rankClosed {
		p.list.Restart() // else the ward would begin among those that are gone
	}
	p.spread = ward
	p.order = p.order.with(p.search, p.lastChosen(), p.order.Order)
	p.order.triage = p.newTriage()
}

// fills leaves the whole screen to monitors.
func (p *wardPage) fills() {}

// choices has nothing to choose from: monitors have no columns.
func (p *wardPage) choices() widget.Choices { return nil }

// monitorSizes are the least cells of a monitor across and the lines of its trace, from the smallest to the largest.
var monitorSizes = []size{{28, 3}, {44, 5}, {60, 9}}

const (
	monitorText = 2 // lines of a monitor beside its trace
	monitorGap  = 2 // cells between two monitors; between two lines of them there is one line
)

// wall is how monitors share the room: the size of one, and how many there are side by side and one below the other.
type wall struct {
	scale        int // of monitorSizes
	monitor      size
	across, down int
}

func (w wall) places() int { return w.across * w.down }

// hang lays the monitors out. They are as large as they can be with one for each open connection, so that few connections
// fill the screen and many are on it at a time. Monitors grow only if a quarter of the places is left then: they must not
// change size with every connection that comes and goes.
func (p *connections) hang() {
	scale := 0
	for larger := 1; p.chosen != nil && larger < len(monitorSizes); larger++ {
		places := wallOf(p.layout.size, larger).places()
		if larger > p.wall.scale {
			places -= places / 4
		}
		if p.chosen.open <= places {
			scale = larger
		}
	}
	p.wall = wallOf(p.layout.size, scale)
	p.list.SetGrid(p.wall.across, p.wall.down)
}

func wallOf(room size, scale int) wall {
	least := monitorSizes[scale]
	h := least.h + monitorText
	width := room.w - widget.BarWidth
	w := wall{scale: scale, across: max(1, (width+monitorGap)/(least.w+monitorGap)), down: max(1, (room.h+1)/(h+1))}
	w.monitor = size{(width - (w.across-1)*monitorGap) / w.across, h}
	return w
}

// view draws the monitors, the detail of one, or why there are none.
func (p *wardPage) view() []string {
	if p.detail.stage == whole {
		return p.detail.lines()
	}
	if why := p.empty(p.layout.size, func() []string { return p.invitation(p.layout.w) }); why != nil {
		return why
	}
	var lines []string
	for row := range slices.Chunk(p.list.Seen(), p.wall.across) {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, p.abreast(row, p.wall.monitor)...)
	}
	lines = look.Fill(lines, p.layout.h)
	from, to := p.list.Thumb(p.layout.h)
	for y := from; y < to; y++ {
		lines[y] = look.Pad(lines[y], p.layout.w-widget.BarWidth) + p.styles.Dim.String(p.styles.Glyphs.Thumb)
	}
	return lines
}

// abreast draws monitors side by side.
func (p *wardPage) abreast(row []*model.Connection, room size) []string {
	lines := make([]strings.Builder, room.h)
	for i, c := range row {
		monitor := p.monitor(c)
		for y, line := range monitor.Lines(room.w, room.h, p.styles) {
			if i > 0 {
				lines[y].WriteByte(' ')
				p.styles.Dim.Write(&lines[y], p.styles.Glyphs.Bar)
			}
			lines[y].WriteString(line)
		}
	}
	drawn := make([]string, room.h)
	for y := range lines {
		drawn[y] = lines[y].String()
	}
	return drawn
}

// monitor is what the monitor of a connection shows.
func (p *wardPage) monitor(c *model.Connection) chart.Monitor {
	t := rowText{page: p.connections}
	m := chart.Monitor{
		State:    c.State,
		Tone:     look.Tone(c),
		Name:     p.styles.Glyphs.Plain(c.Client),
		Beats:    c.Beats[:],
		Stride:   p.stride(),
		Why:      func(w int) string { return t.why(c, w) },
		Selected: c.ID == p.list.Keyed(),
		Marked:   p.marks.has(c.ID),
	}
	switch {
	case c.Open():
		m.Silence = t.silence(c, 0)
		m.Figures = look.Brief(rtt(c)) + " of " + look.Seconds(c.Timeout)
	case c.State == model.Closed:
		m.Silence = look.Clock(c.Close.At)
	default: // the state is the one that it ended in
		m.Silence = look.Clock(c.Close.At)
		m.Figures = model.Closed.String()
	}
	return m
}

// stride is the cells of a beat. Large monitors have more of them.
func (p *wardPage) stride() int { return p.zoom.stride() * (2 + p.wall.scale) / 2 }

func (p *wardPage) walled() bool { return p.detail.stage != whole }

// zoomed says how wide beats are, or how many the detail has.
func (p *wardPage) zoomed(charted bool) string {
	if p.walled() {
		return "each beat is " + counted(p.stride(), "cell") + " wide"
	}
	return p.connections.zoomed(charted)
}

// rtt is the round trip of the newest beat, 0 if that had no answer.
func rtt(c *model.Connection) time.Duration {
	if c.Beats[len(c.Beats)-1].Lost() {
		return 0
	}
	return c.RTT
}

// click goes to a monitor.
func (p *wardPage) click(x, y int) (row any, cmd tea.Cmd) {
	across, down := x/(p.wall.monitor.w+monitorGap), y/(p.wall.monitor.h+1)
	if p.detail.stage != shut || across >= p.wall.across || !p.list.ClickAt(down*p.wall.across+across) {
		return nil, nil
	}
	p.unfollow()
	return p.list.Keyed(), nil
}

// tally is that of the list, with how many monitors there are above and below those that are seen, and their order.
func (p *wardPage) tally() string {
	if p.chosen == nil || len(p.list.Rows) == 0 {
		return p.connections.tally()
	}
	g, text := &p.styles.Glyphs, p.connections.tally()
	above, below := p.list.Above(), p.list.Below()
	if above > 0 {
		text += fmt.Sprintf("  %s %d", g.Keys.Up, above)
	}
	if below > 0 {
		text += fmt.Sprintf("  %s %d", g.Keys.Down, below)
	}
	if above+below > 0 {
		text += " more"
	}
	if p.layout.w >= wordsFrom {
		text += "  " + p.orderWords()
	}
	return text
}

// orderWords say how the monitors are sorted.
func (p *wardPage) orderWords() string {
	switch o := p.order.Order; {
	case o.By != filter.SortState:
		return "by " + string(o.By) + p.styles.Glyphs.Direction(o.Descending)
	case o.Descending:
		return "best first"
	}
	return "worst first"
}

// triage is the order of the ward. Marked connections are kept in front, then come the open ones by their order, and those
// that are closed fill what room is left. Within a rank rows keep their order, which is that of ids where the order is that
// of states: a monitor keeps its place as long as its rank does.
type triage struct{ marked map[model.ID]struct{} }

// newTriage is that of the marks as they are now, nil while the list is shown.
func (p *connections) newTriage() *triage {
	if !p.spread {
		return nil
	}
	return &triage{marked: maps.Clone(p.marks.ids)}
}

// triage puts the rows of the ward in order after marks have changed.
func (p *connections) triage() tea.Cmd {
	if !p.spread {
		return nil
	}
	p.order.triage = p.newTriage()
	return p.rechoose()
}

// The ranks of the ward from its front. Those of trouble are told apart where the order is that of states.
const (
	rankMarked = iota
	rankFailed
	rankSuspect
	rankLost  // it failed and was closed a moment ago, and its client is still away
	rankMute  // it is held to be normal, although its newest beat had no answer
	rankShaky // it is well, and has lately missed a beat
	rankWell
	rankClosed
	ranks
)

// rank orders rows by their ranks, and returns how many of them want a monitor: all but those that are closed, unless
// all are.
func (t *triage) rank(rows []*model.Connection, p *picture, o widget.Order) int {
	of := make([]uint8, len(rows))
	var begin [ranks + 1]int
	for i, c := range rows {
		of[i] = t.rankOf(c, p, o)
		begin[of[i]+1]++
	}
	for r := range ranks {
		begin[r+1] += begin[r]
	}
	open := begin[rankClosed]
	if open == 0 {
		open = len(rows)
	}
	for i, c := range slices.Clone(rows) {
		rows[begin[of[i]]] = c
		begin[of[i]]++
	}
	return open
}

func (t *triage) rankOf(c *model.Connection, p *picture, o widget.Order) uint8 {
	if _, marked := t.marked[c.ID]; marked {
		return rankMarked
	}
	rank := urgencyOf(c, p)
	switch {
	case rank == rankClosed:
	case o.By != filter.SortState:
		return rankWell
	case o.Descending:
		return rankFailed + rankWell - rank
	}
	return rank
}

// urgencyOf is how much a connection that is not marked wants attention.
func urgencyOf(c *model.Connection, p *picture) uint8 {
	switch {
	case !c.Open() && p.lost(c):
		return rankLost
	case !c.Open():
		return rankClosed
	case c.State == model.Failed:
		return rankFailed
	case c.State == model.Suspect:
		return rankSuspect
	case look.Tone(c) != model.Normal:
		return rankMute
	case shaky(c):
		return rankShaky
	}
	return rankWell
}

// shaky reports whether one of the newest beats, which most monitors show, was not answered in time.
func shaky(c *model.Connection) bool {
	return slices.ContainsFunc(c.Beats[len(c.Beats)/2:], func(b model.Beat) bool { return b.Lost() || b.Kind() == model.LateBeat })
}
