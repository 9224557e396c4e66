package tui

import (
	"time"

	"holter/tui/look"
)

// drawing is how the screen is drawn. It is a value: a key that changes the look of the screen makes another drawing,
// and the root hands that to every page.
type drawing struct {
	styles *look.Styles
	zoom   zoom
}

// zoom is how much time and how many beats charts and strips show.
type zoom struct{ level int }

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
func (z zoom) stride() int         { return zoomLevels[z.level].stride }

// by is z some levels farther, and whether there was one more level.
func (z zoom) by(step int) (zoom, bool) {
	other := zoom{min(max(z.level+step, 0), len(zoomLevels)-1)}
	return other, other != z
}
