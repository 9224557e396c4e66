package drill

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/model/storm"
)

// gaveUpAfter is how long a client that is still trying may wait between two attempts: as long as the
// longest delays of common policies.
const gaveUpAfter = 30 * time.Second

// Figures are how the clients came back. Times count from the first disturbance.
type Figures struct {
	Lost, Back int // clients that lost their connection, and how many of them are back
	GaveUp     int // of the others, who have not tried for half a minute, or not at all
	Refused    int // upgrades turned away

	storm.Recovery
	Policies []model.PoolPolicy
	Missed   uint64 // events that did not come through: Peak and Policies may rest on less than there was

	returns []time.Duration // in order
}

// figures are those at a moment since the start.
func (r *record) figures(now time.Duration) *Figures {
	f := &Figures{Lost: r.lost, Refused: r.refused, Missed: r.missed}
	var records []*reconnect.Attempts
	for _, c := range r.clients {
		s := c.outage
		switch {
		case s == nil:
			continue
		case !s.away:
			f.returns = append(f.returns, s.back)
		case s.tried == 0 || now-s.tried > gaveUpAfter:
			f.GaveUp++
		}
		records = append(records, s.attempts)
	}
	slices.Sort(f.returns)
	f.Back = len(f.returns)
	attempts, busy := slices.Sorted(slices.Values(r.arrivals)), time.Duration(0)
	if n := len(attempts); n > 0 {
		busy = attempts[n-1]
	}
	f.Recovery = storm.NewRecovery(float64(f.Lost), arrivals(f.returns), arrivals(attempts), busy)
	f.Policies = reconnect.Infer(records, model.Instant(now))
	return f
}

// arrivals are single clients that came at those times.
func arrivals(times []time.Duration) []storm.Arrival {
	list := make([]storm.Arrival, len(times))
	for i, at := range times {
		list[i] = storm.Arrival{At: at, Clients: 1}
	}
	return list
}

// backBy is the share of the clients that were back at a time.
func (f *Figures) backBy(at time.Duration) float64 {
	n, _ := slices.BinarySearch(f.returns, at+1)
	return float64(n) / float64(f.Lost)
}

// adoptStorm takes over what the other holter has seen of the storm that the drill was: it has missed nothing.
func (f *Figures) adoptStorm(storms []model.Storm, start time.Time) {
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
