package tui

import (
	"fmt"
	"time"

	"holter/tui/look"
)

// drawing is how the screen is drawn. It is a value: a key that changes the look of the screen makes another drawing,
// and the root hands that to every page.
type drawing struct {
	styles *look.Styles
	zoom   zoom
}

// zoom is how much time and how many beats charts and strips show. Monitors of the ward have a level of their own: they are
// never seen with the charts.
type zoom struct{ level, monitors int }

// zoomLevels from near to far: the time of charts, the beats in a cell of a strip, the beats of a chart, and the cells of a
// beat on a monitor of the ward.
var zoomLevels = []struct {
	over   time.Duration
	per    int
	beats  int
	stride int
}{
	{30 * time.Second, 1, 10, 6},
	{time.Minute, 1, 20, 4},
	{2 * time.Minute, 1, 30, 3},
	{5 * time.Minute, 2, 45, 2},
	{10 * time.Minute, 3, 60, 1},
}

// firstZoom is the level at the start.
const firstZoom = 2

func (z zoom) over() time.Duration { return zoomLevels[z.level].over }
func (z zoom) per() int            { return zoomLevels[z.level].per }
func (z zoom) beats() int          { return zoomLevels[z.level].beats }
func (z zoom) stride() int         { return zoomLevels[z.monitors].stride }

// by is z with charts, or monitors, some levels farther, and whether there was one more level.
func (z zoom) by(step int, monitors bool) (zoom, bool) {
	other := z
	level := &other.level
	if monitors {
		level = &other.monitors
	}
	*level = min(max(*level+step, 0), len(zoomLevels)-1)
	return other, other != z
}

// words say how much time charts show.
func (z zoom) words() string { return "charts show " + look.Ago(z.over()) }

// counted is a number of things: "1 cell", "3 cells".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

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
