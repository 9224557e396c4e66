package storm

import (
	"slices"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

const (
	// A storm begins when at least floor clients, and at least a share of all, try to come back within window. It
	// ends when fewer than half of that have done so for long enough.
	window = 5 * time.Second
	floor  = 10
	share  = 0.1 // of the clients that are known

	// lead is the longest time between a loss and the storm that it led to.
	lead = 2 * time.Minute
	// pause is how long it may be calm during a storm while some clients are away: as long as the longest delays
	// of common policies.
	pause = 30 * time.Second
	// refresh is the time between two measurements of a storm that is on.
	refresh = time.Second

	// maxClients bounds the clients that are kept in a storm. Further losses are only counted.
	maxClients = 100_000

	windowBins = int64(window / model.ActivityBin)
	leadBins   = int64(lead / model.ActivityBin)
)

// Watch finds storms in the losses and attempts of clients. It belongs to one goroutine, and its calls must be in the
// order of time.
type Watch struct {
	zero  time.Time // of every Instant
	bins  []bin
	first int64     // number of the first of bins: its Instant over ActivityBin
	lost  []*Client // that have lost a connection within lead or, in a storm, since that began
	count int       // storms so far
	on    *storm    // nil while there is none
	past  []model.Storm
}

type bin struct {
	model.Activity
	losses uint32 // clients that lost their last connection
	tryers uint32 // clients whose newest attempt to come back was here
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
}

// NewWatch makes a Watch without a storm. zero is the time of the zero Instant.
func NewWatch(zero time.Time) *Watch { return &Watch{zero: zero} }

// Lose records the end of a client's last open connection.
func (w *Watch) Lose(a *Client, at model.Instant, l *reconnect.Loss) {
	a.Attempts.Lose(at, l)
	now := absence{lost: at, code: uint16(l.Close.Code), by: l.Close.By}
	switch old := a.newest(); {
	case w.on == nil || old.lost < w.on.onset:
		a.spans = [2]absence{now}
	case l.Lasted < reconnect.Settled:
		old.back = 0 // the client had not really come back
	default:
		a.spans[1] = now
	}
	w.list(a)
	if b := w.bin(at); b != nil {
		b.losses++
	}
}

func (w *Watch) list(a *Client) {
	if !a.listed && len(w.lost) < maxClients {
		a.listed, w.lost = true, append(w.lost, a)
	}
}

// Try records an attempt of a client to come back: see reconnect.Attempts.Try.
func (w *Watch) Try(a *Client, at model.Instant, waited time.Duration, refused bool, retryAfter time.Duration) {
	a.Attempts.Try(at, waited, refused, retryAfter)
	away := a.newest()
	if away.tried == 0 {
		away.tried = max(away.lost, at-model.Instant(waited))
	}
	if !refused {
		away.back = at
	}
	b := w.bin(at)
	if b == nil {
		return
	}
	if old := int64(a.counted)/int64(model.ActivityBin) - w.first; a.counted != 0 && old >= 0 {
		w.bins[old].tryers--
	}
	a.counted = at
	b.tryers++
	w.arrive(b, at, refused)
}

// Refuse records an upgrade that was refused, of a client that is not known or not away.
func (w *Watch) Refuse(at model.Instant) {
	if b := w.bin(at); b != nil {
		w.arrive(b, at, true)
	}
}

// Connect records a connection of a client that was not away.
func (w *Watch) Connect(at model.Instant) {
	if b := w.bin(at); b != nil {
		b.Connects++
	}
}

// Close records that a connection ended, whether or not its client has others.
func (w *Watch) Close(at model.Instant) {
	if b := w.bin(at); b != nil {
		b.Closes++
	}
}

func (w *Watch) arrive(b *bin, at model.Instant, refused bool) {
	if refused {
		b.Refused++
	} else {
		b.Connects++
		b.Reconnects++
	}
	if w.on != nil {
		w.on.newest = at
	}
}

// bin returns the bin of at, nil if a storm has lasted for longer than its curve is kept.
func (w *Watch) bin(at model.Instant) *bin {
	i := int64(at)/int64(model.ActivityBin) - w.first
	switch {
	case w.on != nil && i >= w.on.from-w.first+model.MaxActivity:
		return nil
	case w.on == nil && i >= 2*leadBins:
		w.forget(int64(at)/int64(model.ActivityBin) - leadBins)
		i = int64(at)/int64(model.ActivityBin) - w.first
	}
	for int64(len(w.bins)) <= i {
		w.bins = append(w.bins, bin{})
	}
	return &w.bins[max(i, 0)]
}

// forget removes the bins before that one, and the losses in them.
func (w *Watch) forget(before int64) {
	n := min(max(before-w.first, 0), int64(len(w.bins)))
	w.bins = slices.Delete(w.bins, 0, int(n))
	w.first = before
	w.lost = slices.DeleteFunc(w.lost, func(a *Client) bool {
		a.listed = int64(a.newest().lost)/int64(model.ActivityBin) >= before
		return !a.listed
	})
}

// Tick brings the watch to now. It returns a copy of a storm that began, and of one that ended, nil for none.
func (w *Watch) Tick(now model.Instant, population int) (began, ended *model.Storm) {
	w.bin(now)
	if w.on == nil {
		threshold := max(floor, int(share*float64(population)))
		if w.tryers(now) < threshold {
			return nil, nil
		}
		return w.begin(now, threshold, population), nil
	}
	s := w.on
	if 2*w.tryers(now) >= s.threshold {
		s.busy, s.busiest = now, s.newest
	}
	if time.Duration(now-s.measured) >= refresh {
		w.measure(now)
	}
	calm := time.Duration(now - s.busy)
	if calm >= pause || calm > 0 && s.Back99 > 0 {
		return nil, w.end(now)
	}
	return nil, nil
}

// tryers returns the number of clients that have tried to come back within window.
func (w *Watch) tryers(now model.Instant) (n int) {
	last := int64(now)/int64(model.ActivityBin) - w.first
	for i := max(0, last-windowBins); i < min(last+1, int64(len(w.bins))); i++ {
		n += int(w.bins[i].tryers)
	}
	return n
}

func (w *Watch) begin(now model.Instant, threshold, population int) *model.Storm {
	w.count++
	w.on = &storm{threshold: threshold, busy: now, newest: now, busiest: now}
	w.on.ID, w.on.Population = w.count, population
	w.on.onset = w.onset(now)
	w.on.from = int64(w.on.onset) / int64(model.ActivityBin)
	w.on.Started = w.zero.Add(time.Duration(w.on.onset))
	w.measure(now)
	s := w.on.Storm
	return &s
}

// end moves the storm to those of the past. Clients that are still away may be part of another one.
func (w *Watch) end(now model.Instant) *model.Storm {
	w.measure(now)
	s := w.on.Storm
	s.Ended = w.zero.Add(time.Duration(w.on.last()))
	if len(w.past) == model.MaxStorms {
		w.past = slices.Delete(w.past, 0, 1)
	}
	w.past = append(w.past, s)
	w.on = nil
	w.lost = slices.DeleteFunc(w.lost, func(a *Client) bool {
		a.spans = [2]absence{*a.newest()}
		a.listed = a.spans[0].back == 0
		return !a.listed
	})
	w.forget(int64(now)/int64(model.ActivityBin) - leadBins)
	for i := range w.bins {
		w.bins[i].losses = 0 // they have led to this storm, and do not lead to another
	}
	return &s
}

// Storms returns the storms that are kept, oldest first; one that is on comes last. The caller may keep the list, but
// must not change what the storms point to.
func (w *Watch) Storms() []model.Storm {
	storms := slices.Clone(w.past)
	if w.on != nil {
		storms = append(storms, w.on.Storm)
	}
	return storms
}
