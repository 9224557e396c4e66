package heart

import (
	"slices"
	"time"
)

// deviation expects a round trip within mean + 4 · max|rtt − mean| over a sliding window. Having
// met one retransmission it covers the next rung of the ladder for a whole window, where averages
// forget within ten beats.
type deviation struct {
	window
	least, most uint32 // of the window, in microseconds
}

// deviationFactor is how many times the largest deviation a round trip may stray.
const deviationFactor = 4

func (d *deviation) Sample(rtt time.Duration) {
	in, out, evicted := d.push(rtt)
	switch {
	case d.n == 1:
		d.least, d.most = in, in
	case evicted && (out == d.least || out == d.most): // the only case that needs another look at all
		d.least, d.most = slices.Min(d.samples()), slices.Max(d.samples())
	default:
		d.least, d.most = min(d.least, in), max(d.most, in)
	}
}

func (d *deviation) Timeout() time.Duration { return d.mean() + deviationFactor*d.Deviation() }

func (d *deviation) Mean() time.Duration { return d.mean() }

// Deviation is the distance between the mean and the sample farthest from it.
func (d *deviation) Deviation() time.Duration {
	mean := d.mean()
	return max(time.Duration(d.most)*time.Microsecond-mean, mean-time.Duration(d.least)*time.Microsecond)
}
