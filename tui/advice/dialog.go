package advice

import (
	"cmp"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
	"holter/tui/widget"
)

// Dialog lists all advice, what is dismissed at the end, with the sentence of the piece under the cursor. It takes the whole page.
type Dialog struct {
	styles *look.Styles
	keys   Keys
	do     Actions
	list   widget.List[model.Warning, subject]
	now    time.Time
}

// Keys are the keys that the dialog obeys.
type Keys struct {
	*widget.Keys
	Advice, Open, Dismiss key.Binding
}

// Actions are what the keys do.
type Actions struct {
	Visit   func(model.Place) tea.Cmd    // shows the evidence
	Dismiss func(*model.Warning) tea.Cmd // takes a piece away, or brings back one that is dismissed
}

// subject tells a piece from all others.
type subject struct {
	id, path, client, agent string
	kind                    model.WarningKind
}

func subjectOf(w *model.Warning) subject { return subject{w.ID, w.Path, w.Client, w.Agent, w.Kind} }

// NewDialog is a dialog without advice: Set gives it some.
func NewDialog(s *look.Styles, k Keys, do Actions) *Dialog {
	d := &Dialog{styles: s, keys: k, do: do}
	d.list = widget.NewList(widget.NewTable(d.columns(), State), subjectOf)
	d.list.Pin(true)
	return d
}

// Set replaces the advice, as of now. The cursor stays on its piece.
func (d *Dialog) Set(all []model.Warning, now time.Time) {
	rows, longest := make([]*model.Warning, len(all)), 0
	for i := range all {
		rows[i] = &all[i]
		longest = max(longest, look.Width(all[i].Path+all[i].Client+all[i].Agent))
	}
	d.now = now
	d.list.Set(rows)
	d.list.Table.Fit("ABOUT", longest)
}

// GoTo moves the cursor to a piece by its place.
func (d *Dialog) GoTo(at int) { d.list.MoveTo(at) }

func (d *Dialog) columns() []widget.Column[model.Warning] {
	g := &d.styles.Glyphs
	return []widget.Column[model.Warning]{
		{Title: "URGENCY", Min: 7, Loud: true, Text: func(r *model.Warning, w int) string { return g.Cut(glyph(r, g)+" "+r.Urgency.String(), w) }},
		{Title: "ADVICE", Min: 15, Loud: true, Text: func(r *model.Warning, w int) string { return g.Cut(g.Plain(string(r.Kind)), w) }},
		{Title: "ABOUT", Min: 12, Want: 24, Ample: 60, Fits: true, Text: func(r *model.Warning, w int) string {
			return g.Cut(g.Plain(cmp.Or(about(r), "all")), w)
		}},
		{Title: "TOUCHES", Min: 7, Right: true, Text: func(r *model.Warning, _ int) string { return look.Count(r.Touched) }},
		{Title: "FOR", Min: 6, Right: true, Text: func(r *model.Warning, _ int) string { return look.Span(d.now.Sub(r.Since)) }},
		{Title: "WHAT", Min: 12, Rank: widget.Third, Text: func(r *model.Warning, w int) string { return g.Cut(g.Plain(r.Detail), w) }},
	}
}

// Update takes a key.
func (d *Dialog) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	row, k := d.list.Selected(), d.keys
	switch {
	case key.Matches(msg, k.Back, k.Quit, k.Advice):
		return true, nil
	case key.Matches(msg, k.Open) && row != nil:
		return true, d.do.Visit(row.At)
	case key.Matches(msg, k.Dismiss) && row != nil:
		return false, d.do.Dismiss(row)
	}
	d.list.Move(msg, k.Keys)
	return false, nil
}

// least is the lines for the sentence below the list, with the rule above it.
const least = 8

// View draws the list, and below it the sentence of the piece under the cursor and where its evidence is.
func (d *Dialog) View(page []string, w int) []string {
	s, g, h := d.styles, &d.styles.Glyphs, len(page)
	row := d.list.Selected()
	if row == nil {
		return look.Fill([]string{"", s.Strong.String(" There is no advice now.")}, h)
	}
	d.list.SetSize(w, min(len(d.list.Rows)+1, max(2, h-least)))
	heading := title(row)
	if row.Dismissed {
		heading += ", dismissed until it becomes worse"
	}
	lines := append(d.list.View(s, widget.Order{}), s.Rule(g.Plain(heading), w))
	for _, line := range look.Wrap(g.Plain(row.Detail), w-2) {
		lines = append(lines, " "+s.Strong.String(line))
	}
	if evidence := row.At; evidence.Page != "" {
		text := "evidence: the page of " + evidence.Page
		if evidence.Query != "" {
			text += ", " + evidence.Query
		}
		for _, line := range look.Wrap(g.Plain(text), w-2) {
			lines = append(lines, " "+s.Accent.String(line))
		}
	}
	return look.Fill(lines, h)
}

// Click goes to a row.
func (d *Dialog) Click(x, y, _, _ int) (done bool, cmd tea.Cmd) {
	if y < d.list.Height {
		d.list.Click(x, y)
	}
	return false, nil
}

// Footer is the message line, and the keys.
func (d *Dialog) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.styles)}
}

// Hints are the keys that the last line names.
func (d *Dialog) Hints(w int) [2]widget.Hints {
	k := d.keys
	show, dismiss := k.Open, k.Dismiss
	show.SetHelp(show.Help().Key, "show the evidence")
	dismiss.SetHelp(dismiss.Help().Key, "dismiss")
	if row := d.list.Selected(); row != nil && row.Dismissed {
		dismiss.SetHelp(dismiss.Help().Key, "bring back")
	}
	return [2]widget.Hints{1: {Width: w, Keys: []key.Binding{show, dismiss, k.Up, k.Down}, Always: []key.Binding{k.Back}}}
}
