package drill

import (
	"cmp"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/model/storm"
)

// Figures describe how the clients came back. Times count from the start of the drill. If a step of the drill closes
// connections over a time, Back50, Back90 and Back99 count from each client's own loss instead.
type Figures struct {
	Lost, Back int // clients that lost their connection, and those of them that are back: that have stayed
	Refused    int // refused upgrades

	Stay     time.Duration      // how long a connection must last so that its client is back
	Settling int                // clients with a connection that has yet to last
	Flapping int                // clients whose connections are closed again before they have stayed
	FlapRate float64            // connections of these that are closed per second
	Flaps    []model.StormCause // how they are closed, the commonest first
	GaveUp   int                // clients that have been silent for clearly longer than their own policy allows
	Silent   int                // clients that have not tried at all or not for long, and may have given up

	FromLoss bool // times of recovery count from each client's own loss

	storm.Recovery
	Policies []model.PoolPolicy
	More     model.PoolCount // pools that are not among Policies
	Margin   float64         // the least of all paths
	Tight    string          // the path that has it; "" if no limit is known on any
	Missed   uint64          // events that were dropped on the way; without them Peak and Policies may be incomplete

	returns []time.Duration // how long it took until clients were back, sorted
}

// figures computes the figures at a time since the start.
func (r *record) figures(now time.Duration) *Figures {
	now = r.now(now)
	f := &Figures{Lost: r.lost, Refused: r.refused, Missed: r.missed, FromLoss: r.fromLoss, Stay: r.stay}
	var records []*reconnect.Attempts
	var returns []time.Duration // from the start
	var out []*outage
	for _, c := range r.clients {
		switch s := c.outage; {
		case s == nil:
			continue
		case s.stayed(now, r.stay):
			returns = append(returns, s.back)
			f.returns = append(f.returns, s.took(r.fromLoss))
		default:
			out = append(out, s)
		}
		records = append(records, c.outage.attempts)
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
	f.Policies, f.More = reconnect.Infer(records, model.Instant(now))
	f.countOut(out, now)
	return f
}

// countOut counts the clients that are not back. Infer must have looked at them.
func (f *Figures) countOut(out []*outage, now time.Duration) {
	ends := make(map[model.StormCause]int)
	for _, s := range out {
		switch {
		case s.attempts.GaveUp(model.Instant(now)):
			f.GaveUp++
		case s.away && s.attempts.Doubtful(model.Instant(now)):
			f.Silent++
		case s.flapping():
			f.Flapping++
			ends[model.StormCause{Code: s.flap.Code, By: s.flap.By}]++
			f.FlapRate += 1 / max(s.every, time.Millisecond).Seconds()
		case !s.away:
			f.Settling++
		case !s.tried:
			f.Silent++
		}
	}
	for c, n := range ends {
		c.Count = n
		f.Flaps = append(f.Flaps, c)
	}
	slices.SortFunc(f.Flaps, func(a, b model.StormCause) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.By, b.By))
	})
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

// adoptMargin takes the least margin of the target's paths that have had connections.
func (f *Figures) adoptMargin(paths []model.Path) {
	for i := range paths {
		p := &paths[i]
		if p.Opened > 0 && p.Margin >= 0 && (f.Tight == "" || p.Margin < f.Margin) {
			f.Margin, f.Tight = p.Margin, cmp.Or(p.Template, "other paths")
		}
	}
}

// margin is nil if no limit is known on any path.
func (f *Figures) margin() *float64 {
	if f.Tight == "" {
		return nil
	}
	return &f.Margin
}

// adoptStorm takes figures from the target's own record of the storm that the drill caused. The target has missed
// no events, so its figures are better. But a storm may be about other clients: it has those that were not disturbed, and
// lacks those that had not stayed yet when the drill began. Then the drill has the policies of its own clients.
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
	f.Peak, f.Refused = max(f.Peak, worst.Peak), max(f.Refused, worst.Refused)
	if f.Missed > 0 || worst.Clients == f.Lost {
		f.Crowding, f.Policies, f.More = worst.Crowding, worst.Policies, worst.More
	}
}
