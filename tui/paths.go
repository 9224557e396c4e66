package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/model/filter"
	"holter/model/path"
	"holter/tui/look"
	"holter/tui/paths"
	"holter/tui/widget"
)

// pathsPage is the page of paths: a list of them, and the timer map and the cohorts of the one under the cursor.
type pathsPage struct {
	drawing
	keys   *keyMap
	status *status

	picture *picture
	list    widget.List[model.Path, int]
	text    viewport.Model // below the list
	shown   int            // the path that it is about
	size    size
}

func newPathsPage(k *keyMap, st *status) *pathsPage {
	p := &pathsPage{keys: k, status: st, text: viewport.New(0, 0)}
	t := widget.NewTable(paths.Columns(func() *look.Styles { return p.styles }), paths.State)
	p.list = widget.NewList(t, func(r *model.Path) int { return r.ID })
	return p
}

// arrange does nothing: there are few paths.
func (p *pathsPage) arrange() func(*picture) *picture { return nil }

func (p *pathsPage) layOut(room size, d drawing) {
	p.size, p.drawing = room, d
	p.write()
}

func (p *pathsPage) setPicture(pic *picture) tea.Cmd {
	p.picture = pic
	p.list.Set(paths.Sorted(pic.Paths))
	p.list.Table.Fit("PATH", longestOf(p.list.Rows, func(r *model.Path) string { return paths.Name(r) }))
	p.list.Table.Fit("UPSTREAM", longestOf(p.list.Rows, func(r *model.Path) string { return r.Upstream }))
	p.write()
	return nil
}

// write shares the room among the list and the text below it, and writes that.
func (p *pathsPage) write() {
	n := len(p.list.Rows)
	high := min(n+1, max(4, p.size.h*2/5))
	p.list.SetSize(p.size.w, high)
	p.text.Width, p.text.Height = max(0, p.size.w-widget.BarWidth), max(0, p.size.h-high-1)
	row := p.list.Selected()
	if row == nil || p.text.Width == 0 {
		return
	}
	if row.ID != p.shown {
		p.shown, p.text.YOffset = row.ID, 0
	}
	lines := paths.Lines(row, p.text.Width, p.text.Height, p.styles)
	lines = append(lines, paths.Cohorts(row, p.picture.Cohorts, p.picture.Time, p.text.Width, p.styles)...)
	p.text.SetContent(strings.Join(lines, "\n"))
	p.text.SetYOffset(p.text.YOffset)
}

func (p *pathsPage) view() []string {
	row := p.list.Selected()
	switch {
	case p.picture == nil:
		return waiting(p.styles, p.size.h)
	case row == nil:
		return look.Fill([]string{"", p.styles.Strong.String(" No path is known yet: it is with the first connection.")}, p.size.h)
	}
	g := &p.styles.Glyphs
	title := g.Plain(paths.Name(row))
	if row.Upstream != "" {
		title += " " + g.Arrow + " " + g.Plain(row.Upstream)
	}
	lines := append(p.list.View(p.styles, widget.Order{}), widget.Rule(p.styles, title, p.size.w, &p.text))
	return look.Fill(append(lines, widget.Window(p.styles, &p.text)...), p.size.h)
}

func (p *pathsPage) update(msg tea.KeyMsg) tea.Cmd {
	switch k := p.keys; {
	case key.Matches(msg, k.NextTrouble):
		p.seek(1)
	case key.Matches(msg, k.PreviousTrouble):
		p.seek(-1)
	case key.Matches(msg, k.Mark, k.Range):
		p.status.say("only connections can be marked")
	case key.Matches(msg, k.PageUp, k.PageDown) && p.text.TotalLineCount() > p.text.Height:
		widget.Scroll(&p.text, msg, &k.Keys)
		return nil
	default:
		p.list.Move(msg, &k.Keys)
	}
	p.write()
	return nil
}

func (p *pathsPage) seek(step int) {
	if !p.list.Seek(step) {
		p.status.say("no path has a warning")
	}
}

// point goes to the path with a template.
func (p *pathsPage) point(template string, _ *picture) tea.Cmd {
	for _, r := range p.list.Rows {
		if r.Template == template {
			p.list.GoTo(r.ID)
		}
	}
	p.write()
	return nil
}

func (p *pathsPage) back() (tea.Cmd, bool) { return nil, false }

func (p *pathsPage) choices() widget.Choices { return &p.list.Table }
func (p *pathsPage) hints() []key.Binding {
	k := p.keys
	return []key.Binding{k.Open, k.Up, k.Down, k.NextTrouble, k.Freeze, k.Write}
}

// group is a filter for the connections of the path under the cursor. Those whose path is one of the template, and has a row
// of its own, are not among them.
func (p *pathsPage) group() string {
	row := p.list.Selected()
	if row == nil || row.Template == "" {
		return ""
	}
	words := []string{"path=" + filter.Quote(row.Template)}
	for _, other := range p.list.Rows {
		if other.ID != row.ID && path.Match(row.Template, other.Template) {
			words = append(words, "path!="+filter.Quote(other.Template))
		}
	}
	return strings.Join(words, " ")
}

func (p *pathsPage) click(x, y int) (row any, cmd tea.Cmd) {
	if y >= p.list.Height || !p.list.Click(x, y) {
		return nil, nil
	}
	p.write()
	return p.list.Clicked(x), nil
}

// wheel scrolls the text if the mouse is over it.
func (p *pathsPage) wheel(_, y int, msg tea.KeyMsg) bool {
	return y > p.list.Height && widget.Scroll(&p.text, msg, &p.keys.Keys)
}

func (p *pathsPage) claims() int { return 0 }

// tally is how many paths and warnings there are.
func (p *pathsPage) tally() string {
	n, warnings := len(p.list.Rows), 0
	for _, r := range p.list.Rows {
		warnings += len(r.Warnings)
	}
	if n == 0 {
		return ""
	}
	text := counted(n, "path")
	if warnings > 0 {
		text += ", " + counted(warnings, "warning")
	}
	return text
}

// pathOf is the path of a connection, nil if it is not in the picture: the one with its own path or, without one, with a
// template that fits.
func (p *picture) pathOf(c *model.Connection) *model.Path {
	own := func(s model.Path) bool { return strings.EqualFold(s.Template, c.Path) }
	fits := func(s model.Path) bool { return path.Match(s.Template, c.Path) }
	for _, is := range []func(model.Path) bool{own, fits} {
		if i := slices.IndexFunc(p.Paths, is); i >= 0 {
			return &p.Paths[i]
		}
	}
	return nil
}
