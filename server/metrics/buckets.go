package metrics

// cuts are lengths in seconds at which something on the way is known to end connections, by their silence or their age.
// Package timers tells which of them is whose.
var cuts = []float64{30, 55, 60, 100, 120, 240, 300, 350, 600, 900, 1800, 3600, 7200, 86400}

// durationBuckets have a bound a second before each of the cuts, and one after it, so that what was cut there is alone in its
// bucket.
func durationBuckets() []float64 {
	buckets := []float64{0.1, 1, 5, 10, 20}
	for _, cut := range cuts {
		buckets = append(buckets, cut-1, cut+1)
	}
	return buckets
}

// Others, in seconds.
var (
	rttBuckets       = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	detectionBuckets = []float64{.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 60, 120}
	absenceBuckets   = []float64{.1, .25, .5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600}
	latenessBuckets  = []float64{.1, .2, .5, 1, 2, 5, 10, 30, 60, 300, 3600}
)
