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

// Figures describe how the clients came back. Times count from the start of the drill. If a step of the drill closes
// connections over a time, Back50, Back90 and Back99 count from each client's own loss instead.
type Figures struct {
	Lost, Back int // clients that lost their connection, and those of them that are back
	GaveUp     int // clients that are away and have not tried for half a minute, or not at all
	Refused    int // refused upgrades

	FromLoss bool // times of recovery count from each client's own loss

	storm.Recovery
	Policies []model.PoolPolicy
	More     model.PoolCount // pools that are not among Policies
	Missed   uint64          // events that were dropped on the way; without them Peak and Policies may be incomplete

	returns []time.Duration // how long it took until clients were back, sorted
}

// figures computes the figures at a time since the start.
func (r *record) figures(now time.Duration) *Figures {
	f := &Figures{Lost: r.lost, Refused: r.refused, Missed: r.missed, FromLoss: r.fromLoss}
	var records []*reconnect.Attempts
	var returns []time.Duration // from the start
	for _, c := range r.clients {
		s := c.outage
		switch {
		case s == nil:
			continue
		case !s.away:
			returns = append(returns, s.back)
			f.returns = append(f.returns, s.took(r.fromLoss))
		case s.tried == 0 || now-s.tried > gaveUpAfter:
			f.GaveUp++
		}
		records = append(records, s.attempts)
	}
	slices.Sort(returns)
	slices.Sort(f.returns)
	f.Back = len(f.returns)
	attempts, busy := slices.Sorted(slices.Values(r.arrivals)), time.Duration(0)
	if n := len(attempts); n > 0 {
		busy = attempts[n-1]
	}
	f.Recovery = storm.NewRecovery(float64(f.Lost), arrivals(returns), arrivals(attempts), busy)
	if f.FromLoss { // crowding is about the time in which attempts came, wherever recovery counts from
		own := storm.NewRecovery(float64(f.Lost), arrivals(f.returns), nil, 0)
		f.Back50, f.Back90, f.Back99 = own.Back50, own.Back90, own.Back99
	}
	f.Policies = reconnect.Infer(records, model.Instant(now))
	return f
}

// took returns how long it took until the client was back, from its own loss or from the start.
func (s *outage) took(fromLoss bool) time.Duration {
	if fromLoss {
		return s.back - s.since
	}
	return s.back
}

// arrivals makes an arrival of one client for each of the times.
func arrivals(times []time.Duration) []storm.Arrival {
	list := make([]storm.Arrival, len(times))
	for i, at := range times {
		list[i] = storm.Arrival{At: at, Clients: 1}
	}
	return list
}

// backBy returns the share of the lost clients for which it took at most that long.
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
	f.Peak, f.Crowding, f.Policies, f.More = max(f.Peak, worst.Peak), worst.Crowding, worst.Policies, worst.More
	f.Refused = max(f.Refused, worst.Refused)
}
