// Package alerts draws the alerts of a picture: a dialog with all of them and with the rules, and the sequences by which a
// terminal rings or shows a notification.
//
// It gets alerts, which come in the order of their urgency, and keeps nothing but the cursors of its dialog. What a key does,
// other than move a cursor, is given to the dialog as a function that returns a command.
package alerts

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"holter/model"
	"holter/tui/look"
)

// State is that of an alert's colours.
func State(a *model.Alert) model.State {
	switch {
	case a.State != model.AlertFiring:
		return model.Normal
	case a.Critical():
		return model.Failed
	}
	return model.Suspect
}

func stateOfRule(r *model.AlertRule) model.State {
	if r.State == model.AlertFiring {
		return model.Suspect
	}
	return model.Normal
}

func glyph(a *model.Alert, g *look.Glyphs) string {
	if a.State == model.AlertPending {
		return g.Dot
	}
	return g.States[State(a)]
}

// condition is where an alert stands, in one word.
func condition(a *model.Alert, now time.Time) string {
	switch {
	case a.State != model.AlertFiring:
		return string(a.State)
	case now.Before(a.SilencedUntil):
		return "silenced"
	case !a.Acknowledged.IsZero():
		return "acknowledged"
	}
	return "firing"
}

// about is what an alert is about, without what its rule says.
func about(a *model.Alert) string {
	for _, name := range []string{"service", "path", "cohort", "warning"} {
		if v := a.Label(name); v != "" {
			return v
		}
	}
	return ""
}

// since is when an alert came to where it stands.
func since(a *model.Alert) time.Time {
	switch a.State {
	case model.AlertFiring:
		return a.Fired
	case model.AlertResolved:
		return a.Resolved
	}
	return a.Since
}

// Line is an alert that began to fire or is resolved, as a sentence.
func Line(a *model.Alert) string {
	name := a.Rule
	if of := about(a); of != "" {
		name += " of " + of
	}
	if a.State == model.AlertResolved {
		return "alert " + name + " is resolved"
	}
	return "alert " + name + ": " + cmp.Or(a.Annotation("summary"), a.Detail)
}

// Loud are the alerts that call for somebody. What the screen has a word of its own for, a storm, is not among them.
func Loud(all []model.Alert, now time.Time) (loud []*model.Alert) {
	for i := range all {
		if a := &all[i]; a.Loud(now) && !(a.BuiltIn && a.Rule == "Storm") {
			loud = append(loud, a)
		}
	}
	return loud
}

// Notification is the sequence by which a terminal tells of alerts that began to fire: the bell, or the notification of OSC 9 or
// of OSC 777. Without a way it is "".
func Notification(way string, fired []*model.Alert) string {
	text := Line(fired[0])
	if n := len(fired) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	text = strings.ReplaceAll(model.Clean(text, 200), ";", ",")
	switch way {
	case "bell":
		return "\a"
	case "osc9":
		return "\x1b]9;holter: " + text + "\a"
	case "osc777":
		return "\x1b]777;notify;holter;" + text + "\a"
	}
	return ""
}
