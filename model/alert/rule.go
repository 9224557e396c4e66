package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holter/model"
	"holter/model/filter"
)

// Rule is a condition with a name, and what is to be said when it holds.
type Rule struct {
	Name          string
	Condition     Condition
	For           time.Duration // how long it must hold before its alert fires
	KeepFiringFor time.Duration // how long it must not hold before its alert is resolved
	Labels        []model.Label // by name
	Annotations   []model.Label // by name; see Text
	BuiltIn       bool
}

// Written is a rule as it is written in a file, with the names of Prometheus.
type Written struct {
	Alert         string            `json:"alert"`
	Expr          string            `json:"expr"`
	For           string            `json:"for,omitempty"`
	KeepFiringFor string            `json:"keep_firing_for,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// Mistake is what is wrong with a rule, and in which of its parts.
type Mistake struct {
	Key  string // alert, expr, for, keep_firing_for, labels or annotations
	Name string // of the label or annotation, "" if it is none of these
	Pos  int    // byte offset in the text of that part, 0 if the whole is wrong
	What string
}

func (m *Mistake) Error() string {
	where := m.Key
	if m.Name != "" {
		where += " " + m.Name
	}
	if m.Pos > 0 || m.Key == "expr" {
		return fmt.Sprintf("%s, position %d: %s", where, m.Pos, m.What)
	}
	return where + ": " + m.What
}

const (
	longestText = 1024 // of a label or an annotation, in bytes
	longestFor  = 365 * 24 * time.Hour
)

var (
	ruleName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,79}$`)
	labelName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,79}$`)
)

// Rule returns the rule that w stands for. The error is a *Mistake.
func (w Written) Rule() (Rule, error) {
	r := Rule{Name: w.Alert}
	if !ruleName.MatchString(w.Alert) {
		return r, &Mistake{Key: "alert", What: fmt.Sprintf("write a name of letters, digits and _ . : - that begins with a letter, such as ManyFailed, instead of %q", model.Clean(w.Alert, longestName))}
	}
	var err error
	if r.Condition, err = Parse(w.Expr); err != nil {
		if m := misplacedFor(w.Expr); m != nil {
			return r, m
		}
		e, _ := errors.AsType[*filter.Error](err)
		return r, &Mistake{Key: "expr", Pos: e.Pos, What: "expected " + e.Expected}
	}
	if r.For, err = duration("for", w.For); err != nil {
		return r, err
	}
	if r.KeepFiringFor, err = duration("keep_firing_for", w.KeepFiringFor); err != nil {
		return r, err
	}
	if r.Labels, err = pairs("labels", w.Labels); err != nil {
		return r, err
	}
	r.Annotations, err = pairs("annotations", w.Annotations)
	return r, err
}

// misplacedFor is the mistake of a condition that ends with a duration, as on a command line, nil if it does not.
func misplacedFor(expr string) *Mistake {
	for _, key := range []string{"keep_firing_for", "for"} {
		rest, value := suffix(expr, key)
		if _, err := time.ParseDuration(value); err == nil {
			return &Mistake{Key: "expr", Pos: len(rest) + strings.Index(expr[len(rest):], key), What: fmt.Sprintf("%s %s is no part of a condition: write a key of its own, %[1]s: %[2]s", key, value)}
		}
	}
	return nil
}

// Written is the rule as it is written in a file.
func (r Rule) Written() Written {
	w := Written{Alert: r.Name, Expr: r.Condition.String(), Labels: mapOf(r.Labels), Annotations: mapOf(r.Annotations)}
	if r.For > 0 {
		w.For = r.For.String()
	}
	if r.KeepFiringFor > 0 {
		w.KeepFiringFor = r.KeepFiringFor.String()
	}
	return w
}

func mapOf(labels []model.Label) map[string]string {
	m := make(map[string]string, len(labels))
	for _, l := range labels {
		m[l.Name] = l.Value
	}
	return m
}

func duration(key, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestFor {
		return 0, &Mistake{Key: key, What: fmt.Sprintf("write a duration such as 30s instead of %q", model.Clean(text, longestName))}
	}
	return d, nil
}

// pairs returns labels or annotations by their name.
func pairs(key string, values map[string]string) ([]model.Label, error) {
	if len(values) > model.MaxLabels {
		return nil, &Mistake{Key: key, What: fmt.Sprintf("%d of them: write at most %d", len(values), model.MaxLabels)}
	}
	var list []model.Label
	for name, value := range values {
		list = append(list, model.Label{Name: name, Value: value})
	}
	slices.SortFunc(list, byName)
	for _, l := range list {
		switch at := model.FirstInvisible(strings.ReplaceAll(l.Value, "\n", " ")); {
		case !labelName.MatchString(l.Name):
			return nil, &Mistake{Key: key, Name: model.Clean(l.Name, longestName), What: "write a name of letters, digits and _"}
		case key == "labels" && l.Name == nameLabel:
			return nil, &Mistake{Key: key, Name: l.Name, What: "this label is the name of the rule: leave it out"}
		case len(l.Value) > longestText:
			return nil, &Mistake{Key: key, Name: l.Name, What: fmt.Sprintf("%d bytes: write at most %d", len(l.Value), longestText)}
		case at >= 0:
			return nil, &Mistake{Key: key, Name: l.Name, Pos: at, What: "expected visible characters in UTF-8"}
		case key == "annotations":
			if at, what := misplaced(l.Value); what != "" {
				return nil, &Mistake{Key: key, Name: l.Name, Pos: at, What: what}
			}
		}
	}
	return list, nil
}

func byName(a, b model.Label) int { return strings.Compare(a.Name, b.Name) }

// UnmarshalText reads a rule on a command line: NAME=CONDITION, with "for 30s" and "keep_firing_for 5m" behind it if
// wanted. What begins with a brace is a Written in JSON, as a configuration file becomes.
func (r *Rule) UnmarshalText(text []byte) error {
	w, at := Written{}, 0
	if bytes.HasPrefix(text, []byte("{")) {
		if err := json.Unmarshal(text, &w); err != nil {
			return errors.New("write NAME=CONDITION, such as ManyFailed=count(state=failed) > 5 for 30s")
		}
	} else {
		name, condition, ok := strings.Cut(string(text), "=")
		if !ok || !ruleName.MatchString(strings.TrimSpace(name)) {
			return errors.New("write NAME=CONDITION, such as ManyFailed=count(state=failed) > 5 for 30s")
		}
		at = len(name) + 1
		w.Alert, w.Expr = strings.TrimSpace(name), condition
		w.Expr, w.KeepFiringFor = suffix(w.Expr, "keep_firing_for")
		w.Expr, w.For = suffix(w.Expr, "for")
		if w.KeepFiringFor == "" {
			w.Expr, w.KeepFiringFor = suffix(w.Expr, "keep_firing_for")
		}
	}
	rule, err := w.Rule()
	if m, ok := errors.AsType[*Mistake](err); ok && m.Key == "expr" && at > 0 {
		m.Pos += at // in the text that the user wrote
	}
	if err != nil {
		return err
	}
	*r = rule
	return nil
}

// suffix takes the words KEYWORD DURATION from the end of a condition.
func suffix(text, keyword string) (rest, value string) {
	text = strings.TrimRight(text, spaces)
	i := strings.LastIndexAny(text, spaces)
	if i < 0 {
		return text, ""
	}
	rest, found := strings.CutSuffix(strings.TrimRight(text[:i], spaces), keyword)
	if !found || strings.TrimRight(rest, spaces) == rest {
		return text, ""
	}
	return rest, text[i+1:]
}

// String returns a rule as UnmarshalText reads it, without labels and annotations.
func (r Rule) String() string {
	text := r.Name + "=" + r.Condition.String()
	if r.For > 0 {
		text += " for " + r.For.String()
	}
	if r.KeepFiringFor > 0 {
		text += " keep_firing_for " + r.KeepFiringFor.String()
	}
	return text
}

// nameLabel is the label that has the name of the rule.
const nameLabel = "alertname"

// labelsOf returns the labels of an alert: those of the thing and, over these, those of the rule.
func (r *Rule) labelsOf(of []model.Label) []model.Label {
	list := []model.Label{{Name: nameLabel, Value: r.Name}}
	list = append(list, r.Labels...)
	for _, l := range of {
		if model.LabelOf(r.Labels, l.Name) == "" {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, byName)
	return list
}

// placeholder is what stands for a figure or a label in an annotation, as in Prometheus.
var placeholder = regexp.MustCompile(`\{\{\s*(?:\$(value|detail)|\$labels\.([A-Za-z_][A-Za-z0-9_]*))\s*\}\}`)

// misplaced returns where an annotation has braces that are no placeholder, and what to write instead, "" if there are none.
func misplaced(text string) (at int, what string) {
	blanked := placeholder.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
	if at = strings.Index(blanked, "{{"); at < 0 {
		return 0, ""
	}
	return at, "expected {{ $value }}, {{ $detail }} or {{ $labels.NAME }}"
}

// annotationsOf fills in the placeholders of the annotations.
func (r *Rule) annotationsOf(labels []model.Label, value float64, detail string) []model.Label {
	list := slices.Clone(r.Annotations)
	for i := range list {
		list[i].Value = model.Clean(placeholder.ReplaceAllStringFunc(list[i].Value, func(s string) string {
			switch names := placeholder.FindStringSubmatch(s); {
			case names[1] == "value":
				return short(value)
			case names[1] == "detail":
				return detail
			default:
				return model.LabelOf(labels, names[2])
			}
		}), longestText)
	}
	return list
}
