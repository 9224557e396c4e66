package drill

import (
	"fmt"
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
		"a word":           {"deploy", []string{"x.yaml:1:1: expected a drill, which has the keys name, about, steps, stay, watch, expect"}},
		"two drills":       {"name: x\nsteps: [{kick: all}]\n---\nname: y\n", []string{"x.yaml:3:1: another document begins here: leave out what comes after ---"}},
		"unknown key":      {"name: x\nstep: []\n", []string{`x.yaml:2:1: unknown key "step": did you mean steps? (a drill has the keys name, about, steps`}},
		"twice":            {"name: x\nname: y\n", []string{"x.yaml:2:1: name stands here twice"}},
		"no name":          {"steps: [{kick: all}]", []string{"x.yaml:1:1: the drill has no name"}},
		"steps for a loss": {"name: x\nexpect: [margin>=1.5, recovered>=99%]", []string{"x.yaml:1:1: the drill has no steps: write steps: and a list such as - kick: all; a drill that expects a margin alone needs none"}},
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
		"misspelt action":  {head + "- kik: all", []string{`x.yaml:3:3: unknown key "kik": did you mean kick?`}},
		"strange action":   {head + "- at: 5s\n  wait: 5s", []string{`x.yaml:4:3: unknown key "wait": a step has the keys at, kick, refuse, fault, on, share, for`}},
		"upper case":       {head + "- Kick: all", []string{`x.yaml:3:3: unknown key "Kick": did you mean kick?`}},
		"misspelt option":  {head + "- kick: all\n  shar: 50%", []string{`x.yaml:4:3: unknown key "shar": did you mean share?`}},
		"action twice":     {head + "- kick: all\n  kick: id=c1", []string{"x.yaml:4:3: kick stands here twice: keep one"}},
		"option twice":     {head + "- kick: all\n  code: 1001\n  code: 1012", []string{"x.yaml:5:3: code stands here twice: keep one"}},
		"empty steps":      {"name: x\nsteps: []", []string{"x.yaml:2:8: steps is empty: write an entry such as - kick: all"}},
		"null steps":       {"name: x\nsteps:\n", []string{"x.yaml:2:7: expected a list under steps"}},
		"empty expect":     {head + "- kick: all\nexpect: []", []string{"x.yaml:4:9: expect is empty: write an entry such as - recovered>=99% within 60s"}},
		"null expect":      {head + "- kick: all\nexpect:", []string{"x.yaml:4:8: expected a list under expect"}},
		"empty step":       {head + "-\n- kick: all", []string{"x.yaml:3:2: a step does one thing"}},
		"empty expected":   {head + "- kick: all\nexpect:\n- ''", []string{"x.yaml:5:3: expected a value here"}},
		"in the past":      {head + "- at: -5s\n  kick: all", []string{`x.yaml:3:7: at "-5s": write a duration such as 10s, from 0s to 24h`}},
		"at a huge time":   {head + "- at: 9999999999h\n  kick: all", []string{`x.yaml:3:7: at "9999999999h": write a duration`}},
		"at NaN":           {head + "- at: NaNs\n  kick: all", []string{`x.yaml:3:7: at "NaNs": write a duration`}},
		"over a day":       {head + "- at: 23h\n  kick: all\n  over: 2h", []string{"x.yaml:3:3: this step ends after 25h, and a drill lasts 24h at most"}},
		"for over a day":   {head + "- at: 24h\n  fault: freeze\n  on: all\n  for: 1s", []string{"x.yaml:3:3: this step ends after 24h0m1s"}},
		"for too long":     {head + "- fault: freeze\n  on: all\n  for: 25h", []string{`x.yaml:5:8: for "25h": write a duration such as 10s, from 1ms to 24h`}},
		"code 0":           {head + "- kick: all\n  code: 0", []string{`x.yaml:4:9: code "0": write a close code such as 1012`}},
		"huge code":        {head + "- kick: all\n  code: 99999999999999999999", []string{`x.yaml:4:9: code "99999999999999999999": write a close code`}},
		"share NaN":        {head + "- kick: all\n  share: NaN%", []string{`x.yaml:4:10: share "NaN%"`}},
		"share in hex":     {head + "- kick: all\n  share: 0x10%", []string{`x.yaml:4:10: share "0x10%"`}},
		"share negative":   {head + "- kick: all\n  share: -5%", []string{`x.yaml:4:10: share "-5%"`}},
		"huge share":       {head + "- kick: all\n  share: 1e300%", []string{`x.yaml:4:10: share "1e300%"`}},
		"tab in a value":   {head + "- kick: \"all\\t\"", []string{"x.yaml:3:9: expected one line of visible characters, without U+0009"}},
		"tabs":             {head + "- kick: all\n\tcode: 1012", []string{"x.yaml:4:1: this is not YAML: found a tab character that violates indentation: indent with spaces"}},
		"right to left":    {"name: \"a\\u202eb\"\nsteps: [{kick: all}]", []string{"x.yaml:1:7: expected one line of visible characters, without U+202E"}},
		"C1":               {"name: \"a\\u009b31m\"\nsteps: [{kick: all}]", []string{"x.yaml:1:7: expected one line of visible characters, without U+009B"}},
		"unknown client":   {head + "- kick: all\nexpect:\n- like=Pheonix", []string{`x.yaml:5:3: "like=Pheonix": position 5: unknown "Pheonix": did you mean Phoenix?`}},
		"unknown figure":   {head + "- kick: all\nexpect:\n- recoverd>=99%", []string{`x.yaml:5:3: "recoverd>=99%": position 0: unknown "recoverd": did you mean recovered?`}},
		"misspelt fault":   {head + "- fault: half-opn\n  on: all\n  for: 5s", []string{`x.yaml:3:10: there is no fault "half-opn": did you mean half-open?`}},

		"two refusals":               {head + "- refuse: 10s\n- at: 2s\n  refuse: 1s", []string{"x.yaml:4:3: this refusal and that of line 3 overlap"}},
		"refusals at the same time":  {head + "- refuse: 10s\n- refuse: 20s", []string{"x.yaml:4:3: this refusal and that of line 3"}},
		"a longer refusal":           {head + "- at: 5s\n  refuse: 5s\n- at: 7s\n  refuse: 10s", []string{"x.yaml:5:3: this refusal and that of line 3 overlap"}},
		"refusals, the second above": {head + "- at: 2s\n  refuse: 1s\n- refuse: 10s", []string{"x.yaml:5:3: this refusal and that of line 3"}},
		"two faults":                 {head + "- fault: freeze\n  on: all\n  for: 10s\n- at: 5s\n  fault: latency=1s\n  on: ALL\n  for: 10s", []string{"x.yaml:6:3: this fault and that of line 3 are on the same connections at the same time"}},
		"faults, the same filter":    {head + "- {fault: freeze, on: client~^a  path=/, for: 10s}\n- {fault: latency=1s, on: client~^a path=/, for: 10s}", []string{"x.yaml:4:3: this fault and that of line 3"}},
		"two kicks":                  {head + "- kick: all\n- kick: id=c1", []string{"x.yaml:4:3: this step and line 3 close the same connections"}},
		"a kick in a drain":          {head + "- {kick: all, over: 60s}\n- {at: 10s, kick: all, reset: true}", []string{"x.yaml:4:3: this step and line 3 close the same connections"}},
		"a fault on the closed":      {head + "- kick: all\n- {fault: freeze, on: all, for: 5s}", []string{"x.yaml:4:3: this fault finds no connection, because line 3 closes them"}},

		"expected twice":        {head + "- kick: all\nexpect: [recovered>=99%, back >= 99%]", []string{"x.yaml:4:26: back >= 99% is the same as in line 4"}},
		"more and less":         {head + "- kick: all\nexpect:\n- lost>=40\n- refused>1\n- lost<40", []string{"x.yaml:7:3: lost<40 contradicts lost>=40 in line 5"}},
		"soon, and not later":   {head + "- kick: all\nexpect:\n- recovered<50%\n- back>=50%@10s", []string{"x.yaml:6:3: back>=50%@10s contradicts recovered<50% in line 5"}},
		"equal and not":         {head + "- kick: all\nexpect:\n- lost!=40\n- lost=40", []string{"x.yaml:6:3: lost=40 contradicts lost!=40 in line 5"}},
		"two policies":          {head + "- kick: all\nexpect:\n- policy=fixed\n- policy=exponential factor>2", []string{"x.yaml:6:3: policy=exponential factor>2 contradicts policy=fixed in line 5"}},
		"resets":                {head + "- kick: all\nexpect:\n- resets!=at_open\n- resets=at_open", []string{"x.yaml:6:3: resets=at_open contradicts resets!=at_open in line 5"}},
		"a name and not":        {head + "- kick: all\nexpect:\n- like=Phoenix\n- like=STOMP\n- like!=Phoenix", []string{"x.yaml:7:3: like!=Phoenix contradicts like=Phoenix in line 5"}},
		"a policy and not":      {head + "- kick: all\nexpect:\n- policy=fixed policy!=fixed", []string{"x.yaml:5:3: policy=fixed policy!=fixed: its parts contradict each other"}},
		"parts":                 {head + "- kick: all\nexpect:\n- jitter>50% jitter<10%", []string{"x.yaml:5:3: jitter>50% jitter<10%: its parts contradict each other"}},
		"never":                 {head + "- kick: all\nexpect:\n- recovered>100%\n- lost<0", []string{"x.yaml:5:3: \"recovered>100%\": position 10: expected another value, because this never holds", "x.yaml:6:3: \"lost<0\": position 5: expected another value, because this never holds"}},
		"always":                {head + "- kick: all\nexpect:\n- refused>=0\n- recovered<=100%@5s", []string{"x.yaml:5:3: \"refused>=0\": position 9: expected another value, because this always holds", "x.yaml:6:3: \"recovered<=100%@5s\": position 11: expected another value, because this always holds"}},
		"later than the end":    {head + "- kick: all\nwatch: 20s\nexpect:\n- recovered>=99% within 1m", []string{"x.yaml:6:3: recovered>=99% within 1m: the drill does not last until 1m: write watch: 1m, or a shorter time"}},
		"later, after a drain":  {head + "- {kick: all, over: 1m}\nwatch: 20s\nexpect:\n- back_99>30s", []string{"x.yaml:6:3: back_99>30s: the drill does not last until 30s: write watch: 30s"}},
		"later, after a refuse": {head + "- {at: 10s, refuse: 30s}\nwatch: 20s\nexpect:\n- back_99<61s\n- back_90<60s", []string{"x.yaml:6:3: back_99<61s: the drill does not last until 1m1s: write watch: 21s"}},

		"gave up, and none did": {head + "- kick: all\nexpect:\n- no_client_gave_up\n- gave_up>0", []string{"x.yaml:6:3: gave_up>0 contradicts no_client_gave_up in line 5"}},
		"a share, and none did": {head + "- kick: all\nexpect:\n- flapping=0%\n- flapping>0", []string{"x.yaml:6:3: flapping>0 contradicts flapping=0% in line 5"}},
		"beside other mistakes": {head + "- kick: al l=\nexpect:\n- lost<1\n- lost>1\n- happy", []string{"x.yaml:3:9:", "x.yaml:7:3: \"happy\"", "x.yaml:6:3: lost>1 contradicts lost<1 in line 5"}},

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

// What looks like the mistakes above and makes sense.
func TestNoMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		watch time.Duration
	}{
		"a refusal after another":     {"steps: [{refuse: 10s}, {at: 10s, refuse: 10s}]", time.Minute},
		"a cut in a fault":            {"steps: [{fault: latency=1s, on: all, for: 20s}, {at: 5s, fault: cut=1011, on: all}]", time.Minute},
		"faults on shares":            {"steps: [{fault: latency=1s, on: all, share: 50%, for: 20s}, {fault: freeze, on: all, share: 10%, for: 20s}]", time.Minute},
		"faults on others":            {"steps: [{fault: latency=1s, on: path=/a, for: 20s}, {fault: freeze, on: path=/b, for: 20s}]", time.Minute},
		"a kick after a drain":        {"steps: [{kick: all, over: 30s}, {at: 30s, kick: all, reset: true}]", time.Minute},
		"a kick of some in a drain":   {"steps: [{kick: all, over: 30s}, {at: 10s, kick: client~^vip}]", time.Minute},
		"shares":                      {"steps: [{kick: all, share: 50%}, {kick: all, share: 50%, reset: true}]", time.Minute},
		"a slow close":                {"steps: [{fault: slow-close=5s, on: all, for: 20s}, {kick: all}]", time.Minute},
		"a range":                     {"steps: [{kick: all}]\nexpect: [lost>=40, lost<=40, lost<50, lost!=45]", time.Minute},
		"not too soon, but in time":   {"steps: [{kick: all}]\nexpect: [back<50%@2s, recovered>=50% within 10s]", time.Minute},
		"relative and not":            {"steps: [{kick: all}]\nexpect: [peak>50/s, peak<20%/s]", time.Minute},
		"shares of clients":           {"steps: [{kick: all}]\nexpect: [gave_up<=10%, gave_up<50, flapping=0%, no_client_gave_up]", time.Minute},
		"one of two clients":          {"steps: [{kick: all}]\nexpect: ['like=\"STOMP or MQTT.js\"', like=STOMP, like!=Phoenix]", time.Minute},
		"a wait that is long enough":  {"steps: [{kick: all}]\nexpect: [recovered>=99% within 5m]", 5 * time.Minute},
		"a wait that ends with steps": {"steps: [{refuse: 4m}]\nexpect: [back_99<5m]", time.Minute},
		"a wait after a drain":        {"steps: [{kick: all, over: 4m}]\nexpect: [back_99<5m]", 5 * time.Minute},
	} {
		d, err := Parse("x.yaml", []byte("name: x\n"+c.text))
		if err != nil || d.Watch != c.watch {
			t.Errorf("%s: %v, %+v", name, err, d)
		}
	}
}

