package widget

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// Choices is a table of any rows, as far as its columns are to be chosen.
type Choices interface {
	titles() []string
	shown(i int) bool
	toggle(i int)
}

func (t *Table[R]) titles() []string {
	names := make([]string, len(t.columns))
	for i := range t.columns {
		names[i] = strings.ToLower(t.columns[i].Title)
	}
	return names
}

func (t *Table[R]) shown(i int) bool { return t.widths[i] > 0 }

// SortItems are the letters by which a table can be sorted. Sorting by a column that is hidden shows it, if there is room:
// rows whose order cannot be seen look shuffled.
func (t *Table[R]) SortItems(sort func(Order) tea.Cmd) []Item {
	var items []Item
	for i := range t.columns {
		if c := &t.columns[i]; c.Letter != "" {
			items = append(items, Item{Letter: c.Letter, Label: strings.ToLower(c.Title), Do: func() tea.Cmd {
				if !t.shown(i) {
					t.toggle(i)
				}
				return sort(Order{c.Sort, c.Descending})
			}})
		}
	}
	return items
}

// Chooser is the dialog that shows and hides columns.
type Chooser struct {
	Styles *look.Styles
	Keys   *Keys
	Table  Choices
	At     int
}

func (d *Chooser) Update(msg tea.KeyMsg) (done bool, cmd tea.Cmd) {
	k, n := d.Keys, len(d.Table.titles())
	switch {
	case key.Matches(msg, k.Cancel, k.Press, k.Columns, k.Quit):
		return true, nil
	case key.Matches(msg, k.NextField, k.Down):
		d.At = (d.At + 1) % n
	case key.Matches(msg, k.PrevField, k.Up):
		d.At = (d.At + n - 1) % n
	case key.Matches(msg, k.Toggle):
		d.Table.toggle(d.At)
	}
	return false, nil
}

func (d *Chooser) Footer(w int, message string) []string {
	return []string{message, d.Hints(w)[1].View(d.Styles)}
}

func (d *Chooser) Hints(w int) [2]Hints {
	k := d.Keys
	return [2]Hints{1: {w, []key.Binding{k.Toggle, k.NextField, k.PrevField, k.Press}, nil}}
}

// choosing is the lines of a chooser before its first column, and across the cells of its text.
const choosing, across = 2, 40

// top is the first column that is seen on a page of h lines.
func (d *Chooser) top(h int) int {
	room := max(1, h-choosing-2)
	return max(0, min(d.At-room/2, len(d.Table.titles())-room))
}

func (d *Chooser) box(h int) []string {
	s, titles := d.Styles, d.Table.titles()
	lines := []string{s.Strong.String("Columns"), s.Dim.String("shown whole as far as there is room")}
	top := d.top(h)
	for i := top; i < min(top+max(1, h-choosing-2), len(titles)); i++ {
		line := fmt.Sprintf("  %s %s", s.Glyphs.Checkbox(d.Table.shown(i)), titles[i])
		if i == d.At {
			line = s.Pressed.String(look.Pad(s.Glyphs.Cursor+line[1:], across))
		}
		lines = append(lines, line)
	}
	return Box(s, lines, across)
}

func (d *Chooser) View(page []string, w int) []string { return Over(page, d.box(len(page)), w) }

// Click shows or hides a column.
func (d *Chooser) Click(x, y, w, h int) (done bool, cmd tea.Cmd) {
	x, y = Inside(d.box(h), x, y, w, h)
	if at := d.top(h) + y - choosing; x >= 0 && x < across && y >= choosing && at < len(d.Table.titles()) {
		d.At = at
		d.Table.toggle(at)
	}
	return false, nil
}

// SortAt sorts by the column over cell x of the titles, the other way round if it is sorted by it.
func (t *Table[R]) SortAt(x int, now Order, sort func(Order) tea.Cmd) tea.Cmd {
	c := t.columnAt(x)
	switch {
	case c == nil || c.Sort == "":
		return nil
	case c.Sort == now.By:
		return sort(now.Inverted())
	}
	return sort(Order{c.Sort, c.Descending})
}
