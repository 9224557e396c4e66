package reconnect

import (
	"slices"
	"time"

	"holter/model"
)

// longSilence is how much longer than the longest delay of all, and at least how long, a client waits that has given up.
// It is for an attempt that no client has made, so that nobody knows how long it takes.
const (
	longSilence  = 10
	leastSilence = time.Minute
)

// doubt says why l shows no policy. reason is why its delays are not enough, if there are enough of them.
func (l *ladder) doubt(members []*Attempts, now model.Instant, reason model.DoubtReason) model.Doubt {
	d := model.Doubt{Seen: l.seen()}
	switch n := len(members); {
	case n < fewestClients:
		d.Reason, d.Have, d.Need = model.DoubtFewClients, n, fewestClients
	case len(l.rungs) < fewestAttempts:
		l.missing(&d, members, now)
	case reason == model.DoubtFewPairs:
		d.Reason, d.Have, d.Need = model.DoubtFewPairs, l.pairs, fewestPairs
	default:
		d.Reason = reason
	}
	if s := afterShort(members); d.Reason == model.DoubtFlapping && s.Clients > 0 {
		d.Seen = append(d.Seen[:min(len(d.Seen), model.MaxAttemptDelays-1)], s)
	}
	return d
}

// misfits says why the delays fit no kind of policy. Clients of several kinds differ all along: where one of them is late among
// the others, it is late on the next rung too. So do clients of one kind that each have figures of their own.
func (l *ladder) misfits() model.DoubtReason {
	j := judgement{c: new(candidate)}
	var ends [longRun][2]float64
	for i := range l.rungs {
		r := &l.rungs[i]
		n := len(r.delays)
		ends[r.number] = [2]float64{r.delays[n/10], r.delays[n-1-n/10]}
	}
	for i := range l.samples {
		x := &l.samples[i]
		l.places[i] = unplaced
		if low, high := ends[x.number][0], ends[x.number][1]; high-low > narrow { // less may be due to their ways there and back
			place := min(max((x.delay-low)/(high-low), 0), 1)
			l.places[i] = place
			j.placed[x.number]++
			j.sum[x.number] += place
			j.squares[x.number] += place * place
		}
	}
	if l.together(&j) > 1 {
		return model.DoubtKinds
	}
	return model.DoubtNoFit
}

// missing says what became of the clients of which the next attempt is not known.
func (l *ladder) missing(d *model.Doubt, members []*Attempts, now model.Instant) {
	next := &l.raw[0]
	if n := len(l.rungs); n > 0 {
		next = &l.raw[min(l.rungs[n-1].number, len(l.raw)-1)]
	}
	d.Attempt = next.number
	if next.clients >= fewestClients && next.pending > 0 {
		d.Reason, d.Have = model.DoubtWaiting, next.pending
		return
	}
	var short, hidden, waiting, gaveUp, back int
	for _, a := range members {
		switch made := int(a.number) >= next.number; {
		case !a.counts || a.uncounted() > 0:
			short++
		case made && !l.counted(a, next.number):
			hidden++
		case made:
		case !a.away():
			back++
		case int(a.number) == next.number-1 && l.hasGivenUp(a, next, now):
			gaveUp++
		default:
			waiting++
		}
	}
	switch {
	case short > max(hidden, waiting, gaveUp, back):
		d.Reason, d.Have, d.Attempt = model.DoubtFlapping, short, 0
	case hidden > max(waiting, gaveUp, back):
		d.Reason, d.Have = model.DoubtHidden, hidden
	case waiting > max(gaveUp, back):
		d.Reason, d.Have = model.DoubtWaiting, waiting
	case gaveUp > back:
		d.Reason, d.Have = model.DoubtGaveUp, gaveUp
	default:
		d.Reason, d.Have, d.Need = model.DoubtFewAttempts, len(l.rungs), fewestAttempts
	}
}

// counted reports whether an attempt of a client has a delay that the client chose itself.
func (l *ladder) counted(a *Attempts, number int) bool {
	for _, x := range a.list {
		if int(x.number) == number && x.choice != notChosen {
			return true
		}
	}
	return false
}

// hasGivenUp reports whether a client that is away has waited for far longer than others did.
func (l *ladder) hasGivenUp(a *Attempts, next *rung, now model.Instant) bool {
	if len(next.delays) > 0 {
		return !next.awaits(a, now)
	}
	longest := 0.0
	for i := range l.raw {
		if n := len(l.raw[i].delays); n > 0 {
			longest = max(longest, l.raw[i].delays[n-1])
		}
	}
	waited := time.Duration(now - a.ended)
	return waited > leastSilence && waited.Seconds() > longSilence*longest
}

// seen are the delays before the first attempts, as far as they are the clients' own.
func (l *ladder) seen() (seen []model.AttemptDelays) {
	for i := range l.raw {
		r := &l.raw[i]
		n := len(r.delays)
		if n == 0 || len(seen) == model.MaxAttemptDelays {
			continue
		}
		seen = append(seen, delaysOfAttempt(r.number, r.clients, r.delays))
	}
	return seen
}

// afterShort are the delays after connections that were closed again within seconds.
func afterShort(members []*Attempts) model.AttemptDelays {
	var delays []float64
	clients := 0
	for _, a := range members {
		n := a.uncounted()
		for _, x := range a.list[len(a.list)-n:] {
			delays = append(delays, x.delay().Seconds())
		}
		if n > 0 {
			clients++
		}
	}
	if clients == 0 {
		return model.AttemptDelays{}
	}
	slices.Sort(delays)
	return delaysOfAttempt(0, clients, delays)
}

// delaysOfAttempt sums up delays in seconds, which must be in order.
func delaysOfAttempt(number, clients int, delays []float64) model.AttemptDelays {
	n := len(delays)
	return model.AttemptDelays{
		Attempt: number, Clients: clients,
		Low: exactly(delays[n/10]), Median: exactly(delays[n/2]), High: exactly(delays[n-1-n/10]),
	}
}

// exactly returns a delay in seconds, to the tenth of a millisecond.
func exactly(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Microsecond)
}
