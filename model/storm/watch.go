package storm

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

const (
	// A storm begins when at least floor clients, and at least a share of all, try to come back within window. It
	// ends when fewer than half of that have done so for long enough, unless clients flap.
	window = 5 * time.Second
	floor  = 10
	share  = 0.1 // of the clients that are known

	// lead is the longest time between a loss and the storm that it led to.
	lead = 2 * time.Minute
	// pause is how long it may be calm during a storm while some clients are away: as long as the longest delays
	// of common policies.
	pause = 30 * time.Second
	// patience is how long it may be calm until it is known of the clients that are silent whether they have given up.
	patience = 5 * time.Minute
	// refresh is the time between two measurements of a storm that is on.
	refresh = time.Second

	// rateOver is how long the rate of short connections is counted over.
	rateOver = time.Minute

	// maxClients bounds the clients that are kept in a storm. Further ones are only counted.
	maxClients = 100_000
	// maxRefusals bounds the ways of a refusal that are told apart in a bin.
	maxRefusals = 32

	windowBins = int64(window / model.ActivityBin)
	leadBins   = int64(lead / model.ActivityBin)
	rateBins   = int64(rateOver / model.ActivityBin)
)

// Watch finds storms in the losses and attempts of clients. It belongs to one goroutine, and its calls must be in the
// order of time.
type Watch struct {
	zero   time.Time // of every Instant
	bins   []bin
	first  int64     // number of the first of bins: its Instant over ActivityBin
	lost   []*Client // that have been away within lead or, in a storm, since that began
	count  int       // storms so far
	on     *storm    // nil while there is none
	past   []model.Storm
	former former        // that are expected
	vain   model.Instant // when clients last came that were no storm, 0 for never
}

// refusal is a way in which upgrades are refused.
type refusal struct {
	status int
	by     model.Refuser
}

type bin struct {
	model.Activity
	losses  uint32             // clients that lost their last connection after they had stayed, or their first one
	flaps   uint32             // connections of clients that ended before they had stayed
	tryers  uint32             // clients whose newest attempt to come back was here
	dropped uint32             // clients that were lost, or came first, and for which there was no room
	refused map[refusal]uint32 // upgrades, by the way
}

// storm is a storm that is on.
type storm struct {
	model.Storm
	threshold int
	onset     model.Instant
	from      int64         // the bin of onset
	busy      model.Instant // when many clients last tried to come back
	newest    model.Instant // the newest attempt
	busiest   model.Instant // what newest was at busy
	measured  model.Instant
	flapped   model.Instant // the end of the first short connection, 0 before clients flap
	begun     bool          // this has been said
	told      bool          // that it does not end because clients flap
	brief     int           // see Survey
	silent    int           // see Survey
	room      []victim      // for the next survey
	before    *totals       // of the bins that are forgotten; nil while the whole storm is in the bins
}

// NewWatch makes a Watch without a storm. zero is the time of the zero Instant.
func NewWatch(zero time.Time) *Watch { return &Watch{zero: zero} }

// Lose records the end of a client's last open connection.
func (w *Watch) Lose(a *Client, at model.Instant, l *reconnect.Loss) {
	a.Attempts.Lose(at, l)
	b, old := w.bin(at), a.newest()
	first := old.lost == 0
	brief := l.Lasted < model.Stay
	if !first {
		brief = !old.stayed(at)
	}
	if !brief {
		a.plight = nil
	}
	if brief && !first {
		old.back = 0 // the client had not really come back
	} else {
		w.depart(a, absence{lost: at, end: end{uint16(l.Close.Code), l.Close.By}})
		b.losses++
		b.dropped += w.list(a)
	}
	if brief {
		a.short(at, l)
		b.flaps++
	}
	a.ended, a.former = at, false
}

// depart begins an absence of a.
func (w *Watch) depart(a *Client, s absence) {
	if w.on == nil || a.newest().lost < w.on.onset {
		a.spans = [2]absence{s}
		return
	}
	a.spans[1] = s
}

// list keeps a, if there is room. It returns how many clients it drops: 1 or 0.
func (w *Watch) list(a *Client) (dropped uint32) {
	switch {
	case a.listed:
		return 0
	case len(w.lost) >= maxClients:
		return 1
	}
	a.listed, w.lost = true, append(w.lost, a)
	return 0
}

