package api

import (
	"cmp"
	"errors"
	"slices"
	"time"
	"unsafe"

	"holter/model"
)

// Alerts is the answer to GET /api/v1/alerts.
type Alerts struct {
	Alerts  []Alert       `json:"alerts"` // what fires first, then what is pending, then what was resolved lately
	Rules   []AlertRule   `json:"rules"`  // those of the user first
	Log     []AlertChange `json:"log"`    // oldest first
	Outputs []AlertOutput `json:"outputs"`
}

// Alert is a rule that holds, or has held, of one thing.
type Alert struct {
	ID          string            `json:"id"`
	Rule        string            `json:"rule"`
	State       model.AlertState  `json:"state"` // pending, firing or resolved
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Detail      string            `json:"detail"` // what was measured, in words
	Value       float64           `json:"value"`  // the first figure in it
	BuiltIn     bool              `json:"built_in"`

	Since          time.Time  `json:"since"`                     // the rule holds, or has held at last
	FiredAt        *time.Time `json:"fired_at,omitempty"`        // left out while it is pending
	ResolvedAt     *time.Time `json:"resolved_at,omitempty"`     // left out until then
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"` // left out unless it is
	SilencedUntil  *time.Time `json:"silenced_until,omitempty"`  // left out unless it was
	Page           string     `json:"page,omitempty"`            // of the screen that shows the evidence
	Query          string     `json:"query,omitempty"`           // for that page
}

// AlertRule is a rule with what it holds of now.
type AlertRule struct {
	Name            string            `json:"name"`
	Expr            string            `json:"expr"`
	ForMS           Millis            `json:"for_ms"`
	KeepFiringForMS Millis            `json:"keep_firing_for_ms"`
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	BuiltIn         bool              `json:"built_in"`
	State           model.AlertState  `json:"state"`    // inactive, pending or firing
	Alerts          int               `json:"alerts"`   // that are pending or firing
	LeftOut         int               `json:"left_out"` // for which there was no room
	SilencedUntil   *time.Time        `json:"silenced_until,omitempty"`
}

// AlertChange is an alert that began to fire, or was resolved.
type AlertChange struct {
	Time  time.Time `json:"time"`
	Alert Alert     `json:"alert"`
}

// AlertOutput is where alerts are sent to.
type AlertOutput struct {
	Name         string     `json:"name"`
	Sent         int        `json:"sent"`
	Waiting      int        `json:"waiting"`
	Dropped      int        `json:"dropped"`
	Failing      string     `json:"failing,omitempty"` // why the newest attempt failed; left out if it did not
	FailingSince *time.Time `json:"failing_since,omitempty"`
}

// Silence asks to tell nobody of alerts for a while.
type Silence struct {
	ForMS *Millis `json:"for_ms"` // 0 ends it
}

// AlertsOrdered answers an order about alerts.
type AlertsOrdered struct {
	Alerts int `json:"alerts"` // that it was about
}

// FromAlert converts a.
func FromAlert(a *model.Alert) Alert {
	return Alert{
		ID: a.ID, Rule: a.Rule, State: a.State, Labels: fromLabels(a.Labels), Annotations: fromLabels(a.Annotations), Detail: a.Detail, Value: finite(a.Value),
		BuiltIn: a.BuiltIn, Since: a.Since.UTC(), FiredAt: fromTime(a.Fired), ResolvedAt: fromTime(a.Resolved),
		AcknowledgedAt: fromTime(a.Acknowledged), SilencedUntil: fromTime(a.SilencedUntil), Page: a.At.Page, Query: a.At.Query,
	}
}

// Model converts a back. An alert without an id is an error.
func (a *Alert) Model() (model.Alert, error) {
	m := model.Alert{
		ID: text(a.ID), Rule: text(a.Rule), State: model.AlertState(text(string(a.State))), Labels: toLabels(a.Labels), Annotations: toLabels(a.Annotations),
		Detail: text(a.Detail), Value: a.Value, BuiltIn: a.BuiltIn, Since: a.Since, Fired: toTime(a.FiredAt), Resolved: toTime(a.ResolvedAt),
		Acknowledged: toTime(a.AcknowledgedAt), SilencedUntil: toTime(a.SilencedUntil), At: model.Place{Page: text(a.Page), Query: text(a.Query)},
	}
	if m.ID == "" {
		return m, errors.New("an alert without an id")
	}
	return m, nil
}

