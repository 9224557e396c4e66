package alert

import (
	"strings"
	"testing"
	"time"

	"holter/model"
)

func TestRulesOnACommandLine(t *testing.T) {
	for text, want := range map[string]Rule{
		"Many=count(state=failed) > 5":                                 {Name: "Many"},
		" Many = count(state=failed) > 5 for 30s ":                     {Name: "Many", For: 30 * time.Second},
		"Many=count(state=failed)>5 for 1m keep_firing_for 5m":         {Name: "Many", For: time.Minute, KeepFiringFor: 5 * time.Minute},
		"Many=count(state=failed)>5 keep_firing_for 5m for 1m":         {Name: "Many", For: time.Minute, KeepFiringFor: 5 * time.Minute},
		`{"alert":"Many","expr":"count(state=failed) > 5"}`:            {Name: "Many"},
		`{"alert":"Many","expr":"storm","for":"1s"}`:                   {Name: "Many", For: time.Second},
		`{"alert":"Many","expr":"storm","labels":{"severity":"page"}}`: {Name: "Many", Labels: []model.Label{{Name: "severity", Value: "page"}}},
	} {
		var r Rule
		if err := r.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r.Name != want.Name || r.For != want.For || r.KeepFiringFor != want.KeepFiringFor || len(r.Labels) != len(want.Labels) {
			t.Errorf("%s: %+v", text, r)
		}
		var again Rule
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again.String() != r.String() {
			t.Errorf("%s: %s, %v", text, r, err)
		}
	}
}

func TestRulesWithMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"storm":                           "write NAME=CONDITION",
		"":                                "write NAME=CONDITION",
		"9=storm":                         "write NAME=CONDITION",
		"Many=count(state=failed)":        "expr, position 24: expected one of",
		"Many=storm for ever":             "for: write a duration such as 30s instead of \"ever\"",
		"Many=storm for":                  "expr, position 14: expected one of",
		"{":                               "write NAME=CONDITION",
		`{"alert":"Many","expr":"strom"}`: "expr, position 0: expected storm",
		`{"alert":"Many","expr":"count(state=failed) > 5 for 30s"}`:                                  "expr, position 24: for 30s is no part of a condition: write a key of its own, for: 30s",
		`{"alert":"Many","expr":"storm keep_firing_for 1m"}`:                                         "expr, position 6: keep_firing_for 1m is no part of a condition",
		`{"alert":"a b","expr":"storm"}`:                                                             "alert: write a name",
		`{"alert":"Many","expr":"storm","labels":{"alertname":"x"}}`:                                 "labels alertname: this label is the name of the rule",
		`{"alert":"Many","expr":"storm","labels":{"a-b":"x"}}`:                                       "labels a-b: write a name",
		`{"alert":"Many","expr":"storm","annotations":{"summary":"{{ $labels.path }} {{ value }}"}}`: "annotations summary, position 19: expected {{ $value }}",
		`{"alert":"Many","expr":"storm","annotations":{"summary":"a\u0007"}}`:                        "annotations summary, position 1: expected visible",
		`{"alert":"Many","expr":"storm","keep_firing_for":"-1s"}`:                                    "keep_firing_for: write a duration",
		`{"alert":"Many","expr":"storm","labels":{"a":"` + strings.Repeat("x", 2000) + `"}}`:         "labels a: 2000 bytes",
	} {
		var r Rule
		if err := r.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", text, err, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	r, err := Written{Alert: "Race", Expr: "margin < 1.3", Labels: map[string]string{"severity": "page", "upstream": "ours"}, Annotations: map[string]string{
		"summary": "{{ $labels.path }} at {{$value}} {{ $labels.none }}({{ $detail }})"}}.Rule()
	if err != nil {
		t.Fatal(err)
	}
	fired := NewBook([]Rule{r}).Judge(sample(), 0)
	if len(fired) != 1 || fired[0].Annotation("summary") != "/rooms/* at 1.1 (margin is 1.1 (< 1.3))" {
		t.Fatalf("%+v", fired)
	}
	if a := &fired[0]; a.Label("alertname") != "Race" || a.Label("path") != "/rooms/*" || a.Label("severity") != "page" || a.Label("upstream") != "ours" {
		t.Errorf("labels %v", a.Labels)
	}
}

func TestBuiltInRulesAreQuietWhenAllIsWell(t *testing.T) {
	s := &model.Snapshot{Time: noon, Host: model.Host{Time: noon, CPU: 30, Process: model.Process{OpenFiles: 30, MaxFiles: 1024}}}
	s.Monitor.Lateness = 1
	for i := range 20 {
		s.Connections = append(s.Connections, model.Connection{ID: model.ID(i + 1), State: model.Normal})
	}
	s.Connections[0].State, s.Connections[1].State = model.Failed, model.Suspect // one or two of twenty are no matter for all
	s.Paths = []model.Path{{ID: 1, Template: "/", Margin: model.NoMargin, Open: 20}}
	b := NewBook(BuiltIn())
	if b.Judge(s, 0); len(b.Alerts()) > 0 {
		t.Errorf("%+v", b.Alerts())
	}
	for _, r := range b.Rules() {
		if r.State != model.AlertInactive || !r.BuiltIn || model.LabelOf(r.Labels, "severity") == "" || model.LabelOf(r.Annotations, "summary") == "" {
			t.Errorf("%+v", r)
		}
	}
	if b.Judge(sample(), 1); len(b.Alerts()) < 5 {
		t.Errorf("of a bad day only %+v", b.Alerts())
	}
}
