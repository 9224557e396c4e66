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

// zoomLevels from near to far: the time of charts, the beats in a cell of a strip, and the beats of a
// chart.
var zoomLevels = []struct {
	over  time.Duration
	per   int
	beats int
}{
	{30 * time.Second, 1, 15},
	{time.Minute, 1, 30},
	{2 * time.Minute, 1, 60},
	{5 * time.Minute, 2, 60},
	{10 * time.Minute, 3, 60},
}

// firstZoom is the level at the start.
const firstZoom = 2

func (z zoom) over() time.Duration { return zoomLevels[z.level].over }
func (z zoom) per() int            { return zoomLevels[z.level].per }
func (z zoom) beats() int          { return zoomLevels[z.level].beats }

// by is z some levels farther, and whether there was one more level.
func (z zoom) by(step int) (zoom, bool) {
	other := zoom{min(max(z.level+step, 0), len(zoomLevels)-1)}
	return other, other != z
}
