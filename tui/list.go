package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/tui/look"
)

// list is a table with a cursor in it.
type list[R any, K comparable] struct {
	table  table[R]
	cursor cursor[K]
	rows   []*R
	height int // the line of titles included
	key    func(*R) K
}

func newList[R any, K comparable](t table[R], key func(*R) K) list[R, K] {
	return list[R, K]{table: t, key: key}
}

func (l *list[R, K]) setSize(w, h int) {
	l.height = h
	l.table.setWidth(w)
	l.scroll()
}

// set takes new rows. The cursor goes with its own.
func (l *list[R, K]) set(rows []*R) {
	l.rows = rows
	l.cursor.follow(len(rows), l.keyAt)
	l.scroll()
}

func (l *list[R, K]) keyAt(i int) K { return l.key(l.rows[i]) }

// visible is how many rows fit below the titles.
func (l *list[R, K]) visible() int { return max(0, l.height-1) }

func (l *list[R, K]) scroll() { l.cursor.scroll(len(l.rows), l.visible()) }

// at is the place of the cursor among the rows, and keyed the key of the row that it is on.
func (l *list[R, K]) at() int  { return l.cursor.index }
func (l *list[R, K]) keyed() K { return l.cursor.key }

// pin has the cursor go with its row from the top too, and pinned reports whether it does.
func (l *list[R, K]) pin(on bool)  { l.cursor.pinned = on }
func (l *list[R, K]) pinned() bool { return l.cursor.pinned }

// selected is the row under the cursor, nil if there is none.
func (l *list[R, K]) selected() *R {
	if l.cursor.index >= len(l.rows) {
		return nil
	}
	return l.rows[l.cursor.index]
}

func (l *list[R, K]) moveTo(index int) {
	l.cursor.moveTo(index, len(l.rows), l.keyAt)
	l.scroll()
}

// goTo moves to the row with a key. It reports whether there is one.
func (l *list[R, K]) goTo(k K) bool {
	for i := range l.rows {
		if l.keyAt(i) == k {
			l.moveTo(i)
			return true
		}
	}
	return false
}

// move handles the keys that move the cursor. It reports whether msg was one.
func (l *list[R, K]) move(msg tea.KeyMsg, k *widgetKeys) bool {
	at, page := l.cursor.index, max(1, l.visible())
	switch {
	case key.Matches(msg, k.Up):
		l.moveTo(at - 1)
	case key.Matches(msg, k.Down):
		l.moveTo(at + 1)
	case key.Matches(msg, k.HalfUp):
		l.moveTo(at - max(1, page/2))
	case key.Matches(msg, k.HalfDown):
		l.moveTo(at + max(1, page/2))
	case key.Matches(msg, k.PageUp):
		l.moveTo(at - page)
	case key.Matches(msg, k.PageDown):
		l.moveTo(at + page)
	case key.Matches(msg, k.Top):
		l.moveTo(0)
	case key.Matches(msg, k.Bottom):
		l.moveTo(len(l.rows) - 1)
	default:
		return false
	}
	return true
}

// seek goes to the next row in direction step (1 or -1) that is in trouble, around the ends. It
// reports whether there is one.
func (l *list[R, K]) seek(step int) bool {
	n := len(l.rows)
	for i := 1; i <= n; i++ {
		at := ((l.cursor.index+i*step)%n + n) % n
		if l.table.state(l.rows[at]).Trouble() {
			l.moveTo(at)
			return true
		}
	}
	return false
}

// click goes to the row at line y of the list. It reports whether there is one.
func (l *list[R, K]) click(y int) bool {
	at := l.cursor.top + y - 1
	if y < 1 || y >= l.height || at >= len(l.rows) {
		return false
	}
	l.moveTo(at)
	return true
}

// seen are the rows that are not scrolled away.
func (l *list[R, K]) seen() []*R {
	top := min(l.cursor.top, len(l.rows))
	return l.rows[top:min(top+l.visible(), len(l.rows))]
}

// view draws the titles and the visible rows, sorted by a column.
func (l *list[R, K]) view(o order) []string {
	lines := []string{l.table.header(o)}
	for i, r := range l.seen() {
		lines = append(lines, l.table.row(r, l.cursor.top+i == l.cursor.index))
	}
	return look.Fill(lines, l.height)
}

// cellLimit is more cells than any text of a row takes.
const cellLimit = 4096

// texts are the titles and then all rows, as they are drawn but whole.
func (l *list[R, K]) texts() [][]string {
	titles := l.table.titles()
	for i := range titles {
		titles[i] = strings.ReplaceAll(titles[i], " ", "_")
	}
	texts := [][]string{titles}
	for _, r := range l.rows {
		cells := make([]string, len(titles))
		for i := range l.table.columns {
			cells[i] = l.table.columns[i].text(r, cellLimit)
		}
		texts = append(texts, cells)
	}
	return texts
}
