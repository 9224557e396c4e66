package tui

// The least terminal that there is a picture for.
const (
	leastWidth  = 60
	leastHeight = 15
)

// stage is how far the detail is open.
type stage uint8

const (
	shut   stage = iota
	beside       // together with the list
	whole        // in place of the list
)

// size is a region in cells.
type size struct{ w, h int }

// layout is the room of the page and how list and detail share it.
type layout struct {
	size
	below, right bool // where the detail stands beside the list, if there is room at all
}

const (
	belowWidth, belowHeight = 110, 20 // page: a terminal of 120x30 has 21 lines for it
	rightWidth, rightHeight = 180, 24
	rightLeast              = 76 // cells of the detail on the right
	barWidth                = 2  // between list and detail
)

func layoutFor(room size) layout {
	right := room.w >= rightWidth && room.h >= rightHeight
	return layout{
		size:  room,
		right: right,
		below: !right && room.w >= belowWidth && room.h >= belowHeight,
	}
}

// roomy reports whether list and detail fit side by side.
func (l layout) roomy() bool { return l.below || l.right }

// split gives list and detail their sizes. A region that is not shown is empty.
func (l layout) split(s stage) (list, pane size) {
	switch {
	case s == shut:
		return l.size, size{}
	case s == whole || !l.roomy():
		return size{}, l.size
	case l.right:
		share := max(rightLeast, l.w*3/8)
		return size{l.w - share - barWidth, l.h}, size{share, l.h}
	}
	h := (l.h + 1) / 2
	return size{l.w, l.h - h}, size{l.w, h}
}
