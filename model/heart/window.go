package heart

import "time"

// windowSize is the number of round trips in a sliding window. At a loss of 1 % that is enough to meet the next
// loss before the last one is forgotten.
const windowSize = 60

// longestSample bounds a round trip in the window, so that the sum fits 32 bits. A heart clips its samples far
// below that.
const longestSample = time.Minute

// window keeps the newest round trips in microseconds, with their sum.
type window struct {
	sum  uint32
	ring [windowSize]uint32
	next uint8 // where the next sample goes
	n    uint8 // number of samples
}

// push adds rtt. It returns rtt in microseconds, and the sample that it replaced, if any.
func (w *window) push(rtt time.Duration) (in, out uint32, evicted bool) {
	in = uint32(min(max(rtt, 0), longestSample) / time.Microsecond)
	if evicted = w.n == windowSize; evicted {
		out = w.ring[w.next]
		w.sum -= out
	} else {
		w.n++
	}
	w.ring[w.next] = in
	w.sum += in
	w.next = (w.next + 1) % windowSize
	return in, out, evicted
}

// samples returns the round trips in no particular order. The slice is the window's own.
func (w *window) samples() []uint32 { return w.ring[:w.n] }

// mean returns the mean round trip, 0 if there is none.
func (w *window) mean() time.Duration {
	if w.n == 0 {
		return 0
	}
	return time.Duration(w.sum) * time.Microsecond / time.Duration(w.n)
}
