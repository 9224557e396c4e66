package alert

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"holter/model"
)

const (
	// resolvedFor is how long an alert stays on the list after it is resolved.
	resolvedFor = 15 * time.Minute
	// longestGap is the longest time between two looks that counts as time in which a rule held or did not. In a longer one
	// holter itself did not run.
	longestGap = 10 * time.Second
)

// Book keeps the alerts of rules.
type Book struct {
	rules   []rule
	index   map[string]int // of rules, by name
	entries map[string]*entry
	log     []model.AlertChange // oldest first
	looked  time.Time           // when the rules were judged last
}

// rule is a Rule with what it found last.
type rule struct {
	Rule
	leftOut  int
	silenced time.Time // until
}

// entry is an alert.
type entry struct {
	model.Alert
	rule  *rule
	held  time.Time // when the rule held last
	until time.Time // the alert itself is silenced, without its rule
}

// NewBook returns a book of rules without alerts. Of two rules with one name the first stays.
func NewBook(rules []Rule) *Book {
	b := &Book{entries: make(map[string]*entry)}
	b.keep(rules)
	return b
}

// keep has rules take the place of those of b.
func (b *Book) keep(rules []Rule) {
	b.rules, b.index = nil, make(map[string]int, len(rules))
	for _, r := range rules {
		if _, twice := b.index[r.Name]; !twice && len(b.rules) < model.MaxBookRules {
			b.index[r.Name] = len(b.rules)
			b.rules = append(b.rules, rule{Rule: r})
		}
	}
}

// Replace has rules take the place of those of b, at a time. An alert stays as it is if there is a rule of the same name with the
// same labels, and the next look judges it by that one. All others end: Replace returns copies of those that fired, and are
// resolved. What is silenced stays so.
func (b *Book) Replace(rules []Rule, now time.Time) []model.Alert {
	before := Book{rules: b.rules, index: b.index}
	b.keep(rules)
	for i := range b.rules {
		if r := before.find(b.rules[i].Name); r != nil {
			b.rules[i].silenced = r.silenced
		}
	}
	return b.settle(now)
}

// Empty reports whether there are neither rules nor alerts.
func (b *Book) Empty() bool { return len(b.rules)+len(b.entries) == 0 }

// settle gives the alerts to the rules that are there now, and ends those without one.
func (b *Book) settle(now time.Time) []model.Alert {
	var ended []model.Alert
	for id, e := range b.entries {
		r := b.find(e.Rule)
		same := r != nil && slices.Equal(r.Labels, e.rule.Labels)
		switch {
		case !same && e.State == model.AlertPending:
			delete(b.entries, id)
			continue
		case !same && e.State == model.AlertFiring:
			e.State, e.Resolved = model.AlertResolved, now
			ended = append(ended, e.shown())
		}
		if r != nil {
			e.rule = r
		}
	}
	b.note(ended, now)
	return ended
}

func (b *Book) find(name string) *rule {
	if i, there := b.index[name]; there {
		return &b.rules[i]
	}
	return nil
}

// Judge judges all rules by a snapshot, at the time of which failing outputs of alerts do not work. It returns copies of the
// alerts that began to fire or are resolved, in the order of the rules.
func (b *Book) Judge(s *model.Snapshot, failing int) []model.Alert {
	now := s.Time
	b.skip(now)
	m := &moment{Snapshot: s, failing: failing}
	for i := range b.rules {
		r := &b.rules[i]
		r.leftOut = 0
		for n, f := range r.Condition.findings(m) {
			if n >= model.MaxAlertsOfRule || !b.hold(r, &f, now) {
				r.leftOut++
			}
		}
	}
	return b.advance(now)
}

// skip takes the time in which holter did not run out of those for which rules held or did not.
func (b *Book) skip(now time.Time) {
	gap := now.Sub(b.looked)
	if !b.looked.IsZero() && gap > longestGap {
		for _, e := range b.entries {
			e.held = e.held.Add(gap)
			if e.State == model.AlertPending {
				e.Since = e.Since.Add(gap)
			}
		}
	}
	b.looked = now
}

// hold notes that a rule holds of a thing. It reports false if there is no room for another alert.
func (b *Book) hold(r *rule, f *finding, now time.Time) bool {
	id := identify(r.Name, f.key)
	e := b.entries[id]
	if e == nil {
		if len(b.entries) >= model.MaxAlerts && !b.forgetOldest() {
			return false
		}
		e = &entry{rule: r}
		e.ID = id
		b.entries[id] = e
	}
	if e.State != model.AlertPending && e.State != model.AlertFiring {
		e.Alert = model.Alert{ID: id, Rule: r.Name, BuiltIn: r.BuiltIn, State: model.AlertPending, Since: now, Labels: r.labelsOf(f.labels)}
	}
	e.held, e.Detail, e.Value, e.At = now, model.Clean(f.detail, longestText), f.value, f.at
	e.Annotations = r.annotationsOf(e.Labels, e.Value, e.Detail)
	return true
}

// forgetOldest makes room by forgetting the alert that was resolved first.
func (b *Book) forgetOldest() bool {
	var oldest *entry
	for _, e := range b.entries {
		if e.State == model.AlertResolved && (oldest == nil || e.Resolved.Before(oldest.Resolved)) {
			oldest = e
		}
	}
	if oldest == nil {
		return false
	}
	delete(b.entries, oldest.ID)
	return true
}

// identify makes the id of the alert of a rule about a thing.
func identify(rule, key string) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s", rule, key)
	return fmt.Sprintf("%016x", h.Sum64())
}

