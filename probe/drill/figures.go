package drill

import (
	"math"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// patience is how long a client that is still trying may wait between two attempts: as long as the
// longest delays of common policies.
const patience = 30 * time.Second

// Figures are how the clients came back. Times count from the first disturbance.
type Figures struct {
	Lost, Back int // clients that lost their connection, and how many of them are back
	GaveUp     int // of the others, who have not tried for half a minute, or not at all
	Refused    int // upgrades turned away

	Back50, Back90, Back99 time.Duration // until so many were back, 0 where they are not

	Peak     float64 // attempts per second, refused ones too, in the worst second
	Crowding float64 // Peak over that of an even spread, 0 without attempts
	Policies []model.Policy
	Missed   uint64 // events that did not come through: Peak and Policies may rest on less than there was

	returns []time.Duration // in order
}

// figures are those at a moment since the start.
func (r *record) figures(now time.Duration) *Figures {
	f := &Figures{Lost: r.lost, Refused: r.refused, Missed: r.missed}
	var attempts []*reconnect.Attempts
	for _, c := range r.clients {
		s := c.story
		switch {
		case s == nil:
			continue
		case !s.away:
			f.returns = append(f.returns, s.back)
		case s.tried == 0 || now-s.tried > patience:
			f.GaveUp++
		}
		attempts = append(attempts, s.attempts)
	}
	slices.Sort(f.returns)
	f.Back = len(f.returns)
	f.Back50, f.Back90, f.Back99 = f.until(0.50), f.until(0.90), f.until(0.99)
	f.Peak, f.Crowding = crowd(slices.Sorted(slices.Values(r.arrivals)), f.Back99)
	f.Policies = reconnect.Infer(attempts, model.Instant(now))
	return f
}

// until is when that share of the clients was back, 0 if they are not.
func (f *Figures) until(share float64) time.Duration {
	i := max(0, int(math.Ceil(share*float64(f.Lost)))-1)
	if i >= len(f.returns) {
		return 0
	}
	return max(1, f.returns[i])
}

// by is the share of the clients that were back at a time.
func (f *Figures) by(at time.Duration) float64 {
	n, _ := slices.BinarySearch(f.returns, at+1)
	return float64(n) / float64(f.Lost)
}

// leastCourse is the shortest time over which clients could have spread themselves: that in which nobody
// would call them late.
const leastCourse = 5 * time.Second

// crowd is how many came in the worst second, and that over an even spread. The arrivals are in order.
func crowd(arrivals []time.Duration, back99 time.Duration) (peak, crowding float64) {
	if len(arrivals) == 0 {
		return 0, 0
	}
	first := 0
	for i, at := range arrivals {
		for arrivals[first] <= at-time.Second {
			first++
		}
		peak = max(peak, float64(i-first+1))
	}
	course := back99
	if course == 0 {
		course = arrivals[len(arrivals)-1]
	}
	return peak, peak * max(course, leastCourse).Seconds() / float64(len(arrivals))
}

// adopt takes over what the other holter has seen of the storm that the drill was: it has missed nothing.
func (f *Figures) adopt(storms []model.Storm, start time.Time) {
	var worst *model.Storm
	for i := range storms {
		s := &storms[i]
		if !s.Started.Before(start) && (worst == nil || s.Clients > worst.Clients) {
			worst = s
		}
	}
	if worst == nil {
		return
	}
	f.Peak, f.Crowding, f.Policies = max(f.Peak, worst.Peak), worst.Crowding, worst.Policies
	f.Refused = max(f.Refused, worst.Refused)
}
