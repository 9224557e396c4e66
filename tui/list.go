package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
)

// view draws the page as lines of at most the width it was laid out for, and exactly the height.
func (p *connections) view() []string {
	list, pane := p.layout.split(p.detail.stage)
	switch {
	case list.h == 0:
		return p.detail.lines()
	case pane.h == 0:
		return p.list(list)
	case p.layout.right:
		return sideBySide(p.list(list), p.detail.lines(), list.w, " "+p.styles.dim.String(p.styles.glyphs.bar))
	}
	return append(p.list(list), p.detail.lines()...)
}

// sideBySide joins two regions of the same height.
func sideBySide(left, right []string, w int, bar string) []string {
	lines := make([]string, len(left))
	for i := range left {
		lines[i] = pad(left[i], w) + bar + right[i]
	}
	return lines
}

// list draws the titles and the visible rows, or why there are none.
func (p *connections) list(s size) []string {
	switch {
	case p.picture == nil:
		return fill([]string{"", p.styles.dim.String(" waiting for the first picture")}, s.h)
	case len(p.picture.Connections) == 0:
		return fill(p.nobody(s.w), s.h)
	case len(p.picture.rows) == 0:
		return fill(p.noMatch(s.w), s.h)
	}
	lines := []string{p.table.header(p.order.key, p.order.descending)}
	rows := p.picture.rows[p.cursor.top:min(p.cursor.top+s.h-1, len(p.picture.rows))]
	for i := range rows {
		lines = append(lines, p.table.row(&rows[i], rows[i].ID == p.cursor.id))
	}
	return fill(lines, s.h)
}

// nobody says how to connect, in lines to be pasted. They are not wrapped, so that they can be.
func (p *connections) nobody(w int) []string {
	g := &p.styles.glyphs
	url := g.plain(p.picture.Monitor.Address)
	row := func(label, text string) string {
		return p.styles.dim.String(pad(" "+label, 12)) + " " + p.styles.accent.String(g.cut(text, w-13))
	}
	return []string{
		"",
		p.styles.strong.String(" Nobody is connected yet."),
		"",
		row("address", url),
		row("shell", "websocat "+url),
		row("browser", `new WebSocket("`+url+`")`),
	}
}

// noMatch shows the filter that left nothing, and how to be rid of it.
func (p *connections) noMatch(w int) []string {
	g := &p.styles.glyphs
	lines := []string{"", p.styles.strong.String(g.cut(" No connection matches this filter:", w)), ""}
	for _, line := range wrap(g.plain(p.filter), w-4) {
		lines = append(lines, "   "+p.styles.accent.String(line))
	}
	return append(lines, "", p.styles.dim.String(g.cut(" esc drops it, / changes it.", w)))
}

// overrides are the two lines at the bottom while the page needs them for itself, nil otherwise.
func (p *connections) overrides(w int) []string {
	switch {
	case p.prompt != nil:
		below := p.prompt.problem(w)
		if below == "" {
			below = hints(p.styles, w, []key.Binding{p.keys.Keep, p.keys.Drop})
		}
		return []string{p.prompt.view(w), below}
	case p.sorting:
		return p.sortHint(w)
	}
	return nil
}

// sortHint names the letters that s waits for, over both lines.
func (p *connections) sortHint(w int) []string {
	letters := []key.Binding{key.NewBinding(key.WithKeys("s"), key.WithHelp("sort by", ""))}
	for _, c := range p.table.columns {
		letters = append(letters, key.NewBinding(key.WithKeys(c.letter), key.WithHelp(c.letter, strings.ToLower(c.title))))
	}
	half := len(letters)/2 + 1
	return []string{hints(p.styles, w, letters[:half]), hints(p.styles, w, letters[half:], p.keys.Back)}
}
