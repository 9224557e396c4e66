package config

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/alert"
	"holter/model/yaml"
)

// ruleKeys are those of a rule of alerts, as in Prometheus.
var ruleKeys = []string{"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}

// takesRules reports whether an entry of a flag's list may be a rule of alerts, with keys of its own.
func takesRules(flag *kong.Flag) bool {
	return flag.IsSlice() && flag.Target.Type().Elem() == reflect.TypeFor[alert.Rule]()
}

// ruleList are rules of alerts that have been read. There may be a thousand, each of which takes its time.
type ruleList struct {
	rules []alert.Rule
	texts []string // as they are written
}

func (l ruleList) String() string { return strings.Join(l.texts, "\n") }

// rulesOf reads the rules in a list. The error joins those of all entries.
func rulesOf(entries []yaml.Node) (ruleList, error) {
	var list ruleList
	var wrong mistakes
	lines := make(map[string]int, len(entries)) // of the names that have come
	for _, entry := range entries {
		r, text, err := rule(entry)
		if line, twice := lines[r.Name]; err == nil && twice {
			err = entry.Errorf("there is a rule %s in line %d already: give one another name", r.Name, line)
		}
		if wrong.add(err); wrong.full() {
			break
		}
		lines[r.Name] = entry.Line()
		list.rules, list.texts = append(list.rules, r), append(list.texts, text)
	}
	return list, wrong.join()
}

// rule is a rule of alerts, and the text that its flag would read. An error has the place of the key that it is about.
func rule(entry yaml.Node) (r alert.Rule, text string, err error) {
	if entry.IsText() {
		if err := r.UnmarshalText([]byte(entry.Text())); err != nil {
			return r, "", entry.Errorf("%w", err)
		}
		return r, entry.Text(), nil
	}
	keys, err := section(entry, knownIn("a rule", ruleKeys))
	if err != nil {
		return r, "", err
	}
	w := alert.Written{Alert: keys["alert"].Text(), Expr: keys["expr"].Text(), For: keys["for"].Text(), KeepFiringFor: keys["keep_firing_for"].Text()}
	for name, to := range map[string]*map[string]string{"labels": &w.Labels, "annotations": &w.Annotations} {
		if *to, err = texts(keys[name]); err != nil {
			return r, "", err
		}
	}
	for _, name := range []string{"alert", "expr"} {
		if node, there := keys[name]; !there || !node.IsText() {
			return r, "", missing(entry, node, there, name)
		}
	}
	if r, err = w.Rule(); err != nil {
		m, _ := errors.AsType[*alert.Mistake](err)
		at := keys[m.Key]
		if fields, ok := at.Fields(); ok && m.Name != "" {
			if i := slices.IndexFunc(fields, func(f yaml.Field) bool { return f.Key.Text() == m.Name }); i >= 0 {
				at = fields[i].Value
			}
		}
		return r, "", at.Errorf("%w", err)
	}
	written, err := json.Marshal(w)
	return r, string(written), err
}

func missing(entry, node yaml.Node, there bool, name string) error {
	if there {
		entry = node
	}
	example := map[string]string{"alert": "ManyFailed", "expr": "count(state=failed) > 5"}[name]
	return entry.Errorf("a rule needs %s, such as %[1]s: %s", name, example)
}

// knownIn checks a key of something with keys of its own.
func knownIn(what string, names []string) func(yaml.Node) error {
	return func(key yaml.Node) error {
		if slices.Contains(names, key.Text()) {
			return nil
		}
		if near := model.Nearest(key.Text(), names); near != "" {
			return key.Errorf("%s has no %q: did you mean %s?", what, key.Text(), near)
		}
		return key.Errorf("%s has no %q: write %s", what, key.Text(), model.OneOf(names))
	}
}

// texts is a mapping of names to texts.
func texts(node yaml.Node) (map[string]string, error) {
	values, err := section(node, func(yaml.Node) error { return nil })
	if err != nil || values == nil {
		return nil, err
	}
	list := make(map[string]string, len(values))
	for name, value := range values {
		if !value.IsText() {
			return nil, value.Errorf("expected a text for %s", name)
		}
		list[name] = value.Text()
	}
	return list, nil
}