// Expectations of the command line are held against those of the drill.
func TestFurtherExpectations(t *testing.T) {
	for text, want := range map[string]string{
		"lost>=60":                   "",
		"recovered>=99% within 100s": "the drill does not last until 1m40s: write watch: 1m40s, or a shorter time",
		"recovered >= 99% @60s":      "is the same as recovered>=99% within 60s, which the drill expects already: leave it out",
		"back<10%":                   "contradicts recovered>=99% within 60s, which the drill expects: leave one out",
		"lost<0":                     "position 5: expected another value, because this never holds",
		"recoverd>1%":                `position 0: unknown "recoverd": did you mean recovered?`,
	} {
		err := (&Command{URL: "http://h", Drill: "herd", Expect: []string{text}}).Validate()
		if want != "" {
			want = fmt.Sprintf("--expect %q: %s", text, want)
		}
		if fmt.Sprint(err) != want && (err != nil || want != "") {
			t.Errorf("%v, want %s", err, want)
		}
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
	if _, err := Open("deplyo"); err == nil || !strings.Contains(err.Error(), "did you mean deploy?") {
		t.Errorf("error %v", err)
	}
	if _, err := Open("reboot"); err == nil || !strings.Contains(err.Error(), "deploy, blip, herd") {
		t.Errorf("error %v", err)
	}
	if err := (&Command{URL: "http://h", Drill: Name(file), Expect: []string{"lost>1"}, JUnit: file}).Validate(); err == nil || !strings.Contains(err.Error(), "write over the drill") {
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
