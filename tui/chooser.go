package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// columnChoices is a table of any rows as seen by who chooses its columns.
type columnChoices interface {
	titles() []string
	shown(i int) bool
	toggle(i int)
}

func (t *table[R]) titles() []string {
	names := make([]string, len(t.columns))
	for i := range t.columns {
		names[i] = strings.ToLower(t.columns[i].title)
	}
	return names
}

func (t *table[R]) shown(i int) bool { return t.widths[i] > 0 }

// sortItems are the letters by which a table can be sorted. A column that has not been shown is from then
// on, if there is room: rows in an order that nobody sees look shuffled.
func (t *table[R]) sortItems(sort func(order) tea.Cmd) []menuItem {
	var items []menuItem
	for i := range t.columns {
		if c := &t.columns[i]; c.letter != "" {
			items = append(items, menuItem{letter: c.letter, label: strings.ToLower(c.title), do: func() tea.Cmd {
				if !t.shown(i) {
					t.toggle(i)
				}
				return sort(order{c.sort, c.descending})
			}})
		}
	}
	return items
}

// chooser is the dialog that shows and hides columns.
type chooser struct {
	styles *look.Styles
	keys   *widgetKeys
	table  columnChoices
	at     int
}

func (d *chooser) update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	k, n := d.keys, len(d.table.titles())
	switch {
	case key.Matches(msg, k.Cancel, k.Press, k.Columns):
		return true, nil
	case key.Matches(msg, k.NextField, k.Down):
		d.at = (d.at + 1) % n
	case key.Matches(msg, k.PrevField, k.Up):
		d.at = (d.at + n - 1) % n
	case key.Matches(msg, k.Toggle):
		d.table.toggle(d.at)
	}
	return false, nil
}

func (d *chooser) footer(w int, message string) []string {
	k := d.keys
	return []string{message, hints(d.styles, w, []key.Binding{k.Toggle, k.NextField, k.PrevField, k.Press})}
}

func (d *chooser) view(page []string, w int) []string {
	const inner = 40
	s := d.styles
	lines := []string{s.Strong.String("Columns"), s.Dim.String("shown whole as far as there is room")}
	titles := d.table.titles()
	room := max(1, len(page)-4)
	top := max(0, min(d.at-room/2, len(titles)-room))
	for i := top; i < min(top+room, len(titles)); i++ {
		line := fmt.Sprintf("  %s %s", s.Glyphs.Checkbox(d.table.shown(i)), titles[i])
		if i == d.at {
			line = s.Pressed.String(look.Pad(s.Glyphs.Cursor+line[1:], inner))
		}
		lines = append(lines, line)
	}
	return dialogOver(page, box(s, lines, inner), w)
}

// sortAt sorts by the column over cell x of the titles, the other way round if it is sorted by it.
func (t *table[R]) sortAt(x int, now order, sort func(order) tea.Cmd) tea.Cmd {
	c := t.columnAt(x)
	switch {
	case c == nil || c.sort == "":
		return nil
	case c.sort == now.by:
		return sort(now.inverted())
	}
	return sort(order{c.sort, c.descending})
}