// FromAlertBook converts b.
func FromAlertBook(b *model.AlertBook) Alerts {
	w := Alerts{Alerts: fromAlerts(b.Alerts), Rules: []AlertRule{}, Log: []AlertChange{}, Outputs: []AlertOutput{}}
	for i := range b.Rules {
		r := &b.Rules[i]
		w.Rules = append(w.Rules, AlertRule{
			Name: r.Name, Expr: r.Condition, ForMS: millis(r.For), KeepFiringForMS: millis(r.KeepFiringFor),
			Labels: fromLabels(r.Labels), Annotations: fromLabels(r.Annotations), BuiltIn: r.BuiltIn,
			State: r.State, Alerts: r.Alerts, LeftOut: r.LeftOut, SilencedUntil: fromTime(r.SilencedUntil),
		})
	}
	for i := range b.Log {
		w.Log = append(w.Log, AlertChange{b.Log[i].Time.UTC(), FromAlert(&b.Log[i].Alert)})
	}
	for _, o := range b.Outputs {
		w.Outputs = append(w.Outputs, AlertOutput{o.Name, o.Sent, o.Waiting, o.Dropped, o.Failing, fromTime(o.Since)})
	}
	return w
}

// Model converts w back, as far as it is within the bounds of a book.
func (w *Alerts) Model() model.AlertBook {
	b := model.AlertBook{Alerts: toAlerts(w.Alerts)}
	for _, r := range newest(w.Rules, model.MaxBookRules) {
		b.Rules = append(b.Rules, model.AlertRule{
			Name: text(r.Name), Condition: model.Clean(r.Expr, longestCondition), For: r.ForMS.Duration(), KeepFiringFor: r.KeepFiringForMS.Duration(),
			Labels: toLabels(r.Labels), Annotations: toLabels(r.Annotations), BuiltIn: r.BuiltIn,
			State: model.AlertState(text(string(r.State))), Alerts: r.Alerts, LeftOut: r.LeftOut, SilencedUntil: toTime(r.SilencedUntil),
		})
	}
	for _, c := range newest(w.Log, model.MaxAlertLog) {
		if a, err := c.Alert.Model(); err == nil {
			b.Log = append(b.Log, model.AlertChange{Time: c.Time, Alert: a})
		}
	}
	for _, o := range newest(w.Outputs, mostOutputs) {
		b.Outputs = append(b.Outputs, model.AlertOutput{Name: text(o.Name), Sent: o.Sent, Waiting: o.Waiting, Dropped: o.Dropped, Failing: text(o.Failing), Since: toTime(o.FailingSince)})
	}
	return b
}

const (
	mostOutputs      = 64
	longestCondition = 4096
)

func fromAlerts(alerts []model.Alert) []Alert {
	list := make([]Alert, len(alerts))
	for i := range alerts {
		list[i] = FromAlert(&alerts[i])
	}
	return list
}

func toAlerts(alerts []Alert) []model.Alert {
	var list []model.Alert
	for i := range alerts {
		if a, err := alerts[i].Model(); err == nil && len(list) < model.MaxAlerts {
			list = append(list, a)
		}
	}
	return list
}

func fromLabels(labels []model.Label) map[string]string {
	m := make(map[string]string, len(labels))
	for _, l := range labels {
		m[l.Name] = l.Value
	}
	return m
}

func toLabels(labels map[string]string) []model.Label {
	var list []model.Label
	for name, value := range labels {
		list = append(list, model.Label{Name: text(name), Value: text(value)})
	}
	slices.SortFunc(list, func(a, b model.Label) int { return cmp.Compare(a.Name, b.Name) })
	return list[:min(len(list), 2*model.MaxLabels)]
}

func fromTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func toTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// sameAlerts reports whether two lists say the same.
func sameAlerts(a, b []model.Alert) bool {
	return slices.EqualFunc(a, b, func(x, y model.Alert) bool {
		return x.ID == y.ID && x.State == y.State && x.Detail == y.Detail && x.Value == y.Value && x.Since.Equal(y.Since) && x.Fired.Equal(y.Fired) &&
			x.Resolved.Equal(y.Resolved) && x.Acknowledged.Equal(y.Acknowledged) && x.SilencedUntil.Equal(y.SilencedUntil) && slices.Equal(x.Annotations, y.Annotations)
	})
}

func weighAlert(a *model.Alert) int {
	n := int(unsafe.Sizeof(*a)) + len(a.ID) + len(a.Rule) + len(a.Detail) + len(a.At.Page) + len(a.At.Query) + weighList(a.Labels) + weighList(a.Annotations)
	for _, list := range [][]model.Label{a.Labels, a.Annotations} {
		for _, l := range list {
			n += len(l.Name) + len(l.Value)
		}
	}
	return n
}
