package widget

import (
	"strings"

	"holter/model"
	"holter/model/filter"
	"holter/tui/look"
)

// Column is one column of a table. A column is shown whole or not at all.
type Column[R any] struct {
	Title  string
	Sort   filter.SortKey // empty if rows cannot be sorted by it
	Letter string         // sorts by it, after s

	Descending bool // at first
	Inverse    bool // its ascending order has the most on top

	Min   int  // cells that hold any of its numbers
	Want  int  // cells that it makes good use of
	Ample int  // cells that matter more than columns of the third rank, if more than it wants; those of that rank come last
	Fits  bool // it takes no more cells than its texts: see Fit
	Rank  Rank // which columns give way to it
	Right bool // aligned to the right
	Loud  bool // in the colour of the state

	Text  func(r *R, w int) string
	Vivid func(r *R, w int) string // the same text in colours of its own, exactly w cells wide; nil for none
}

// Rank is how much a column matters where there is no room for all.
type Rank uint8

const (
	First  Rank = iota // always there
	Second             // there as soon as all first ones have their least
	Third              // there once all others have what they want
	barred             // hidden by the user
)

// Table draws the rows that are visible, and no others.
type Table[R any] struct {
	columns []Column[R]
	state   func(*R) model.State
	Tone    func(*R) model.State // whose colours a row has, nil for those of its own state
	Marked  func(*R) bool        // nil if nothing can be marked
	chosen  map[string]Rank
	vacant  map[string]bool // columns in which nothing stands, by title
	longest map[string]int  // text of the columns that fit theirs, by title
	widths  []int           // of columns, 0 where one is not shown
	width   int
}

// NewTable has columns from left to right. state reads the state of a row, which colours it.
func NewTable[R any](columns []Column[R], state func(*R) model.State) Table[R] {
	return Table[R]{columns: columns, state: state, chosen: map[string]Rank{}, vacant: map[string]bool{}, longest: map[string]int{}}
}

// Rank is a column's own, unless the user wants otherwise.
func (t *Table[R]) rank(c *Column[R]) Rank {
	if r, ok := t.chosen[c.Title]; ok {
		return r
	}
	if t.vacant[c.Title] {
		return barred
	}
	return c.Rank
}

// Vacate says whether nothing stands in a column. Such a one is hidden unless the user has chosen it.
func (t *Table[R]) Vacate(title string, vacant bool) {
	if vacant != t.vacant[title] {
		t.vacant[title] = vacant
		t.setWidth(t.width)
	}
}

// setWidth gives each column its cells: its least by rank, and between the second and the third what
// they want, then what is ample, the last one first. What is free then makes the third ample too, and the last column takes
// what remains.
func (t *Table[R]) setWidth(w int) {
	t.width = w
	t.widths = make([]int, len(t.columns))
	left := t.admit(Second, t.admit(First, w))
	left = t.widen(func(c *Column[R]) int { return t.fit(c, c.Want) }, left)
	ample := func(c *Column[R]) int { return t.fit(c, c.Ample) }
	left = t.admit(Third, t.widen(ample, left))
	left = t.widen(ample, left)
	for i := len(t.widths) - 1; i >= 0; i-- {
		if t.widths[i] > 0 {
			t.widths[i] += left
			return
		}
	}
}

// Fit says how long the longest text of a column is that fits its texts. The width goes by steps, so that the columns seldom
// move.
func (t *Table[R]) Fit(title string, longest int) {
	const step = 4
	longest = (longest + step - 1) / step * step
	if longest != t.longest[title] {
		t.longest[title] = longest
		t.setWidth(t.width)
	}
}

// fit is w, or the longest text of a column that fits its texts, if that is less.
func (t *Table[R]) fit(c *Column[R], w int) int {
	if c.Fits {
		return min(w, t.longest[c.Title])
	}
	return w
}

