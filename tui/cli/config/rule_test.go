package config

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"holter/model/alert"
)

// runRules parses a command with rules of alerts in a directory of its own that holds the given holter.yaml.
func runRules(t *testing.T, yaml string, args ...string) ([]alert.Rule, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	write(t, "holter.yaml", yaml)
	var c struct {
		Options
		Alert []alert.Rule `sep:"none" placeholder:"NAME=CONDITION"`
	}
	k, err := kong.New(&c, kong.Name("holter"), kong.DefaultEnvars("HOLTER"), Values())
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return c.Alert, err
}

const rulesFile = `
alert:
- Storm=storm for 5s
- alert: ManyFailed
  expr: share(state=failed) > 10% and count(client="a, b") >= 3
  for: 30s
  keep_firing_for: 1m
  labels: {severity: page, team: "web, sockets"}
  annotations:
    summary: |
      {{ $value }} % have failed
profiles:
  prod:
    alert: ["Cut=cohort=idle-cut"]
`

func TestRulesInTheFile(t *testing.T) {
	rules, err := runRules(t, rulesFile)
	if err != nil || len(rules) != 2 {
		t.Fatalf("%+v, %v", rules, err)
	}
	if rules[0].String() != "Storm=storm for 5s" {
		t.Errorf("%s", rules[0])
	}
	r := rules[1]
	if r.Name != "ManyFailed" || r.For != 30*time.Second || r.KeepFiringFor != time.Minute || len(r.Labels) != 2 || r.Labels[1].Value != "web, sockets" ||
		len(r.Annotations) != 1 || !strings.Contains(r.Condition.String(), `"a, b"`) {
		t.Errorf("%+v", r)
	}
	if rules, err = runRules(t, rulesFile, "--profile", "prod"); err != nil || len(rules) != 1 || rules[0].Condition.String() != "cohort=idle-cut" {
		t.Errorf("of the profile: %+v, %v", rules, err)
	}
	if rules, err = runRules(t, rulesFile, "--alert", "Busy=cpu > 90%", "--alert", "Late=lateness > 2"); err != nil || len(rules) != 2 || rules[1].Name != "Late" {
		t.Errorf("of the command line: %+v, %v", rules, err)
	}
}

func TestMistakesInRules(t *testing.T) {
	for file, want := range map[string]string{
		"alert:\n- alert: Many\n  expr: count(state=faild) > 5\n":                     "holter.yaml:3:9: expr, position 12: expected failed",
		"alert:\n- alert: Many\n  expr: cpu > 90%\n  for: soon\n":                     "holter.yaml:4:8: for: write a duration such as 30s",
		"alert:\n- alert: Many\n  exp: cpu > 90%\n":                                   "holter.yaml:3:3: a rule has no \"exp\": did you mean expr?",
		"alert:\n- alert: Many\n  severity: page\n":                                   "holter.yaml:3:3: a rule has no \"severity\": write alert, expr, for",
		"alert:\n- alert: Many\n":                                                     "holter.yaml:2:3: a rule needs expr, such as expr: count(state=failed) > 5",
		"alert:\n- expr: storm\n":                                                     "holter.yaml:2:3: a rule needs alert, such as alert: ManyFailed",
		"alert:\n- alert: Many\n  expr: [storm]\n":                                    "holter.yaml:3:9: a rule needs expr",
		"alert:\n- alert: Many\n  expr: storm\n  labels:\n    a-b: c\n":               "holter.yaml:5:10: labels a-b: write a name",
		"alert:\n- alert: Many\n  expr: storm\n  labels: [a]\n":                       "holter.yaml:4:11: expected settings",
		"alert:\n- alert: Many\n  expr: storm\n  annotations: {summary: {a: b}}\n":    "holter.yaml:4:26: expected a text for summary",
		"alert:\n- alert: Many\n  expr: storm\n  annotations: {summary: '{{ x }}'}\n": "holter.yaml:4:26: annotations summary: expected {{ $value }}",
		"alert:\n- alert: Many\n  expr: storm\n  expr: storm\n":                       "holter.yaml:4:3: expr stands here twice",
		"alert:\n- A=storm\n- B=storm\n- alert: A\n  expr: cpu > 1%\n":                "holter.yaml:4:3: there is a rule A in line 2 already",
		"alert:\n- Many\n":                                       "holter.yaml:2:3: write NAME=CONDITION",
		"alert:\n- Many=count(state=faild) > 5\n":                "holter.yaml:2:3: expr, position 17: expected failed",
		"alert: {alert: Many, expr: storm}\n":                    "holter.yaml:1:8: expected a value",
		"profiles: {prod: {alert: [{alert: A, expr: strom}]}}\n": "",
	} {
		_, err := runRules(t, file)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s%v, want %s", file, err, want)
		}
	}
}
