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
	k := d.Keys
	return []string{message, Hints(d.Styles, w, []key.Binding{k.Toggle, k.NextField, k.PrevField, k.Press})}
}

func (d *Chooser) View(page []string, w int) []string {
	const inner = 40
	s := d.Styles
	lines := []string{s.Strong.String("Columns"), s.Dim.String("shown whole as far as there is room")}
	titles := d.Table.titles()
	room := max(1, len(page)-4)
	top := max(0, min(d.At-room/2, len(titles)-room))
	for i := top; i < min(top+room, len(titles)); i++ {
		line := fmt.Sprintf("  %s %s", s.Glyphs.Checkbox(d.Table.shown(i)), titles[i])
		if i == d.At {
			line = s.Pressed.String(look.Pad(s.Glyphs.Cursor+line[1:], inner))
		}
		lines = append(lines, line)
	}
	return Over(page, Box(s, lines, inner), w)
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
