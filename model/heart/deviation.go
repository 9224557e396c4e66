package heart

import (
	"slices"
	"time"
)

// deviation expects a round trip within mean + 4 · max|rtt − mean| over a sliding window. After one
// retransmission it tolerates a second one in a row for a whole window; averages forget within ten beats.
type deviation struct {
	window
	least, most uint32 // samples in the window, in microseconds
}

// deviationFactor is the tolerance for a round trip, as a multiple of the largest deviation.
const deviationFactor = 4

func (d *deviation) Sample(rtt time.Duration) {
	in, out, evicted := d.push(rtt)
	switch {
	case d.n == 1:
		d.least, d.most = in, in
	case evicted && (out == d.least || out == d.most): // the only case that needs all samples again
		d.least, d.most = slices.Min(d.samples()), slices.Max(d.samples())
	default:
		d.least, d.most = min(d.least, in), max(d.most, in)
	}
}

func (d *deviation) Timeout() time.Duration { return d.mean() + deviationFactor*d.Deviation() }

func (d *deviation) Mean() time.Duration { return d.mean() }

// Deviation returns the distance between the mean and the sample farthest from it.
func (d *deviation) Deviation() time.Duration {
	mean := d.mean()
	return max(time.Duration(d.most)*time.Microsecond-mean, mean-time.Duration(d.least)*time.Microsecond)
}