// Try records an attempt of a client to come back: see reconnect.Attempts.Try. r is nil if it was let in.
func (w *Watch) Try(a *Client, at model.Instant, waited time.Duration, r *model.Refusal) {
	retryAfter := time.Duration(0)
	if r != nil {
		retryAfter = r.RetryAfter
	}
	a.Attempts.Try(at, waited, r != nil, retryAfter)
	b, away := w.bin(at), a.newest()
	if away.tried == 0 {
		away.tried = max(away.lost, at-model.Instant(waited))
	}
	if r != nil {
		a.refused(r)
	} else {
		away.back = at
		if a.ended != 0 {
			a.gap = time.Duration(at - a.ended)
		}
		if a.plight != nil {
			a.plight.refusals = 0
		}
	}
	if old := int64(a.counted)/int64(model.ActivityBin) - w.first; a.counted != 0 && old >= 0 {
		w.bins[old].tryers--
	}
	a.counted = at
	b.tryers++
	w.list(a)
	w.arrive(b, at, r)
}

// Knock records the first attempt of a client that has never had a connection, and was refused. It is no attempt to come
// back yet; the client's next ones are.
func (w *Watch) Knock(a *Client, at model.Instant, pool model.Pool, r *model.Refusal) {
	a.Attempts.Knock(at, pool, r.RetryAfter)
	a.refused(r)
	w.depart(a, absence{lost: at, tried: at, outside: true})
	b := w.bin(at)
	b.dropped += w.list(a)
	w.arrive(b, at, r)
}

// Refuse records an upgrade that was refused, of a client that is not known or not away.
func (w *Watch) Refuse(at model.Instant, r *model.Refusal) { w.arrive(w.bin(at), at, r) }

// Connect records a connection of a client that was not away.
func (w *Watch) Connect(at model.Instant) { w.bin(at).Connects++ }

// Close records that a connection ended, whether or not its client has others.
func (w *Watch) Close(at model.Instant) { w.bin(at).Closes++ }

// arrive counts an attempt. r is nil if it was let in.
func (w *Watch) arrive(b *bin, at model.Instant, r *model.Refusal) {
	if r != nil {
		b.Refused++
		b.refuse(refusal{r.Status, r.By})
	} else {
		b.Connects++
		b.Reconnects++
	}
	if w.on != nil {
		w.on.newest = at
	}
}

func (b *bin) refuse(way refusal) {
	if b.refused == nil {
		b.refused = make(map[refusal]uint32)
	}
	if b.refused[way] > 0 || len(b.refused) < maxRefusals {
		b.refused[way]++
	}
}

// bin returns the bin of at.
func (w *Watch) bin(at model.Instant) *bin {
	now := int64(at) / int64(model.ActivityBin)
	room := 2 * leadBins
	if w.on != nil && w.on.before == nil {
		room = w.on.from - w.first + model.MaxActivity + leadBins
	}
	if now-w.first >= room {
		w.forget(now - leadBins)
	}
	i := now - w.first
	for int64(len(w.bins)) <= i {
		w.bins = append(w.bins, bin{})
	}
	return &w.bins[max(i, 0)]
}

// forget removes the bins before that one and, without a storm, the clients that were away then. A storm keeps the sums.
func (w *Watch) forget(before int64) {
	n := min(max(before-w.first, 0), int64(len(w.bins)))
	if w.on != nil {
		w.on.keep(w.bins, w.first, before)
	}
	w.bins = slices.Delete(w.bins, 0, int(n))
	w.first = before
	if w.on != nil {
		return
	}
	w.lost = slices.DeleteFunc(w.lost, func(a *Client) bool {
		a.listed = int64(max(a.newest().lost, a.counted))/int64(model.ActivityBin) >= before
		return !a.listed
	})
}

// Tick brings the watch to now. It returns the measurement of a storm if one is due, else nil. The caller lets it see the
// clients (Survey), computes its figures (Survey.Read), and gives it back (Conclude).
func (w *Watch) Tick(now model.Instant, population int) *Survey {
	w.bin(now)
	w.expire(now)
	tryers := w.tryers(now)
	if w.on == nil {
		threshold := max(floor, int(share*float64(population)))
		if tryers < threshold || w.vain != 0 && time.Duration(now-w.vain) < refresh {
			return nil
		}
		w.begin(now, threshold, population)
		return w.survey(now)
	}
	s := w.on
	if time.Duration(now-s.busy) >= pause && tryers >= s.threshold && w.losses(s.busy) >= s.threshold {
		m := w.survey(now) // while some still flapped, many others have lost their connection: another storm
		m.led = s.busy
		return m
	}
	if 2*tryers >= s.threshold {
		s.busy, s.busiest = now, s.newest
	}
	if time.Duration(now-s.measured) >= refresh || s.over(now) {
		return w.survey(now)
	}
	return nil
}

