package tui

import (
	"strings"
	"time"

	"holter/model"
)

// column is one column of the table of connections. A column is shown whole or not at all.
type column struct {
	title  string
	sort   model.SortKey
	letter string // sorts by it, after s

	descending bool // at first
	inverse    bool // its ascending order has the most on top

	min   int  // cells that hold any of its numbers
	want  int  // cells that it makes good use of
	extra bool // shown once all others have what they want
	right bool // aligned to the right
	loud  bool // in the colour of the state

	text func(t *table, c *model.Connection, w int) string
}

// table draws the rows of connections that are visible, and no others.
type table struct {
	styles  *styles
	columns []column
	widths  []int // of columns, 0 where one is not shown
	width   int
	now     time.Time // of the picture
}

func newTable(s *styles) table {
	return table{styles: s, columns: connectionColumns()}
}

// setWidth gives each column its cells: first those that are always there at their least, then what
// they want, the last one first, then the extra ones as long as there is room. The last column takes
// what remains.
func (t *table) setWidth(w int) {
	t.width = w
	t.widths = make([]int, len(t.columns))
	left := w
	for i, c := range t.columns {
		if !c.extra && c.min+1 <= left {
			t.widths[i] = c.min
			left -= c.min + 1
		}
	}
	for i := len(t.columns) - 1; i >= 0; i-- {
		if c := t.columns[i]; t.widths[i] > 0 {
			more := min(left, c.want-c.min)
			t.widths[i] += more
			left -= more
		}
	}
	for i, c := range t.columns {
		if c.extra && c.min+1 <= left {
			t.widths[i] = c.min
			left -= c.min + 1
		}
	}
	if last := len(t.widths) - 1; t.widths[last] > 0 {
		t.widths[last] += left
	}
}

// header is the line of titles, with the direction beside the one that the rows are sorted by.
func (t *table) header(sorted model.SortKey, descending bool) string {
	g := &t.styles.glyphs
	var b strings.Builder
	for i, c := range t.columns {
		w := t.widths[i]
		if w == 0 {
			continue
		}
		title := c.title
		if c.sort == sorted {
			title += g.direction(descending != c.inverse)
		}
		b.WriteByte(' ')
		b.WriteString(align(title, w, c.right))
	}
	return t.styles.dim.String(b.String())
}

// row draws a connection. The row under the cursor is one run in the state's colour, so that it is
// seen without colour too.
func (t *table) row(c *model.Connection, selected bool) string {
	s := t.styles
	state := min(c.State, model.Away)
	var b strings.Builder
	b.Grow(2 * t.width)
	switch {
	case selected:
		b.WriteString(s.cursor[state].on)
		b.WriteString(s.glyphs.cursor)
	case state == model.Closed:
		b.WriteString(s.dim.on)
		b.WriteByte(' ')
	default:
		b.WriteByte(' ')
	}
	plainRow := selected || state == model.Closed
	first := true
	for i := range t.columns {
		w := t.widths[i]
		if w == 0 {
			continue
		}
		if !first {
			b.WriteByte(' ')
		}
		first = false
		col := &t.columns[i]
		text := align(col.text(t, c, w), w, col.right)
		if col.loud && !plainRow {
			s.states[state].write(&b, text)
		} else {
			b.WriteString(text)
		}
	}
	if plainRow {
		b.WriteString(s.dim.off)
	}
	return b.String()
}

// align fills text to w cells.
func align(text string, w int, right bool) string {
	if right {
		return padLeft(text, w)
	}
	return pad(text, w)
}
