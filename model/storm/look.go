package storm

import (
	"cmp"
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// burst reports for each bin whether it belongs to a burst of losses: to a second with at least a tenth of the losses
// of the worst second.
func burst(bins []bin) []bool {
	const n = int(time.Second / model.ActivityBin)
	inSecond := func(i int) (sum uint32) { // losses in the second that begins with bin i
		for _, b := range bins[i:min(i+n, len(bins))] {
			sum += b.losses
		}
		return sum
	}
	most := uint32(0)
	for i := range bins {
		most = max(most, inSecond(i))
	}
	in := make([]bool, len(bins))
	for i := range bins {
		if sum := inSecond(i); sum > 0 && sum >= max(2, most/10) {
			for j := i; j < min(i+n, len(bins)); j++ {
				in[j] = true
			}
		}
	}
	return in
}

// onset returns the first loss of the worst burst: that one has led to the storm that is noticed now.
func (w *Watch) onset(now model.Instant) model.Instant {
	in, worst := burst(w.bins), 0
	for i := range w.bins {
		if w.bins[i].losses > w.bins[worst].losses {
			worst = i
		}
	}
	if w.bins[worst].losses == 0 {
		return now - model.Instant(window)
	}
	from := worst
	for i := worst; i >= 0 && in[i]; i-- {
		if w.bins[i].losses > w.bins[worst].losses/10 {
			from = i
		}
	}
	begin := model.Instant(w.first+int64(from)) * model.Instant(model.ActivityBin)
	var losses []model.Instant
	for _, a := range w.lost {
		if lost := a.newest().lost; lost >= begin-model.Instant(model.ActivityBin) {
			losses = append(losses, lost)
		}
	}
	slices.Sort(losses)
	onset := now
	for _, lost := range slices.Backward(losses) {
		if lost < begin && onset-lost > burstGap {
			break
		}
		onset = lost
	}
	return onset
}

// burstGap is the longest pause between losses of one burst, if the burst began at the end of a bin with few other
// losses.
const burstGap = model.Instant(100 * time.Millisecond)

// measure computes the figures of the storm that is on.
func (w *Watch) measure(now model.Instant) {
	s := w.on
	s.measured = now
	in := burst(w.bins)
	victims, absences := make([]*reconnect.Attempts, 0, len(w.lost)), make([]*absence, 0, len(w.lost))
	for _, a := range w.lost {
		if away := w.loss(a, in); away != nil {
			victims, absences = append(victims, &a.Attempts), append(absences, away)
		}
	}
	s.Clients = len(victims)
	s.Causes = causes(absences)
	s.Delays = firstDelays(absences)
	s.Policies = reconnect.Infer(victims, now)
	s.More = model.PoolCount{}
	if n := model.MaxStormPolicies; len(s.Policies) > n {
		for _, p := range s.Policies[n:] {
			s.More.Pools++
			s.More.Clients += p.Clients
		}
		s.Policies = slices.Clip(s.Policies[:n])
	}
	s.curve(w.bins[max(0, min(s.from-w.first, int64(len(w.bins)))):])
	s.recover(absences)
}

// loss returns the newest absence of a that began in a burst, nil if none did. Other absences are those of any day.
func (w *Watch) loss(a *Client, in []bool) *absence {
	for _, away := range []*absence{&a.spans[1], &a.spans[0]} {
		i := int64(away.lost)/int64(model.ActivityBin) - w.first
		if away.lost >= w.on.onset && i >= 0 && i < int64(len(in)) && in[i] {
			return away
		}
	}
	return nil
}

func causes(absences []*absence) []model.StormCause {
	type way struct {
		code uint16
		by   model.Closer
	}
	counts := make(map[way]int)
	for _, away := range absences {
		counts[way{away.code, away.by}]++
	}
	list := make([]model.StormCause, 0, len(counts))
	for w, n := range counts {
		list = append(list, model.StormCause{Code: int(w.code), By: w.by, Count: n})
	}
	slices.SortFunc(list, func(a, b model.StormCause) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.By, b.By))
	})
	return list[:min(len(list), model.MaxStormCauses)]
}

func firstDelays(absences []*absence) model.DelayHistogram {
	delays := make([]time.Duration, 0, len(absences))
	for _, away := range absences {
		if away.tried != 0 {
			delays = append(delays, time.Duration(away.tried-away.lost))
		}
	}
	slices.Sort(delays)
	return reconnect.NewHistogram(delays)
}

// curve sets the counts of each bin since the onset, and their sums.
func (s *storm) curve(bins []bin) {
	s.Curve = make([]model.Activity, min(len(bins), model.MaxActivity))
	s.Reconnects, s.Refused = 0, 0
	for i := range s.Curve {
		s.Curve[i] = bins[i].Activity
		s.Reconnects += int(bins[i].Reconnects)
		s.Refused += int(bins[i].Refused)
	}
}

// recover computes how the clients of absences came back.
func (s *storm) recover(absences []*absence) {
	returns := make([]Arrival, 0, len(absences))
	for _, away := range absences {
		if away.back != 0 {
			returns = append(returns, Arrival{time.Duration(away.back - s.onset), 1})
		}
	}
	slices.SortFunc(returns, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	attempts := make([]Arrival, len(s.Curve))
	for i, a := range s.Curve {
		attempts[i] = Arrival{time.Duration(i) * model.ActivityBin, float64(a.Reconnects + a.Refused)}
	}
	r := NewRecovery(float64(len(absences)), returns, attempts, time.Duration(s.busiest-s.onset))
	s.Away = len(absences) - len(returns)
	s.Back50, s.Back90, s.Back99, s.Peak, s.Crowding = r.Back50, r.Back90, r.Back99, r.Peak, r.Crowding
}

// last returns the end of the storm: when 99 % were back or, without that, when many clients came for the last time.
func (s *storm) last() model.Instant {
	if s.Back99 > 0 {
		return s.onset + model.Instant(s.Back99)
	}
	return s.busiest
}
