package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// view draws the page as lines of at most the width it was laid out for, and exactly the height.
func (p *connections) view() []string {
	list, pane := p.layout.split(p.detail.stage)
	switch {
	case list.h == 0:
		return p.detail.lines()
	case pane.h == 0:
		return p.listLines(list)
	case p.layout.right:
		return look.SideBySide(p.listLines(list), p.detail.lines(), list.w, " "+p.styles.Dim.String(p.styles.Glyphs.Bar))
	}
	return append(p.listLines(list), p.detail.lines()...)
}

// listLines draws the titles and the visible rows, or why there are none.
func (p *connections) listLines(s size) []string {
	p.list.Loose = p.adrift()
	return p.lines(s, p.order.Order, func() []string { return p.invitation(s.w) })
}

// invitation says how to connect, while nothing has. Its lines are not wrapped, so that they can be copied.
func (p *connections) invitation(w int) []string {
	m, g := &p.picture.Monitor, &p.styles.Glyphs
	row := func(label, text string) string {
		return p.styles.Dim.String(look.Pad(" "+label, 12)) + " " + p.styles.Accent.String(g.Cut(text, w-13))
	}
	lines := []string{
		"",
		p.styles.Strong.String(" No client is connected yet."),
		"",
		row("address", address(g, m)),
	}
	if url := g.Plain(m.Address); url != "" {
		lines = append(lines, row("shell", "websocat "+url), row("browser", `new WebSocket("`+url+`")`))
	}
	if p.keys.Demo.Enabled() && !m.ReadOnly {
		lines = append(lines, row("holter", "d starts 20 demo clients"))
	}
	return lines
}

// zoomed says how much of time and of beats is shown: "charts show 5m, the detail 45 beats, a cell of BEATS 2 beats".
func (p *connections) zoomed(charted bool) string {
	text := ""
	say := func(what, verb, much string) {
		if text == "" {
			text = what + " " + verb + " " + much
		} else {
			text += ", " + what + " " + much
		}
	}
	if charted {
		say("charts", "show", look.Ago(p.zoom.over()))
	}
	if p.detail.stage != shut {
		say("the detail", "shows", counted(p.zoom.beats(), "beat"))
	}
	if p.detail.stage != whole {
		say("a cell of BEATS", "shows", counted(p.zoom.per(), "beat"))
	}
	return text
}

// wheel scrolls the detail beside the list if the mouse is over it.
func (p *connections) wheel(x, y int, msg tea.KeyMsg) bool {
	list, pane := p.layout.split(p.detail.stage)
	over := p.layout.right && x > list.w || !p.layout.right && y >= list.h && y < list.h+pane.h
	return p.detail.stage == beside && over && p.detail.scroll(msg, p.keys)
}

// click goes to a row, or sorts by a column, or scrolls nothing.
func (p *connections) click(x, y int) (row any, cmd tea.Cmd) {
	list, _ := p.layout.split(p.detail.stage)
	if x >= list.w || y >= list.h {
		return nil, nil
	}
	if y == 0 {
		return nil, p.sortAt(x)
	}
	if !p.list.Click(x, y) {
		return nil, nil
	}
	p.picked = true
	p.unfollow()
	return p.list.Clicked(x), p.followCursor()
}