// over reports whether it is calm for long enough, as far as that was measured.
func (s *storm) over(now model.Instant) bool {
	if 100*(s.Flapping+s.brief) > s.Clients { // so many that 99 % cannot be back
		return false
	}
	calm := time.Duration(now - s.busy)
	switch {
	case s.Back99 > 0:
		return calm > 0
	case s.silent > 0:
		return calm >= patience
	}
	return calm >= pause
}

// Conclude takes over the figures of the newest measurement. It returns a copy of a storm that began, of one
// that does not end because clients flap, which is said once, and of one that ended; nil for none.
func (w *Watch) Conclude(m *Survey) (began, flapping, ended *model.Storm) {
	s := w.on
	s.Storm, s.brief, s.silent, s.room = m.storm, m.brief, m.silent, m.victims
	s.FlapRate = w.flapRate(m.at)
	for i := range m.victims {
		v := &m.victims[i]
		v.client.Adopt(&v.attempts)
	}
	copied := s.Storm
	switch {
	case !s.begun && 2*s.Clients < s.threshold:
		w.cancel(m.at)
		return nil, nil, nil
	case !s.begun:
		s.begun = true
		return &copied, nil, nil
	case m.led != 0:
		return nil, nil, w.end(m.at, m.led)
	case s.Unsettled() && !s.told:
		s.told = true
		return nil, &copied, nil
	case s.over(m.at):
		return nil, nil, w.end(m.at, m.at)
	}
	return nil, nil, nil
}

// tryers returns the number of clients that have tried to come back within window.
func (w *Watch) tryers(now model.Instant) (n int) {
	last := int64(now)/int64(model.ActivityBin) - w.first
	for i := max(0, last-windowBins); i < min(last+1, int64(len(w.bins))); i++ {
		n += int(w.bins[i].tryers)
	}
	return n
}

// losses returns the number of clients that have lost their connection after from.
func (w *Watch) losses(from model.Instant) (n int) {
	for i := max(0, int64(from)/int64(model.ActivityBin)-w.first+1); i < int64(len(w.bins)); i++ {
		n += int(w.bins[i].losses)
	}
	return n
}

func (w *Watch) begin(now model.Instant, threshold, population int) {
	w.count++
	w.on = &storm{threshold: threshold, busy: now, newest: now, busiest: now}
	w.on.ID, w.on.Population = w.count, population
	w.on.onset = w.onset(now, threshold)
	w.on.from = int64(w.on.onset) / int64(model.ActivityBin)
	w.on.Started = w.zero.Add(time.Duration(w.on.onset))
}

// cancel ends a storm that has not been said, because most of the clients that came have not lost their connection in one burst:
// those of an earlier storm may still try in vain.
func (w *Watch) cancel(now model.Instant) {
	w.on, w.vain = nil, now
	w.count--
	for _, a := range w.lost {
		a.newest().joined = false
	}
}

// end moves the storm to those of the past. Clients that are still away may be part of another one, which no loss until
// led has led to.
func (w *Watch) end(now, led model.Instant) *model.Storm {
	s := w.on.Storm
	s.Ended = w.zero.Add(time.Duration(w.on.last()))
	if len(w.past) == model.MaxStorms {
		w.past = slices.Delete(w.past, 0, 1)
	}
	w.past = append(w.past, s)
	w.on = nil
	w.lost = slices.DeleteFunc(w.lost, func(a *Client) bool {
		a.spans = [2]absence{*a.newest()}
		a.spans[0].joined = false
		a.listed = !a.spans[0].stayed(now)
		return !a.listed
	})
	w.forget(int64(now)/int64(model.ActivityBin) - leadBins)
	for i := range min(len(w.bins), int(int64(led)/int64(model.ActivityBin)-w.first+1)) {
		w.bins[i].losses = 0
	}
	return &s
}

// On reports whether a storm is on.
func (w *Watch) On() bool { return w.on != nil && w.on.begun }

// Storms returns the storms that are kept, oldest first; one that is on comes last. The caller may keep the list, but
// must not change what the storms point to.
func (w *Watch) Storms() []model.Storm {
	storms := slices.Clone(w.past)
	if w.On() {
		storms = append(storms, w.on.Storm)
	}
	return storms
}
