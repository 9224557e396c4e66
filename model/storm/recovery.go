package storm

import "time"

// Arrival is clients that come at one time, counted from the loss of their connections. Parts of a client
// come where a few stand for many.
type Arrival struct {
	At      time.Duration
	Clients float64
}

// Recovery is how clients that lost their connections together come back.
type Recovery struct {
	// Back are the times from the loss until that share of the clients was back, 0 where it is not.
	Back50, Back90, Back99 time.Duration

	Peak float64 // clients per second that come, let in or not, in the worst second
	// Crowding is Peak over the clients per second that would come if all came evenly until 99 % were back:
	// 1 is ideal, 0 stands for no attempt at all.
	Crowding float64
}

// NewRecovery tells how so many clients came back. The returns and the attempts, of which returns are part,
// are in the order of time. busy is when many came for the last time: until then the attempts would be
// spread where 99 % are never back.
func NewRecovery(lost float64, returns, attempts []Arrival, busy time.Duration) Recovery {
	r := Recovery{
		Back50: BackAt(0.50*lost, returns),
		Back90: BackAt(0.90*lost, returns),
		Back99: BackAt(0.99*lost, returns),
		Peak:   peak(attempts),
	}
	if r.Back99 > 0 {
		busy = r.Back99
	}
	all := 0.0
	for _, a := range attempts {
		all += a.Clients
	}
	if all > 0 {
		r.Crowding = r.Peak / (all / max(busy, leastCourse).Seconds())
	}
	return r
}

// leastCourse is the shortest time over which clients could spread themselves: all that come within it come
// at once.
const leastCourse = window

// BackAt is when that many clients were back, 0 if they are not.
func BackAt(clients float64, returns []Arrival) time.Duration {
	back := 0.0
	for _, r := range returns {
		if back += r.Clients; back >= clients-1e-6 {
			return max(1, r.At)
		}
	}
	return 0
}

// peak is the most clients that come within a second.
func peak(attempts []Arrival) float64 {
	most, sum, first := 0.0, 0.0, 0
	for _, a := range attempts {
		for ; attempts[first].At <= a.At-time.Second; first++ {
			sum -= attempts[first].Clients
		}
		sum += a.Clients
		most = max(most, sum)
	}
	return most
}