// advance takes all alerts to where they stand now, and returns those that began to fire or are resolved.
func (b *Book) advance(now time.Time) []model.Alert {
	var changed []model.Alert
	for id, e := range b.entries {
		held := e.held.Equal(now)
		switch {
		case e.State == model.AlertPending && !held:
			delete(b.entries, id)
		case e.State == model.AlertPending && now.Sub(e.Since) >= e.rule.For:
			e.State, e.Fired = model.AlertFiring, now
			changed = append(changed, e.shown())
		case e.State == model.AlertFiring && !held && now.Sub(e.held) >= e.rule.KeepFiringFor:
			e.State, e.Resolved = model.AlertResolved, now
			changed = append(changed, e.shown())
		case e.State == model.AlertResolved && now.Sub(e.Resolved) > resolvedFor:
			delete(b.entries, id)
		}
	}
	b.note(changed, now)
	return changed
}

// note sorts alerts that changed by their rules, and puts them into the log.
func (b *Book) note(changed []model.Alert, now time.Time) {
	slices.SortFunc(changed, func(x, y model.Alert) int { return cmp.Or(b.order(x.Rule)-b.order(y.Rule), cmp.Compare(x.ID, y.ID)) })
	for _, a := range changed {
		b.log = append(b.log, model.AlertChange{Time: now, Alert: a})
	}
	if extra := len(b.log) - model.MaxAlertLog; extra > 0 {
		b.log = slices.Delete(b.log, 0, extra)
	}
}

// order is the place of a rule among the others, after all of them if it is gone.
func (b *Book) order(name string) int {
	if i, there := b.index[name]; there {
		return i
	}
	return len(b.rules)
}

// shown is a copy of the alert.
func (e *entry) shown() model.Alert {
	a := e.Alert
	a.SilencedUntil = e.until
	if e.rule.silenced.After(e.until) {
		a.SilencedUntil = e.rule.silenced
	}
	return a
}

// Alerts are copies of all alerts: those that fire first, then those that are pending, both the most severe first, then those that
// are resolved. Of one severity, and of the resolved, the newest come first.
func (b *Book) Alerts() []model.Alert {
	list := make([]model.Alert, 0, len(b.entries))
	for _, e := range b.entries {
		list = append(list, e.shown())
	}
	rank := func(a *model.Alert) int {
		state := 3 * slices.Index(model.AlertStates[:], a.State)
		if a.State == model.AlertResolved {
			return state
		}
		return state + a.Rank()
	}
	since := func(a *model.Alert) time.Time {
		switch a.State {
		case model.AlertFiring:
			return a.Fired
		case model.AlertResolved:
			return a.Resolved
		}
		return a.Since
	}
	slices.SortFunc(list, func(x, y model.Alert) int {
		return cmp.Or(rank(&x)-rank(&y), since(&y).Compare(since(&x)), b.order(x.Rule)-b.order(y.Rule), cmp.Compare(x.ID, y.ID))
	})
	return list
}

// Log are the changes that are remembered, oldest first.
func (b *Book) Log() []model.AlertChange { return slices.Clone(b.log) }

// Rules are the rules with what they hold of.
func (b *Book) Rules() []model.AlertRule {
	list := make([]model.AlertRule, len(b.rules))
	for i := range b.rules {
		r := &b.rules[i]
		list[i] = model.AlertRule{
			Name: r.Name, Condition: r.Condition.String(), For: r.For, KeepFiringFor: r.KeepFiringFor, Labels: r.Labels, Annotations: r.Annotations,
			BuiltIn: r.BuiltIn, State: model.AlertInactive, LeftOut: r.leftOut, SilencedUntil: r.silenced,
		}
	}
	for _, e := range b.entries {
		i, there := b.index[e.Rule]
		if !there || e.State == model.AlertResolved {
			continue
		}
		list[i].Alerts++
		if list[i].State != model.AlertFiring {
			list[i].State = e.State
		}
	}
	return list
}

// Carry carries out an order, and returns about how many alerts it was. The error is Invalid for an order that makes no
// sense, NotFound if there is no such alert or rule, and Gone for an alert that no longer fires.
func (b *Book) Carry(o model.AlertOrder, now time.Time) (int, error) {
	if err := o.Validate(); err != nil {
		return 0, err
	}
	r, e := b.find(o.Target), b.entries[o.Target]
	if r == nil && e == nil {
		return 0, model.Errorf(model.NotFound, "there is no alert and no rule %q", model.Clean(o.Target, longestName))
	}
	switch o.Do {
	case model.Silence:
		return b.silence(r, e, now.Add(o.For)), nil
	case model.Acknowledge, model.Unacknowledge:
	default:
		return 0, model.Errorf(model.Invalid, "unknown action %q: write acknowledge, unacknowledge or silence", model.Clean(string(o.Do), longestName))
	}
	n, at := 0, now
	if o.Do == model.Unacknowledge {
		at = time.Time{}
	}
	for _, x := range b.entries {
		if (x == e || x.rule == r) && x.State == model.AlertFiring {
			x.Acknowledged = at
			n++
		}
	}
	if n == 0 {
		return 0, model.Errorf(model.Gone, "nothing fires there now: only what fires can be acknowledged")
	}
	return n, nil
}

// silence silences a rule or, without one, an alert.
func (b *Book) silence(r *rule, e *entry, until time.Time) int {
	if r == nil {
		e.until = until
		return 1
	}
	r.silenced = until
	n := 0
	for _, x := range b.entries {
		if x.rule == r {
			n++
		}
	}
	return n
}
