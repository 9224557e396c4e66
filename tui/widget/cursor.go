package widget

// cursor is a place in a list. It holds on to what it is on, by a key, and not to a row: when the rows
// move it goes with its own, unless it was on top, where it stays.
type cursor[K comparable] struct {
	key    K // that of no row as long as there was none
	index  int
	top    int  // the first visible row
	pinned bool // goes with its own from the top too
}

// follow finds the cursor's place among n new rows. If its own is not among them it stays where it is
// on the screen.
func (c *cursor[K]) follow(n int, key func(i int) K) {
	if c.index > 0 || c.pinned {
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

// scroll moves the window of height rows so that the cursor is in it and no line is wasted.
func (c *cursor[K]) scroll(total, height int) {
	c.top = min(c.top, c.index, max(0, total-height))
	c.top = max(c.top, c.index-height+1, 0)
}
