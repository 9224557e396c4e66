package model

import (
	"slices"
	"strings"
	"time"
)

// Alert is a rule that holds, or has held, of one thing: a path, a service, a cohort, or all that holter watches.
type Alert struct {
	ID          string // the same each time the rule holds of the same thing
	Rule        string // the name of the rule, which is the label alertname too
	State       AlertState
	Labels      []Label // by name, with alertname
	Annotations []Label // by name
	Detail      string  // what was measured, such as "count(state=failed) is 7 (> 5)"
	Value       float64 // the first figure in Detail; 0 without one
	BuiltIn     bool    // the rule comes with holter

	Since    time.Time // since when the rule holds, or has held at last
	Fired    time.Time // zero while it is pending
	Resolved time.Time // zero until then

	Acknowledged  time.Time // when a user took note of it; zero if none has
	SilencedUntil time.Time // zero if it is not silenced
	At            Place     // where its evidence is
}

// Loud reports whether an alert calls for somebody: it fires, and is neither acknowledged nor silenced.
func (a *Alert) Loud(now time.Time) bool {
	return a.State == AlertFiring && a.Acknowledged.IsZero() && !now.Before(a.SilencedUntil)
}

// severe are the values of the label severity that matter more than all others, and mild are those that matter less.
var (
	severe = []string{"critical", "page", "emergency", "fatal", "error"}
	mild   = []string{"info", "informational", "notice", "debug", "none"}
)

// Critical reports whether its rule says that it matters more than most.
func (a *Alert) Critical() bool { return slices.Contains(severe, strings.ToLower(a.Label("severity"))) }

// Rank is the place of its severity among those of others, from 0 for the worst. Without one it is as a warning.
func (a *Alert) Rank() int {
	switch {
	case a.Critical():
		return 0
	case slices.Contains(mild, strings.ToLower(a.Label("severity"))):
		return 2
	}
	return 1
}

// Label returns the value of a label, "" if there is none.
func (a *Alert) Label(name string) string { return LabelOf(a.Labels, name) }

// Annotation returns the value of an annotation, "" if there is none.
func (a *Alert) Annotation(name string) string { return LabelOf(a.Annotations, name) }

// Label is a name with a value, of an alert.
type Label struct{ Name, Value string }

// LabelOf returns the value of the label with a name, "" if there is none.
func LabelOf(labels []Label, name string) string {
	i := slices.IndexFunc(labels, func(l Label) bool { return l.Name == name })
	if i < 0 {
		return ""
	}
	return labels[i].Value
}

// AlertState is where an alert stands, in the words of Prometheus.
type AlertState string

const (
	AlertInactive AlertState = "inactive" // only of rules: it holds of nothing
	AlertPending  AlertState = "pending"  // the rule holds, but not for long enough
	AlertFiring   AlertState = "firing"
	AlertResolved AlertState = "resolved" // it has fired, and no longer holds
)

// AlertStates are those of alerts, the most urgent first.
var AlertStates = [...]AlertState{AlertFiring, AlertPending, AlertResolved}

// AlertRule is a rule with what it holds of now.
type AlertRule struct {
	Name          string
	Condition     string // as it was written
	For           time.Duration
	KeepFiringFor time.Duration
	Labels        []Label
	Annotations   []Label // as they were written
	BuiltIn       bool
	State         AlertState
	Alerts        int // that are pending or firing
	LeftOut       int // beyond MaxAlertsOfRule
	SilencedUntil time.Time
}

// AlertOutput is where alerts are sent to, and how that goes.
type AlertOutput struct {
	Name    string // such as "webhook https://hooks.example/holter", without secrets
	Sent    int    // notifications that were taken
	Waiting int
	Dropped int       // that could not be delivered, or had no room to wait
	Failing string    // why the newest attempt failed, "" if it did not
	Since   time.Time // since when it is Failing
}

// AlertBook is all that is known of alerts.
type AlertBook struct {
	Rules   []AlertRule // those of the user first
	Alerts  []Alert     // the most urgent first
	Log     []AlertChange
	Outputs []AlertOutput
}

// AlertChange is an alert that began to fire, or was resolved.
type AlertChange struct {
	Time  time.Time
	Alert Alert
}

// AlertOrder is a command about the alert with an id, or about all alerts of the rule with a name.
type AlertOrder struct {
	Target string
	Do     AlertAction
	For    time.Duration // how long to silence, from now on; 0 ends the silence
}

// AlertAction is what a user does about an alert.
type AlertAction string

const (
	Acknowledge   AlertAction = "acknowledge"   // somebody sees to it; until it is resolved
	Unacknowledge AlertAction = "unacknowledge" // take that back
	Silence       AlertAction = "silence"       // tell nobody for a while, also if it begins to fire anew
)

// Bounds of alerts.
const (
	MaxAlertRules   = 1000               // of the user
	MaxBookRules    = MaxAlertRules + 50 // with those that come with holter
	MaxAlertsOfRule = 64
	MaxAlerts       = 256 // in all, pending, firing and lately resolved
	MaxAlertLog     = 128
	MaxLabels       = 32 // of a rule, and annotations likewise
	MaxSilence      = 30 * 24 * time.Hour
)

// Validate returns an Invalid error for an order that cannot be carried out. The error says what to write instead.
func (o AlertOrder) Validate() error {
	switch {
	case o.Target == "":
		return Errorf(Invalid, "name an alert by its id, or a rule by its name")
	case o.For < 0 || o.For > MaxSilence:
		return Errorf(Invalid, "a silence of %s: write a time up to %s, or 0 to end it", o.For, MaxSilence)
	}
	return nil
}
