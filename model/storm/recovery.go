package storm

import "time"

// Arrival is a number of clients that come at one time, counted from the loss of their connections. It is not a whole
// number where a few replayed clients stand for many.
type Arrival struct {
	At      time.Duration
	Clients float64
}

// Recovery is how clients that lost their connections together come back.
type Recovery struct {
	// Times from the loss until 50, 90 and 99 % of the clients were back, 0 while they are not.
	Back50, Back90, Back99 time.Duration

	Peak float64 // attempts per second, refused ones included, in the worst second
	// Crowding is Peak divided by the attempts per second of an even spread until 99 % were back: 1 is ideal, 0
	// stands for no attempt at all.
	Crowding float64
}

// NewRecovery computes how the given number of clients came back. The returns and the attempts are in the order of
// time; a return is also an attempt. busy is when many clients came for the last time: the end of the even spread
// while 99 % are not back.
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

// leastCourse is the shortest time of an even spread: clients that come within it come at once.
const leastCourse = window

// BackAt returns when that many clients were back, 0 if they are not.
func BackAt(clients float64, returns []Arrival) time.Duration {
	back := 0.0
	for _, r := range returns {
		if back += r.Clients; back >= clients-1e-6 {
			return max(1, r.At)
		}
	}
	return 0
}

// peak returns the largest number of clients that come within a second.
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
