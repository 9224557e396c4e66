package tui

import tea "github.com/charmbracelet/bubbletea"

// view draws the page as lines of at most the width it was laid out for, and exactly the height.
func (p *connections) view() []string {
	list, pane := p.layout.split(p.detail.stage)
	switch {
	case list.h == 0:
		return p.detail.lines()
	case pane.h == 0:
		return p.listLines(list)
	case p.layout.right:
		return sideBySide(p.listLines(list), p.detail.lines(), list.w, " "+p.styles.dim.String(p.styles.glyphs.bar))
	}
	return append(p.listLines(list), p.detail.lines()...)
}

// listLines draws the titles and the visible rows, or why there are none.
func (p *connections) listLines(s size) []string {
	switch {
	case p.picture == nil:
		return waiting(p.styles, s.h)
	case len(p.picture.Connections) == 0:
		return fill(p.nobody(s.w), s.h)
	case len(p.list.rows) == 0:
		return noMatch(p.styles, "No connection matches this filter:", p.search.text, s)
	}
	return p.list.view(p.order.key, p.order.descending)
}

// waiting stands for what has not come yet.
func waiting(s *styles, h int) []string {
	return fill([]string{"", s.dim.String(" waiting for the first picture")}, h)
}

// nobody says how to connect, in lines to be pasted. They are not wrapped, so that they can be.
func (p *connections) nobody(w int) []string {
	m, g := &p.picture.Monitor, &p.styles.glyphs
	row := func(label, text string) string {
		return p.styles.dim.String(pad(" "+label, 12)) + " " + p.styles.accent.String(g.cut(text, w-13))
	}
	lines := []string{
		"",
		p.styles.strong.String(" Nobody is connected yet."),
		"",
		row("address", address(g, m)),
	}
	if url := g.plain(m.Address); url != "" {
		lines = append(lines, row("shell", "websocat "+url), row("browser", `new WebSocket("`+url+`")`))
	}
	if p.keys.Demo.Enabled() && !m.ReadOnly {
		lines = append(lines, row("holter", "d starts 20 demo clients"))
	}
	return lines
}

// noMatch shows the filter that left nothing, and how to be rid of it.
func noMatch(s *styles, title, filter string, room size) []string {
	g := &s.glyphs
	lines := []string{"", s.strong.String(g.cut(" "+title, room.w)), ""}
	for _, line := range wrap(g.plain(filter), room.w-4) {
		lines = append(lines, "   "+s.accent.String(line))
	}
	lines = append(lines, "", s.dim.String(g.cut(" esc drops it, / changes it.", room.w)))
	return fill(lines, room.h)
}

// click goes to a row, or sorts by a column, or scrolls nothing.
func (p *connections) click(x, y int) tea.Cmd {
	list, _ := p.layout.split(p.detail.stage)
	if x >= list.w || y >= list.h {
		return nil
	}
	if y == 0 {
		return sortAt(&p.list.table, x, p.order, p.setOrder)
	}
	if !p.list.click(y) {
		return nil
	}
	p.unfollow()
	return p.followCursor()
}
