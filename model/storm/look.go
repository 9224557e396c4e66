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
	victims, all := make([]*Client, 0, len(w.lost)), make([]*reconnect.Attempts, 0, len(w.lost))
	absences := make([]*absence, 0, len(w.lost))
	for _, a := range w.lost {
		if away := w.loss(a, in, now); away != nil {
			victims, all, absences = append(victims, a), append(all, &a.Attempts), append(absences, away)
		}
	}
	s.Clients = len(victims)
	s.Causes = causes(absences)
	s.Delays = firstDelays(absences)
	s.Policies, s.More = reconnect.Infer(all, now)
	w.sum()
	w.recover(victims, absences, now)
}

// loss returns the newest absence of a that belongs to the storm, nil if none does: one that began in a burst, or one of a
// client that flaps, or that has never been let in and has tried again. Other absences are those of any day, or of another storm.
func (w *Watch) loss(a *Client, in []bool, now model.Instant) *absence {
	late := w.on.busy + model.Instant(pause)
	for _, away := range []*absence{&a.spans[1], &a.spans[0]} {
		if away.lost == 0 || away.lost > late {
			continue
		}
		if i := int64(away.lost)/int64(model.ActivityBin) - w.first; i >= 0 && i < int64(len(in)) {
			away.burst = in[i]
		}
		if away.burst && away.lost >= w.on.onset {
			return away
		}
	}
	away := a.newest()
	away.joined = away.joined || a.unstable(now) || a.NeverIn() && a.counted >= w.on.onset
	if away.joined {
		return away
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
		if away.code != 0 {
			counts[way{away.code, away.by}]++
		}
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

// totals are sums over bins.
type totals struct {
	reconnects, refused, dropped int
	refusals                     []int // by their way
	curve                        []model.Activity
}

func (t *totals) add(b *bin) {
	t.reconnects += int(b.Reconnects)
	t.refused += int(b.Refused)
	t.dropped += int(b.dropped)
	for way, n := range b.refused {
		for len(t.refusals) <= way {
			t.refusals = append(t.refusals, 0)
		}
		t.refusals[way] += int(n)
	}
	if len(t.curve) < model.MaxActivity {
		t.curve = append(t.curve, b.Activity)
	}
}

// keep sums up the bins before that one, which are about to be forgotten. first is the number of the first of them.
func (s *storm) keep(bins []bin, first, before int64) {
	if s.before == nil {
		s.before = new(totals)
	}
	for i := max(0, s.from-first); i < before-first; i++ {
		if i < int64(len(bins)) {
			s.before.add(&bins[i])
		} else {
			s.before.add(new(bin)) // nothing has happened
		}
	}
}

// sum sets the counts of each bin since the onset, and their sums.
func (w *Watch) sum() {
	s, t := w.on, totals{}
	if s.before != nil {
		t = *s.before
		t.refusals, t.curve = slices.Clone(t.refusals), slices.Clip(t.curve)
	}
	for i := max(0, min(int(s.from-w.first), len(w.bins))); i < len(w.bins); i++ {
		t.add(&w.bins[i])
	}
	s.Reconnects, s.Refused, s.DroppedClients, s.Curve = t.reconnects, t.refused, t.dropped, t.curve
	s.DroppedAttempts = t.reconnects + t.refused
	for i := range s.Curve {
		s.DroppedAttempts -= int(s.Curve[i].Reconnects) + int(s.Curve[i].Refused)
	}
	s.Refusals = nil
	for way, n := range t.refusals {
		if n > 0 {
			s.Refusals = append(s.Refusals, model.StormRefusal{Status: w.refusals[way].status, By: w.refusals[way].by, Count: n})
		}
	}
	slices.SortFunc(s.Refusals, func(a, b model.StormRefusal) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Status, b.Status), cmp.Compare(a.By, b.By))
	})
	s.Refusals = s.Refusals[:min(len(s.Refusals), model.MaxStormCauses)]
}

// recover computes how the clients came back, each from the absence that has the same index.
func (w *Watch) recover(clients []*Client, absences []*absence, now model.Instant) {
	s := w.on
	returns := make([]Arrival, 0, len(absences))
	ends := make([]*absence, 0, len(absences))
	s.Settling, s.Flapping, s.GaveUp, s.NeverIn, s.brief = 0, 0, 0, 0, 0
	for i, away := range absences {
		a := clients[i]
		if a.NeverIn() {
			s.NeverIn++
		}
		switch {
		case away != a.newest() || away.stayed(now):
			returns = append(returns, Arrival{time.Duration(max(away.back-s.onset, 0)), 1})
		case a.GaveUp(now):
			s.GaveUp++
		case a.unstable(now):
			s.Flapping++
			ends = append(ends, &absence{code: uint16(a.plight.close.Code), by: a.plight.close.By})
		default:
			s.waits(a, away, now)
		}
	}
	slices.SortFunc(returns, func(a, b Arrival) int { return cmp.Compare(a.At, b.At) })
	attempts := make([]Arrival, len(s.Curve))
	for i, a := range s.Curve {
		attempts[i] = Arrival{time.Duration(i) * model.ActivityBin, float64(a.Reconnects + a.Refused)}
	}
	r := NewRecovery(float64(len(absences)), returns, attempts, time.Duration(s.busiest-s.onset))
	s.Away, s.Flaps = len(absences)-len(returns), causes(ends)
	s.Back50, s.Back90, s.Back99, s.Peak, s.Crowding = r.Back50, r.Back90, r.Back99, r.Peak, r.Crowding
	s.FlapRate = 0
	if s.flapped == 0 && s.Flapping > 0 {
		s.flapped = w.firstFlap(now)
	}
	if s.Flapping > 0 {
		s.FlapRate = w.flapRate(now)
	}
}

// waits counts a client that is not back and does not flap.
func (s *storm) waits(a *Client, away *absence, now model.Instant) {
	if p := a.plight; p != nil && p.flaps > 0 && p.refusals < otherAttempts {
		s.brief++
	}
	if away.settling(now) {
		s.Settling++
	}
}

// firstFlap returns when the first short connection ended in a storm whose clients have begun to flap.
func (w *Watch) firstFlap(now model.Instant) model.Instant {
	for i := max(0, w.on.from-w.first); i < int64(len(w.bins)); i++ {
		if w.bins[i].flaps > 0 {
			return model.Instant(w.first+i) * model.Instant(model.ActivityBin)
		}
	}
	return now
}

// flapRate returns how many short connections ended per second, over rateOver or since the first of them.
func (w *Watch) flapRate(now model.Instant) float64 {
	n := 0
	for i := max(0, int64(len(w.bins))-rateBins); i < int64(len(w.bins)); i++ {
		n += int(w.bins[i].flaps)
	}
	return float64(n) / min(max(time.Duration(now-w.on.flapped), time.Second), rateOver).Seconds()
}

// last returns the end of the storm: when 99 % were back or, without that, when many clients came for the last time.
func (s *storm) last() model.Instant {
	if s.Back99 > 0 {
		return s.onset + model.Instant(s.Back99)
	}
	return s.busiest
}
