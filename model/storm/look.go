package storm

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holter/model"
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

// onset returns the first loss of the worst burst: that one has led to the storm that is noticed now. With fewer losses than
// half of the threshold it is the first attempt.
func (w *Watch) onset(now model.Instant, threshold int) model.Instant {
	in, worst, all := burst(w.bins), 0, 0
	for i := range w.bins {
		all += int(w.bins[i].losses)
		if w.bins[i].losses > w.bins[worst].losses {
			worst = i
		}
	}
	if 2*all < threshold {
		return w.firstAttempt(now)
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

// firstAttempt returns the first attempt, within window, of the clients that have tried to come back in it.
func (w *Watch) firstAttempt(now model.Instant) model.Instant {
	from, first := now-model.Instant(window), now
	for _, a := range w.lost {
		switch lost := a.newest().lost; {
		case a.counted < from:
		case a.newest().outside && lost >= from:
			first = min(first, lost) // that was an attempt as well
		default:
			first = min(first, a.counted)
		}
	}
	return first
}

// burstGap is the longest pause between losses of one burst, if the burst began at the end of a bin with few other
// losses.
const burstGap = model.Instant(100 * time.Millisecond)

// totals are sums over bins.
type totals struct {
	reconnects, refused, dropped int
	refusals                     map[refusal]int // by the way
	curve                        []model.Activity
}

func (t *totals) add(b *bin) {
	t.reconnects += int(b.Reconnects)
	t.refused += int(b.Refused)
	t.dropped += int(b.dropped)
	if t.refusals == nil {
		t.refusals = make(map[refusal]int)
	}
	for way, n := range b.refused {
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
func (w *Watch) sum(s *model.Storm) {
	t := totals{}
	if w.on.before != nil {
		t = *w.on.before
		t.refusals, t.curve = maps.Clone(t.refusals), slices.Clip(t.curve)
	}
	for i := max(0, min(int(w.on.from-w.first), len(w.bins))); i < len(w.bins); i++ {
		t.add(&w.bins[i])
	}
	s.Reconnects, s.Refused, s.DroppedClients, s.Curve = t.reconnects, t.refused, t.dropped, t.curve
	s.DroppedAttempts = t.reconnects + t.refused
	for i := range s.Curve {
		s.DroppedAttempts -= int(s.Curve[i].Reconnects) + int(s.Curve[i].Refused)
	}
	s.Refusals = nil
	for way, n := range t.refusals {
		s.Refusals = append(s.Refusals, model.StormRefusal{Status: way.status, By: way.by, Count: n})
	}
	slices.SortFunc(s.Refusals, func(a, b model.StormRefusal) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Status, b.Status), cmp.Compare(a.By, b.By))
	})
	s.Refusals = s.Refusals[:min(len(s.Refusals), model.MaxStormCauses)]
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

// flapRate returns how many short connections ended per second, over rateOver or since the first of them. It is 0 while no client
// flaps.
func (w *Watch) flapRate(now model.Instant) float64 {
	if w.on.Flapping == 0 {
		return 0
	}
	if w.on.flapped == 0 {
		w.on.flapped = w.firstFlap(now)
	}
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
