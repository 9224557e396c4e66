package drill

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/model/storm"
)

// gaveUpAfter is how long a client that is away counts as still trying after an attempt. It is the longest delay of
// common policies.
const gaveUpAfter = 30 * time.Second

// Figures describe how the clients came back. Times count from the start of the drill.
type Figures struct {
	Lost, Back int // clients that lost their connection, and those of them that are back
	GaveUp     int // clients that are away and have not tried for half a minute, or not at all
	Refused    int // refused upgrades

	storm.Recovery
	Policies []model.PoolPolicy
	Missed   uint64 // events that were dropped on the way; without them Peak and Policies may be incomplete

	returns []time.Duration // when clients came back, sorted
}

// figures computes the figures at a time since the start.
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

// arrivals makes an arrival of one client for each of the times.
func arrivals(times []time.Duration) []storm.Arrival {
	list := make([]storm.Arrival, len(times))
	for i, at := range times {
		list[i] = storm.Arrival{At: at, Clients: 1}
	}
	return list
}

// backBy returns the share of the lost clients that were back at a time.
func (f *Figures) backBy(at time.Duration) float64 {
	n, _ := slices.BinarySearch(f.returns, at+1)
	return float64(n) / float64(f.Lost)
}

// adoptStorm takes figures from the target's own record of the storm that the drill caused. The target has missed
// no events, so its figures are better.
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
