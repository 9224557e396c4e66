package tui

import "holter/model"

// cursor is a place in a list of connections. It holds on to a connection and not to a row: when the
// rows move it goes with its own, unless it was on top, where it stays.
type cursor struct {
	id    model.ID // 0 as long as there was no row
	index int
	top   int // the first visible row
}

// follow finds the cursor's place in new rows. If its connection is not among them it stays where it
// is on the screen.
func (c *cursor) follow(rows []model.Connection) {
	if c.index > 0 {
		at := indexOf(rows, c.id)
		if at >= 0 {
			c.index = at
			return
		}
	}
	c.moveTo(c.index, rows)
}

// indexOf is the row of a connection, -1 if it has none.
func indexOf(rows []model.Connection, id model.ID) int {
	for i := range rows {
		if rows[i].ID == id {
			return i
		}
	}
	return -1
}

// moveTo goes to a row, or to the nearest one that there is.
func (c *cursor) moveTo(index int, rows []model.Connection) {
	c.index = max(0, min(index, len(rows)-1))
	c.id = 0
	if len(rows) > 0 {
		c.id = rows[c.index].ID
	}
}

// row is the row under the cursor, nil if there is none.
func (c *cursor) row(rows []model.Connection) *model.Connection {
	if c.index >= len(rows) {
		return nil
	}
	return &rows[c.index]
}

// scroll moves the window of height rows so that the cursor is in it and no line is wasted.
func (c *cursor) scroll(total, height int) {
	c.top = min(c.top, c.index, max(0, total-height))
	c.top = max(c.top, c.index-height+1, 0)
}

// seek goes to the next row in direction step (1 or -1) that is in trouble, around the ends. It
// reports whether there is one.
func (c *cursor) seek(step int, rows []model.Connection) bool {
	for n := 1; n <= len(rows); n++ {
		at := ((c.index+n*step)%len(rows) + len(rows)) % len(rows)
		if rows[at].State.Trouble() {
			c.moveTo(at, rows)
			return true
		}
	}
	return false
}
