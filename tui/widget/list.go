package widget

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// List is a table with a cursor in it. Its rows may also be drawn by its page, several of them side by side: see SetGrid.
type List[R any, K comparable] struct {
	Table  Table[R]
	cursor cursor[K]
	Rows   []*R
	Height int  // the line of titles included
	Loose  bool // the cursor is on none of the rows, and only has a place
	across int  // rows side by side, 1 in a table
	down   int  // lines of rows that are seen
	key    func(*R) K
}

// NewList is an empty list. key reads what tells a row from all others.
func NewList[R any, K comparable](t Table[R], key func(*R) K) List[R, K] {
	return List[R, K]{Table: t, across: 1, key: key}
}

// SetSize sets the cells across with the scroll bar, and the lines with the titles.
func (l *List[R, K]) SetSize(w, h int) {
	l.Height, l.across, l.down = h, 1, max(0, h-1)
	l.Table.setWidth(w - BarWidth)
	l.scroll()
}

// SetGrid lays the rows out side by side: as many across, in lines of which as many are seen. The page draws them.
func (l *List[R, K]) SetGrid(across, down int) {
	l.across, l.down = max(1, across), max(0, down)
	l.scroll()
}

// Set replaces the rows. The cursor goes with its row.
func (l *List[R, K]) Set(rows []*R) {
	l.Rows = rows
	l.cursor.follow(len(rows), l.keyAt)
	l.scroll()
}

func (l *List[R, K]) keyAt(i int) K { return l.key(l.Rows[i]) }

// visible is how many rows are seen at a time.
func (l *List[R, K]) visible() int { return l.across * l.down }

func (l *List[R, K]) scroll() { l.cursor.scroll(len(l.Rows), l.down, l.across) }

// Above and Below are how many rows are scrolled away at either end.
func (l *List[R, K]) Above() int { return min(l.cursor.top, len(l.Rows)) }
func (l *List[R, K]) Below() int { return max(0, len(l.Rows)-l.cursor.top-l.visible()) }

// At is the place of the cursor among the rows, and Keyed is the key of the row there.
func (l *List[R, K]) At() int  { return l.cursor.index }
func (l *List[R, K]) Keyed() K { return l.cursor.key }

// Pin lets the cursor go with its row from the top too, where it would stay otherwise. Pinned reports whether it does.
func (l *List[R, K]) Pin(on bool)  { l.cursor.pinned = on }
func (l *List[R, K]) Pinned() bool { return l.cursor.pinned }

// Selected is the row under the cursor, nil if there is none.
func (l *List[R, K]) Selected() *R {
	if l.cursor.index >= len(l.Rows) {
		return nil
	}
	return l.Rows[l.cursor.index]
}

// MoveTo moves the cursor to a row, or to the nearest that there is.
func (l *List[R, K]) MoveTo(index int) {
	l.cursor.moveTo(index, len(l.Rows), l.keyAt)
	l.scroll()
}

// Restart moves the cursor to the top of rows in another order that Set is about to bring. Keys that move it until then count
// from there: it takes the row that comes to its place. GoTo, Seek and a click go to a row all the same.
func (l *List[R, K]) Restart() {
	l.MoveTo(0)
	l.cursor.placed = true
}

// goTo moves the cursor to a row that was meant, and not only a place.
func (l *List[R, K]) goTo(index int) {
	l.cursor.placed = false
	l.MoveTo(index)
}

// GoTo moves to the row with a key. It reports whether there is one.
func (l *List[R, K]) GoTo(k K) bool {
	for i := range l.Rows {
		if l.keyAt(i) == k {
			l.goTo(i)
			return true
		}
	}
	return false
}

