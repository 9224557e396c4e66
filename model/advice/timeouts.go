package advice

import (
	"fmt"
	"slices"
	"time"

	"holter/model"
	"holter/model/heart"
)

// timeouts judges the timeouts by recorded beats: how often they were too short, and what would have been better.
type timeouts struct {
	connections int           // with beats
	present     heart.Trial   // as the beats went
	floors      []heart.Trial // with each of the floors
	detectors   []heart.Trial // by each of heart.Detectors, the present one included
	late        []lateOne     // the connections with the most late answers, the most first
	hit         int           // connections with a late answer
}

type lateOne struct {
	id    model.ID
	beats int
}

// floors are the values of --min-timeout that are tried.
var floors = [...]time.Duration{750 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second, 3 * time.Second, 4 * time.Second}

// MostRecords is the number of records that a look should be shown at most: some thousandths of a second of work.
const MostRecords = 1000

// What is below these numbers is no evidence.
const (
	leastLate  = 12    // answers that were late: one odd minute has fewer
	leastHit   = 3     // connections with a late answer: one bad path is no reason to change what all have
	leastShare = 0.002 // of late answers: at an interval of 5 s, more than one false suspicion in an hour for each connection

	leastCalm = 3000                   // beats without a late answer, from which on a shorter timeout may be advised
	leastGain = 250 * time.Millisecond // by which that notices a death sooner
	gainShare = 0.2                    // of the whole time until a death is noticed
)

func newTimeouts() timeouts {
	return timeouts{floors: make([]heart.Trial, len(floors)), detectors: make([]heart.Trial, len(heart.Detectors))}
}

// Beats shows the recorded beats of a connection, of each of its legs.
func (l *Look) Beats(id model.ID, legs ...heart.Record) {
	before := l.present
	for i := range legs {
		l.judge(&legs[i])
	}
	if l.present.Beats > before.Beats {
		l.connections++
	}
	if n := l.present.Late - before.Late; n > 0 {
		l.hit++
		l.note(lateOne{id, n})
	}
}

func (l *Look) judge(r *heart.Record) {
	r.Above(0, &l.present)
	for i, floor := range floors {
		r.Above(floor, &l.floors[i])
	}
	for i, name := range heart.Detectors {
		r.By(name, l.rhythm, &l.detectors[i])
	}
}

// note keeps the connections with the most late answers.
func (t *timeouts) note(o lateOne) {
	t.late = append(t.late, o)
	slices.SortStableFunc(t.late, func(a, b lateOne) int { return b.beats - a.beats })
	t.late = t.late[:min(len(t.late), mostNamed)]
}

// option is a setting that might have been better.
type option struct {
	kind  model.WarningKind
	flag  string
	trial heart.Trial
	than  time.Duration // the mean timeout of the present settings, by the same rules as the trial
}

// longer is by how much its timeouts are longer, on average.
func (o *option) longer() time.Duration { return o.trial.Mean() - o.than }

// warnings is at most one piece: settings that mend the same are not advised together.
func (t *timeouts) warnings(r *heart.Rhythm) []model.Warning {
	switch {
	case t.troubled():
		if o, ok := t.calmer(r); ok {
			return []model.Warning{t.calm(&o)}
		}
	case t.present.Beats >= leastCalm:
		if o, ok := t.quicker(r); ok {
			return []model.Warning{t.quicken(&o, r)}
		}
	}
	return nil
}

// troubled reports whether answers are late so often that it matters.
func (t *timeouts) troubled() bool {
	return t.present.Late >= leastLate && t.hit >= leastHit && float64(t.present.Late) >= leastShare*float64(t.present.Beats)
}

// calmer returns the setting that costs the least of those that would have spared two of three late answers. One that
// makes a death known half as late again is too dear.
func (t *timeouts) calmer(r *heart.Rhythm) (best option, ok bool) {
	for _, o := range t.options(r) {
		spared, dear := 3*o.trial.Late <= t.present.Late, o.longer() > noticed(r, o.than)/2
		if spared && !dear && (!ok || o.longer() < best.longer()) {
			best, ok = o, true
		}
	}
	return best, ok
}

// options are the settings that differ from the present ones.
func (t *timeouts) options(r *heart.Rhythm) (all []option) {
	for i, floor := range floors {
		if floor > r.MinTimeout && floor <= r.MaxTimeout {
			all = append(all, option{model.LowFloor, "--min-timeout " + flag(floor), t.floors[i], t.present.Mean()})
		}
	}
	for i, name := range heart.Detectors {
		if name != r.Detector {
			all = append(all, option{model.BetterDetector, "--detector " + name, t.detectors[i], t.replayed(r).Mean()})
		}
	}
	return all
}

// replayed is how the beats would have gone by the present detector, by the same rules as by another.
func (t *timeouts) replayed(r *heart.Rhythm) *heart.Trial {
	return &t.detectors[slices.Index(heart.Detectors[:], r.Detector)]
}

// noticed is how long it takes until a death is noticed, on average: half an interval until the next beat, and its timeout.
func noticed(r *heart.Rhythm, timeout time.Duration) time.Duration { return r.Interval/2 + timeout }

// quicker returns the detector that would have noticed a death clearly sooner without one more late answer.
func (t *timeouts) quicker(r *heart.Rhythm) (best option, ok bool) {
	for _, o := range t.options(r) {
		gain := -o.longer()
		enough := gain >= leastGain && float64(gain) >= gainShare*float64(noticed(r, o.than))
		if enough && o.trial.Late <= min(t.present.Late, t.replayed(r).Late) && (!ok || gain > -best.longer()) {
			best, ok = o, true
		}
	}
	return best, ok
}

// calm is the warning that answers are often late.
func (t *timeouts) calm(o *option) model.Warning {
	ids := make([]model.ID, len(t.late))
	for i, one := range t.late {
		ids[i] = one.id
	}
	w := model.Warning{Kind: o.kind, Urgency: model.Risk, Touched: t.hit, At: model.Place{Page: model.ConnectionsPage, Query: anyOf("id", ids)}}
	price := "no later than now"
	switch d := o.longer(); {
	case d >= time.Millisecond:
		price = span(d) + " later than now"
	case d <= -time.Millisecond:
		price = span(-d) + " sooner than now"
	}
	w.Detail = fmt.Sprintf("Of the last %d beats, %d (%s), on %d of %d connections, were answered only after their timeout, as after lost segments or short stalls: their peers were suspected and lived. %s would have waited for %d of these; it suspects a dead peer %s.",
		t.present.Beats, t.present.Late, share(t.present.Late, t.present.Beats), t.hit, t.connections, o.flag, t.present.Late-o.trial.Late, price)
	return w
}

// quicken is the warning that timeouts are longer than they need be.
func (t *timeouts) quicken(o *option, r *heart.Rhythm) model.Warning {
	return model.Warning{Kind: o.kind, Urgency: model.Hint, Touched: t.connections, At: model.Place{Page: model.ConnectionsPage},
		Detail: fmt.Sprintf("On the last %d beats of %s, %s would have suspected no more peers that lived than %s, and a dead one %s sooner: after %s on average instead of %s.",
			o.trial.Beats, count(t.connections, "connection"), o.flag, r.Detector, span(-o.longer()),
			span(noticed(r, o.trial.Mean())), span(noticed(r, o.than)))}
}
