package widget

// cursor is a place in a list. It remembers the key of the row that it is on, not only the place: when the rows move it
// goes with that row. Only a cursor on top stays on top.
type cursor[K comparable] struct {
	key    K // of the row that it is on, the zero value without rows
	index  int
	top    int  // the first visible row
	pinned bool // goes with its row from the top too
	placed bool // stays at its place, and not with its row, when the next rows come
}

// follow finds the cursor's row among n new rows. If it is gone the cursor stays at its place.
func (c *cursor[K]) follow(n int, key func(i int) K) {
	placed := c.placed
	c.placed = false
	if !placed && (c.index > 0 || c.pinned) {
		for i := range n {
			if key(i) == c.key {
				c.index = i
				return
			}
		}
	}
	c.moveTo(c.index, n, key)
}

// moveTo goes to a row, or to the nearest one that there is.
func (c *cursor[K]) moveTo(index, n int, key func(i int) K) {
	c.index = max(0, min(index, n-1))
	var zero K
	c.key = zero
	if n > 0 {
		c.key = key(c.index)
	}
}

// scroll moves the window of height lines, each of across rows, so that the cursor is in it and no line is wasted.
func (c *cursor[K]) scroll(total, height, across int) {
	lines, line := (total+across-1)/across, c.index/across
	top := min(c.top/across, line, max(0, lines-height))
	c.top = max(top, line-height+1, 0) * across
}
