package tui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"holter/model"
	"holter/tui/look"
)

// marks are the connections that the user has marked, by id.
type marks struct {
	ids  map[model.ID]struct{}
	gone int      // of them, in the newest picture
	from model.ID // where a range begins, 0 while there is none
}

func (m *marks) has(id model.ID) bool {
	_, ok := m.ids[id]
	return ok
}

func (m *marks) any() bool     { return len(m.ids) > 0 }
func (m *marks) count() int    { return len(m.ids) }
func (m *marks) ranging() bool { return m.from != 0 }
func (m *marks) endRange()     { m.from = 0 }
func (m *marks) clear()        { *m = marks{} }

func (m *marks) toggle(id model.ID) {
	if m.has(id) {
		delete(m.ids, id)
		return
	}
	m.add(id)
}

func (m *marks) add(id model.ID) {
	if m.ids == nil {
		m.ids = map[model.ID]struct{}{}
	}
	m.ids[id] = struct{}{}
}

// open are the marked connections that a picture has and that are open, in the order of their ids. Marks of others stay
// until the user takes them back: without them a command for what is marked would be one for all.
func (m *marks) open(p *picture) []model.ID {
	var ids []model.ID
	for id := range m.ids {
		if p.isOpen(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// recount counts the marks of what has gone.
func (m *marks) recount(p *picture) {
	m.gone = 0
	for id := range m.ids {
		if !p.isOpen(id) {
			m.gone++
		}
	}
}

// tally says how many are marked, "" for none.
func (m *marks) tally() string {
	switch n := m.count(); {
	case n == 0:
		return ""
	case m.gone > 0:
		return fmt.Sprintf("%d marked, %d gone", n, m.gone)
	default:
		return fmt.Sprintf("%d marked", n)
	}
}

// addRange marks the rows from where the range began up to another, both included, and ends the range. It reports whether
// both are among rows.
func (m *marks) addRange(rows []*model.Connection, to model.ID) bool {
	from := m.from
	m.endRange()
	first, last := -1, -1
	for i := range rows {
		if id := rows[i].ID; id == from || id == to {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 || from != to && first == last {
		return false
	}
	for i := first; i <= last; i++ {
		m.add(rows[i].ID)
	}
	return true
}

func (p *connections) marked() bool { return p.marks.any() }

// mark handles the keys that mark rows. It reports whether msg was one.
func (p *connections) mark(msg tea.KeyMsg) bool {
	row, k := p.selected(), p.keys
	switch {
	case key.Matches(msg, k.Unmark):
		p.marks.clear()
	case !key.Matches(msg, k.Mark, k.Range):
		return false
	case row == nil:
		p.status.say("no connection is selected")
	case p.picture.find(row.ID) == nil:
		p.status.complain(look.Who(row) + " is gone: what is on the list can be marked")
	case key.Matches(msg, k.Range):
		p.markRange(row)
	default:
		p.marks.toggle(row.ID)
		if p.detail.stage != whole {
			p.list.MoveTo(p.list.At() + 1)
		}
	}
	p.marks.recount(p.picture)
	return true
}

// markRange begins a range at a row, or ends it there.
func (p *connections) markRange(row *model.Connection) {
	switch {
	case !p.marks.ranging():
		p.marks.from = row.ID
		p.status.say("a range begins at " + look.Who(row) + ": move, and end it with v")
	case p.marks.addRange(p.list.Rows, row.ID):
		p.status.say(look.Count(p.marks.count()) + " marked: X kicks them, u unmarks them")
	default:
		p.status.complain("the row where the range began is no longer on the list")
	}
}
