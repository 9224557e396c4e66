package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
)

// help is the list of all keys, and what the marks on the screen mean.
type help struct {
	styles *styles
	keys   *keyMap
	text   viewport.Model
}

func newHelp(s *styles, k *keyMap, w, h int) *help {
	d := &help{styles: s, keys: k, text: viewport.New(w, h)}
	d.text.SetContent(strings.Join(d.content(), "\n"))
	return d
}

func (d *help) update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	switch {
	case key.Matches(msg, d.keys.Help, d.keys.Back):
		return true, nil
	case key.Matches(msg, d.keys.Quit):
		return true, tea.Quit
	}
	scroll(&d.text, msg, d.keys)
	return false, nil
}

func (d *help) hints() []key.Binding {
	return []key.Binding{d.keys.Up, d.keys.Down, d.keys.Back, d.keys.Quit}
}

// view takes the whole page.
func (d *help) view(page []string, w int) []string {
	d.text.Width, d.text.Height = w, len(page)
	d.text.SetYOffset(d.text.YOffset)
	return fill(strings.Split(d.text.View(), "\n"), len(page))
}

// content is the help as lines.
func (d *help) content() []string {
	var lines []string
	for _, group := range d.keys.groups() {
		lines = append(lines, "", d.heading(group.title))
		for _, k := range group.keys {
			lines = append(lines, d.entry(k.Help().Key, k.Help().Desc))
		}
	}
	lines = append(lines, "", d.heading("Sort, after s"))
	for _, c := range connectionColumns() {
		lines = append(lines, d.entry(c.letter, strings.ToLower(c.title)))
	}
	return append(lines, d.legend()...)
}

func (d *help) legend() []string {
	g := &d.styles.glyphs
	lines := []string{"", d.heading("States")}
	for _, state := range []model.State{model.Normal, model.Suspect, model.Failed, model.Closed} {
		lines = append(lines, "   "+d.styles.states[state].String(pad(g.states[state], 14))+" "+stateHelp[state])
	}
	return append(lines, "", d.heading("Silence"),
		d.entry(g.gauge(0.4, 10), "the silence against interval + timeout"),
		d.entry(g.gauge(1, 10), "a beat must have gone unanswered"),
		"", d.heading("Filter"),
		d.entry("demo", "part of id, client, address, path, user agent or cause"),
		d.entry("rtt>100ms", "field, = != > >= < <= ~, value with its unit"),
		d.entry("a b, a or b", "both, either; ! negates, ( ) group, \" \" quote"),
		d.entry("ip=10.0.0.0/8", "addresses of a network"),
	)
}

var stateHelp = map[model.State]string{
	model.Normal:  "normal: it answers in time",
	model.Suspect: "suspect: a beat went unanswered, and no byte came",
	model.Failed:  "failed: so did the probes",
	model.Closed:  "closed: the socket is gone",
}

func (d *help) heading(title string) string { return " " + d.styles.title.String(title) }

func (d *help) entry(name, text string) string {
	return "   " + d.styles.accent.String(pad(name, 14)) + " " + text
}