// admit gives the columns of a rank their least, as long as there is room, and returns what is left.
func (t *Table[R]) admit(r Rank, left int) int {
	for i := range t.columns {
		if c := &t.columns[i]; t.rank(c) == r && c.Min+1 <= left {
			t.widths[i] = c.Min
			left -= c.Min + 1
		}
	}
	return left
}

// widen widens the columns that are shown, the last one first, each up to the cells that to returns for it. It returns
// what is left.
func (t *Table[R]) widen(to func(*Column[R]) int, left int) int {
	for i := len(t.columns) - 1; i >= 0; i-- {
		if t.widths[i] > 0 {
			more := max(0, min(left, to(&t.columns[i])-t.widths[i]))
			t.widths[i] += more
			left -= more
		}
	}
	return left
}

// toggle shows a column before all others, or hides it.
func (t *Table[R]) toggle(i int) {
	if t.widths[i] > 0 {
		t.chosen[t.columns[i].Title] = barred
	} else {
		t.chosen[t.columns[i].Title] = First
	}
	t.setWidth(t.width)
}

// columnAt is the column over cell x, nil if there is none.
func (t *Table[R]) columnAt(x int) *Column[R] {
	end := 0
	for i, w := range t.widths {
		if w == 0 {
			continue
		}
		if end += w + 1; x < end {
			return &t.columns[i]
		}
	}
	return nil
}

// Order is what the rows of a table are sorted by. The zero value is for rows in an order of their own.
type Order struct {
	By         filter.SortKey
	Descending bool
}

// Inverted is o the other way round.
func (o Order) Inverted() Order { return Order{o.By, !o.Descending} }

// header is the line of titles. The title that the rows are sorted by has a mark for the direction.
func (t *Table[R]) header(s *look.Styles, o Order) string {
	var b strings.Builder
	for i := range t.columns {
		c, w := &t.columns[i], t.widths[i]
		if w == 0 {
			continue
		}
		title := c.Title
		if c.Sort == o.By && o.By != "" {
			title += s.Glyphs.Direction(o.Descending != c.Inverse)
		}
		b.WriteByte(' ')
		b.WriteString(align(title, w, c.Right))
	}
	return s.Dim.String(b.String())
}

// row draws a row. The one under the cursor is one run in the state's colour, so that it is seen
// without colour too.
func (t *Table[R]) row(s *look.Styles, r *R, selected bool) string {
	state := t.tone(r)
	marked := t.Marked != nil && t.Marked(r)
	var b strings.Builder
	b.Grow(2 * t.width)
	look, whole := look.Paint{}, true
	switch {
	case selected:
		look = s.Cursor[state]
	case state == model.Closed || state == model.Away:
		look = s.Dim
	default:
		whole = false
	}
	b.WriteString(look.On)
	b.WriteString(s.Glyphs.Gutter(selected, marked))
	t.cells(&b, s, r, state, whole)
	b.WriteString(look.Off)
	return b.String()
}

// tone is the state whose colours a row has.
func (t *Table[R]) tone(r *R) model.State {
	if t.Tone != nil {
		return min(t.Tone(r), model.Unknown)
	}
	return min(t.state(r), model.Unknown)
}

// cells writes a row's columns. In a row that is whole one run they have no colours of their own.
func (t *Table[R]) cells(b *strings.Builder, s *look.Styles, r *R, state model.State, whole bool) {
	written := false
	for i := range t.columns {
		col, w := &t.columns[i], t.widths[i]
		if w == 0 {
			continue
		}
		if written {
			b.WriteByte(' ')
		}
		written = true
		switch {
		case whole:
			b.WriteString(align(col.Text(r, w), w, col.Right))
		case col.Vivid != nil:
			b.WriteString(col.Vivid(r, w))
		case col.Loud:
			s.States[state].Write(b, align(col.Text(r, w), w, col.Right))
		default:
			b.WriteString(align(col.Text(r, w), w, col.Right))
		}
	}
}

// align fills text to w cells.
func align(text string, w int, right bool) string {
	if right {
		return look.PadLeft(text, w)
	}
	return look.Pad(text, w)
}
