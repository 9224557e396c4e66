package drill

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"holter/model"
)

func TestReadyDrills(t *testing.T) {
	for name, want := range map[string][]string{
		"deploy": {"refuse upgrades for 10s", "kick all with 1012"},
		"blip":   {"put half-open on all for 20s"},
		"herd":   {"kick all with a reset"},
	} {
		d, err := Open(name)
		if err != nil {
			t.Error(err)
			continue
		}
		var steps []string
		for i := range d.Steps {
			steps = append(steps, d.Steps[i].String())
		}
		if d.Name != name || d.About == "" || len(d.Expect) < 2 || !reflect.DeepEqual(steps, want) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if len(Names) != 3 {
		t.Errorf("%d built-in drills", len(Names))
	}
}

func TestParse(t *testing.T) {
	d, err := Parse("x.yaml", []byte(`
name: all keys
about: a step of each kind
watch: 2m
steps:
  - {at: 5s, fault: latency=200ms±50ms rate=64KiB, on: client~^app, share: 25%, for: 20s}
  - kick: &selection state=normal
    code: 4001
    reason: go away
    over: 10s
  - at: 1m
    kick: *selection
    reset: true
    share: 50%
  - at: 3s
    refuse: 10s
  - at: 1h
    fault: cut=1011
    on: all
expect: ["back<99%@10s"]
`))
	if err != nil {
		t.Fatal(err)
	}
	line := model.Line{Latency: 200 * time.Millisecond, Jitter: 50 * time.Millisecond, Rate: 64 << 10}
	want := []Step{
		{Kind: Kick, Selection: "state=normal", Share: 1, Kick: model.Kick{Code: 4001, Reason: "go away", Over: 10 * time.Second}},
		{At: 3 * time.Second, Kind: Refuse, Share: 1, For: 10 * time.Second},
		{At: 5 * time.Second, Kind: Fault, Selection: "client~^app", Share: 0.25, For: 20 * time.Second, Faults: model.Faults{Up: line, Down: line}},
		{At: time.Minute, Kind: Kick, Selection: "state=normal", Share: 0.5, Kick: model.Kick{Reset: true}},
		{At: time.Hour, Kind: Fault, Selection: "all", Share: 1, Faults: model.Faults{Cut: 1011}},
	}
	if !reflect.DeepEqual(d.Steps, want) || d.Watch != 2*time.Minute || d.end() != time.Hour || d.Expect[0].String() != "back<99%@10s" {
		t.Errorf("%+v", d)
	}
	for i, want := range []string{
		"kick state=normal with 4001 over 10s", "refuse upgrades for 10s",
		"put latency=200ms±50ms rate=64KiB/s on 25 % of client~^app for 20s",
		"kick 50 % of state=normal with a reset", "put cut=1011 on all",
	} {
		if got := d.Steps[i].String(); got != want {
			t.Errorf("step %d: %s, want %s", i, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	const head = "name: x\nsteps:\n" // two lines
	for name, c := range map[string]struct {
		text string
		want []string // each a part of one mistake, in order
	}{
		"empty":            {"", []string{"x.yaml:1:1: the file is empty: holter drill --print deploy"}},
		"comment":          {"# nothing\n", []string{"x.yaml:1:1: the file is empty"}},
		"no YAML":          {"name: x\nsteps: [", []string{"x.yaml:2:9: this is not YAML: did not find expected node content"}},
		"a tab":            {"name: x\n\tsteps: y", []string{"this is not YAML"}},
		"a word":           {"deploy", []string{"x.yaml:1:1: expected a drill, which has the keys name, about, steps, watch, expect"}},
		"two drills":       {"name: x\nsteps: [{kick: all}]\n---\nname: y\n", []string{"x.yaml:3:1: another document begins here: leave out what comes after ---"}},
		"unknown key":      {"name: x\nstep: []\n", []string{`x.yaml:2:1: unknown key "step": a drill has the keys name, about, steps`}},
		"twice":            {"name: x\nname: y\n", []string{"x.yaml:2:1: name stands here twice"}},
		"no name":          {"steps: [{kick: all}]", []string{"x.yaml:1:1: the drill has no name"}},
		"no steps":         {"name: x", []string{"x.yaml:1:1: the drill has no steps"}},
		"null":             {"name:\nsteps: [{kick: all}]", []string{"x.yaml:1:6: expected a value here"}},
		"steps no list":    {"name: x\nsteps: {kick: all}", []string{"x.yaml:2:8: expected a list under steps"}},
		"watch":            {head + "- kick: all\nwatch: 60", []string{`x.yaml:4:8: watch "60": write a duration such as 10s, from 1ms to 24h`}},
		"watch negative":   {head + "- kick: all\nwatch: -5s", []string{`x.yaml:4:8: watch "-5s"`}},
		"at":               {head + "- at: soon\n  kick: all", []string{`x.yaml:3:7: at "soon": write a duration`}},
		"nothing to do":    {head + "- at: 5s", []string{"x.yaml:3:3: a step does one thing: write one of kick: all, refuse: 10s, fault: half-open"}},
		"a step's name":    {head + "- kick", []string{"x.yaml:3:3: a step does one thing"}},
		"two things":       {head + "- kick: all\n  refuse: 10s", []string{"x.yaml:3:3: a step with both kick and refuse: write two steps"}},
		"no selection":     {head + "- kick: ''", []string{"x.yaml:3:9: expected a value here"}},
		"filter":           {head + "- kick: rtt>", []string{`x.yaml:3:9: "rtt>" is not a filter: position 4`}},
		"code":             {head + "- kick: all\n  code: soon", []string{`x.yaml:4:9: code "soon": write a close code such as 1012`}},
		"code not to send": {head + "- kick: all\n  code: 1006", []string{"x.yaml:4:9: close code 1006 may not be sent: write 1000"}},
		"reason":           {head + "- kick: all\n  reason: " + strings.Repeat("x", 124), []string{"x.yaml:4:11: the reason has 124 bytes"}},
		"reset":            {head + "- kick: all\n  reset: yes", []string{`x.yaml:4:10: "yes": write true or false`}},
		"reset and code":   {head + "- kick: all\n  reset: true\n  code: 1012", []string{"x.yaml:3:3: a reset sends no close frame"}},
		"share":            {head + "- kick: all\n  share: 0.5", []string{`x.yaml:4:10: share "0.5": write a share above 0% up to 100%, such as 50%`}},
		"share of none":    {head + "- kick: all\n  share: 0%", []string{"x.yaml:4:10: share"}},
		"share of more":    {head + "- kick: all\n  share: 101%", []string{"x.yaml:4:10: share"}},
		"for a kick":       {head + "- kick: all\n  for: 5s", []string{`x.yaml:4:3: unknown key "for": a step that does kick has the keys at, kick, share, code, reason, reset, over`}},
		"code of a refuse": {head + "- refuse: 5s\n  code: 1012", []string{`x.yaml:4:3: unknown key "code"`}},
		"refuse":           {head + "- refuse: true", []string{`x.yaml:3:11: refuse "true": write a duration`}},
		"refuse for long":  {head + "- refuse: 25h", []string{"x.yaml:3:11: refuse"}},
		"fault":            {head + "- fault: melt\n  on: all\n  for: 5s", []string{`x.yaml:3:10: there is no fault "melt": write one of latency, rate`}},
		"fault's value":    {head + "- fault: latency\n  on: all\n  for: 5s", []string{"write latency=200ms"}},
		"no fault":         {head + "- fault: none\n  on: all\n  for: 5s", []string{"x.yaml:3:10: this is no fault"}},
		"fault on none":    {head + "- fault: freeze\n  for: 5s", []string{"x.yaml:3:3: a fault without connections"}},
		"endless fault":    {head + "- fault: freeze\n  on: all", []string{"x.yaml:3:3: a fault without an end"}},
		"a long moment":    {head + "- fault: reset\n  on: all\n  for: 5s", []string{"x.yaml:3:3: reset does not last"}},
		"control bytes":    {"name: \"a\\x1b[31m\"\nsteps: [{kick: all}]", []string{"x.yaml:1:7: expected one line of visible characters"}},
		"expectation":      {head + "- kick: all\nexpect:\n- recovered>=99% within 60s\n- recovered>=99", []string{`x.yaml:6:3: "recovered>=99": position 11: expected a share`}},
		"expect no list":   {head + "- kick: all\nexpect: recovered>=99%", []string{"x.yaml:4:9: expected a list under expect"}},
		"all of them": {"nom: x\nsteps:\n- kick: rtt>\n  code: 1\n- {}\nwatch: no\n", []string{
			`x.yaml:1:1: unknown key "nom"`, `x.yaml:3:9: "rtt>"`, "x.yaml:4:9: close code 1", "x.yaml:5:3: a step does one thing", `x.yaml:6:8: watch "no"`}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse("x.yaml", []byte(c.text))
			if err == nil {
				t.Fatalf("no error, but %+v", d)
			}
			lines := strings.Split(err.Error(), "\n  ")
			if len(lines) > 1 {
				lines = lines[1:]
			}
			if len(lines) != len(c.want) {
				t.Fatalf("%d mistakes, want %d: %v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("%s: no %q in it", lines[i], want)
				}
			}
		})
	}
}

func TestMistakesAreBounded(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\nsteps:\n"+strings.Repeat("- kick: rtt>\n", 999)))
	if n := strings.Count(err.Error(), "\n"); n != maxMistakes {
		t.Errorf("%d lines", n)
	}
	_, err = Parse("x.yaml", []byte("name: x\nsteps:\n"+strings.Repeat("- kick: all\n", 1001)))
	if err == nil || !strings.Contains(err.Error(), "more than 1000 entries") {
		t.Errorf("error %v", err)
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("name: mine\nsteps: [{kick: all}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := Open(file); err != nil || d.Name != "mine" || d.Watch != defaultWatch {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := Open("deplyo"); err == nil || !strings.Contains(err.Error(), "deploy, blip, herd") {
		t.Errorf("error %v", err)
	}
	if _, err := Open(filepath.Dir(file)); err == nil {
		t.Error("a directory was accepted as a drill")
	}
	if err := os.WriteFile(file, make([]byte, maxScript+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); err == nil || !strings.Contains(err.Error(), "too long for a drill") {
		t.Errorf("error %v", err)
	}
	if _, err := Template("deploy"); err != nil {
		t.Error(err)
	}
	if _, err := Template("../ready/deploy"); err == nil {
		t.Error("a path was accepted as the name of a built-in drill")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names {
		text, _ := Template(name)
		f.Add(text)
	}
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse("x.yaml", []byte(text))
		if err == nil && (d.Name == "" || len(d.Steps) == 0) {
			t.Errorf("%q: %+v", text, d)
		}
	})
}