// Move handles the keys that move the cursor. It reports whether msg was one.
func (l *List[R, K]) Move(msg tea.KeyMsg, k *Keys) bool {
	at, page := l.cursor.index, max(1, l.down)
	switch {
	case key.Matches(msg, k.Up):
		l.moveBy(-1)
	case key.Matches(msg, k.Down):
		l.moveBy(1)
	case key.Matches(msg, k.Left) && l.across > 1:
		l.MoveTo(at - 1)
	case key.Matches(msg, k.Right) && l.across > 1:
		l.MoveTo(at + 1)
	case key.Matches(msg, k.HalfUp):
		l.moveBy(-max(1, page/2))
	case key.Matches(msg, k.HalfDown):
		l.moveBy(max(1, page/2))
	case key.Matches(msg, k.PageUp):
		l.moveBy(-page)
	case key.Matches(msg, k.PageDown):
		l.moveBy(page)
	case key.Matches(msg, k.Top):
		l.MoveTo(0)
	case key.Matches(msg, k.Bottom):
		l.MoveTo(len(l.Rows) - 1)
	default:
		return false
	}
	return true
}

// moveBy moves the cursor up or down by lines, as far as there are some. It stays in its column, unless the last line is too
// short for that.
func (l *List[R, K]) moveBy(lines int) {
	at, last := l.cursor.index, len(l.Rows)-1
	lines = max(lines, -(at / l.across))
	lines = min(lines, last/l.across-at/l.across)
	l.MoveTo(at + lines*l.across)
}

// Seek goes to the next row in direction step (1 or -1) that is in trouble, around the ends. It
// reports whether there is one.
func (l *List[R, K]) Seek(step int) bool {
	n := len(l.Rows)
	for i := 1; i <= n; i++ {
		at := ((l.cursor.index+i*step)%n + n) % n
		if l.Table.state(l.Rows[at]).Trouble() {
			l.goTo(at)
			return true
		}
	}
	return false
}

// Click goes to the row at a cell of the list or, on the scroll bar, to one as far down among all rows. It reports whether
// there is one.
func (l *List[R, K]) Click(x, y int) bool {
	if y < 1 || y >= l.Height {
		return false
	}
	if seen := l.visible(); l.onBar(x) {
		l.MoveTo((y - 1) * (len(l.Rows) - 1) / max(1, seen-1))
		return true
	}
	return l.ClickAt(y - 1)
}

// onBar reports whether cell x is the scroll bar.
func (l *List[R, K]) onBar(x int) bool { return x >= l.Table.width && len(l.Rows) > l.visible() }

// Clicked is the key of the row that a click on cell x went to, nil for one on the scroll bar.
func (l *List[R, K]) Clicked(x int) any {
	if l.onBar(x) {
		return nil
	}
	return l.Keyed()
}

// ClickAt goes to a row by its place among those that are seen. It reports whether there is one.
func (l *List[R, K]) ClickAt(place int) bool {
	if place < 0 || place >= len(l.Seen()) {
		return false
	}
	l.goTo(l.cursor.top + place)
	return true
}

// Seen are the rows that are not scrolled away.
func (l *List[R, K]) Seen() []*R {
	top := min(l.cursor.top, len(l.Rows))
	return l.Rows[top:min(top+l.visible(), len(l.Rows))]
}

// View draws the titles and the visible rows, sorted by a column, with a scroll bar where there are more.
func (l *List[R, K]) View(s *look.Styles, o Order) []string {
	lines := []string{l.Table.header(s, o)}
	from, to := l.Thumb(l.down)
	for i, r := range l.Seen() {
		line := l.Table.row(s, r, !l.Loose && l.cursor.top+i == l.cursor.index)
		if from <= i && i < to {
			line += s.Dim.String(s.Glyphs.Thumb)
		}
		lines = append(lines, line)
	}
	return look.Fill(lines, l.Height)
}

// Thumb is where the thumb of a scroll bar of h cells begins and ends.
func (l *List[R, K]) Thumb(h int) (from, to int) {
	lines, seen := (len(l.Rows)+l.across-1)/l.across, max(1, l.down)
	return thumb(lines*h/seen, h, l.cursor.top/l.across*h/seen)
}
