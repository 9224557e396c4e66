package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"holter/model/alert"
)

// program is a command line with commands to check.
type program struct {
	Serve struct {
		server  `embed:""`
		Alert   []alert.Rule  `sep:"none" reload:""`
		Wait    time.Duration `default:"5s"`
		Health  []string
		Nets    []netip.Prefix
		Ratio   float64
		Verbose bool
	} `cmd:"" default:"withargs"`
	Proxy struct {
		Options
		Upstream string `arg:""`
		Depth    int    `default:"1"`
	} `cmd:""`
	Config Command `cmd:""`
}

// runConfig runs holter config in a directory of its own with that holter.yaml, and returns what it prints.
func runConfig(t *testing.T, file string, args ...string) (string, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	if file != "" {
		write(t, "holter.yaml", file)
	}
	var out bytes.Buffer
	parser := func() *kong.Kong {
		k, err := kong.New(new(program), kong.Name("holter"), kong.DefaultEnvars("HOLTER"), kong.Writers(&out, &out), Values())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if file != "" && !slices.Contains(args, "--config") {
		args = slices.Insert(args, 1, "--config", "holter.yaml")
	}
	running, err := parser().Parse(append([]string{"config"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	err = running.Run(NewSettings(running, nil, parser))
	dir := inTest(t)
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), dir, ""))
	}
	return strings.ReplaceAll(out.String(), dir, ""), err
}

func TestCheckOfAFileThatWasFound(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "holter.yaml", "listen: :443\ntoken: x\nprofiles: {prod: {token: x}}\n")
	found := check{args: []string{"serve"}, wrong: wrong{}, fresh: func() *kong.Kong {
		k, err := kong.New(new(program), kong.Name("holter"), Values())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}}
	found.run()
	text := fmt.Sprint(found.sorted())
	if len(found.mistakes) != 3 || !strings.Contains(text, "holter.yaml:1:9: listen opens a port") || !strings.Contains(text, "holter.yaml:2:8: token sets a token") || !strings.Contains(text, "holter.yaml:3:26: token sets a token") {
		t.Errorf("%s", text)
	}
}

func TestCheckFindsAll(t *testing.T) {
	t.Setenv("HOLTER_MAXCONNS", "1")
	t.Setenv("HOLTER_WAIT", "soon")
	out, err := runConfig(t, `intervall: 1s
max-conns: many
depth: deep
alert:
- A=cpu
- alert: B
  exp: x
profiles:
  qa: {}
  prod:
    wait: 5
    token: x
    token: y
`, "check")
	want := `unknown environment variable HOLTER_MAXCONNS: did you mean HOLTER_MAX_CONNS?
HOLTER_WAIT: expected duration but got "soon": write a number and its unit, such as 5s or 500ms
holter.yaml:1:1: unknown setting "intervall": the settings are the flags that holter COMMAND --help lists, without the dashes
holter.yaml:2:12: expected whole number but got "many": write one such as 100
holter.yaml:3:8: expected whole number but got "deep": write one such as 100
holter.yaml:5:3: expr, position 5: expected one of = != > >= < <= after cpu
holter.yaml:7:3: a rule has no "exp": did you mean expr?
holter.yaml:9:3: unknown profile "qa": write dev, test, staging or prod
holter.yaml:11:11: expected duration but got "5": write a number and its unit, such as 5s or 500ms
holter.yaml:13:5: token stands here twice: keep one
`
	if out != want || err == nil || err.Error() != "there are 10 mistakes in the settings" {
		t.Errorf("%v\n%s", err, out)
	}
}

// With very many mistakes the first ones are told, and that there are more.
func TestCheckTellsOfManyMistakes(t *testing.T) {
	file := new(strings.Builder)
	file.WriteString("profiles:\n")
	for _, profile := range []string{"dev", "prod"} {
		fmt.Fprintf(file, "  %s:\n", profile)
		for i := range 90 {
			fmt.Fprintf(file, "    nonsense%d: 1\n", i)
		}
	}
	out, err := runConfig(t, file.String(), "check")
	if n := strings.Count(out, "\n"); n != 100 || err == nil || err.Error() != "there are 100 mistakes in the settings, or more: mend these first" {
		t.Errorf("%d lines, %v", n, err)
	}
}

// What only the command as a whole refuses is found beside other mistakes, one after the other.
func TestCheckFindsAllContradictions(t *testing.T) {
	for file, want := range map[string]string{
		"ratio: half\nmax-conns: -3\nlisten: :443\nbeat: -5\n": `holter.yaml:1:8: expected number but got "half": write one such as 0.5
holter.yaml:2:12: --max-conns is -3: write how many
holter.yaml:3:9: --listen :443 needs a --token
holter.yaml:4:7: beat -5 is too short
`,
		"beat: 0\nmax-conns: -1\nprofiles: {dev: {max-conns: 1}, prod: {max-conns: -2, beat: -1}}\n": `holter.yaml:1:7: beat 0 is too short
holter.yaml:2:12: --max-conns is -1: write how many
holter.yaml:3:51: --max-conns is -2: write how many
holter.yaml:3:61: beat -1 is too short
`,
		"nonsense: 1\nmax-conns: -1\n": `holter.yaml:1:1: unknown setting "nonsense": the settings are the flags that holter COMMAND --help lists, without the dashes
holter.yaml:2:12: --max-conns is -1: write how many
`,
		"listen: :443\ntoken: [x]\n": "holter.yaml:2:8: expected a value, such as token: STRING\n", // once it is mended, nothing is wrong with listen
	} {
		if out, err := runConfig(t, file, "check"); out != want || err == nil {
			t.Errorf("%q: %v\n%s", file, err, out)
		}
	}
}

func TestCheckFindsContradictions(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		args []string
		want string
	}{
		"nothing is there":  {"", nil, "no mistake; there is no configuration file, which would be holter.yaml or "},
		"without a mistake": {"max-conns: 1\nprofiles: {prod: {}, dev: }\n", nil, "holter.yaml: no mistake, with and without its profiles (dev, prod)\n"},
		"in a profile":      {"profiles:\n  prod:\n    listen: :443\n", nil, "holter.yaml:3:13: --listen :443 needs a --token\n"},
		"not in that one":   {"profiles:\n  prod:\n    listen: :443\n  dev:\n", []string{"--profile", "dev"}, "holter.yaml: no mistake"},
		"in two profiles":   {"listen: :443\nprofiles: {prod: {token: x}, dev: {}}\n", nil, "holter.yaml:1:9: --listen :443 needs a --token\n"},
		"on a command line": {"token: x\n", []string{"serve", "--listen", ":443", "--token="}, "holter.yaml:1:8: --listen :443 needs a --token\n"},
		"an argument":       {"depth: 3\n", []string{"proxy"}, "expected \"<upstream>\"\n"},
		"of a proxy":        {"depth: 3\n", []string{"proxy", "http://x", "--profile=prod"}, "holter.yaml has no profile \"prod\": "},
		"behind dashes":     {"depth: 3\n", []string{"--", "--max-conns", "1"}, "holter.yaml: no mistake"},
		"no such file":      {"", []string{"--config", "gone.yaml"}, "read the configuration: open "},
		"no such flag":      {"", []string{"serve", "--depht", "1"}, "unknown flag --depht\n"},
		"an entry":          {"nets: [10.0.0.0/8, 10.0.0.0]", nil, "holter.yaml:1:20: netip.ParsePrefix"},
		"no YAML":           {"a: [", nil, "holter.yaml:1:5: this is not YAML: "},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := runConfig(t, tc.file, append([]string{"check"}, tc.args...)...)
			if !strings.HasPrefix(out, tc.want) || strings.HasPrefix(tc.want, "holter.yaml: ") != (err == nil) && tc.file != "" {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestShow(t *testing.T) {
	t.Setenv("HOLTER_WAIT", "7s")
	const file = `max-conns: 0x10
token: geheim
alert:
- A=cpu > 90%
- {alert: B, expr: storm, labels: {severity: page}}
health: ["http://me:ge@heim@h.example/x?key=geheim", https://plain.example]
profiles:
  prod: {ratio: 0.5}
`
	out, err := runConfig(t, file, "show", "--given", "--profile", "prod", "serve", "--listen", ":81")
	want := `# Others
max-conns: 16                                      # holter.yaml:1 ↻
token: "(not shown)"                               # holter.yaml:2 ↻
listen: ":81"                                      # command line
alert: ["A=cpu > 90%", {"alert":"B","expr":"storm","labels":{"severity":"page"}}]  # holter.yaml:4 ↻
wait: 7s                                           # HOLTER_WAIT
health: ["http://(not shown)@h.example/x?(not shown)", https://plain.example]  # holter.yaml:6
ratio: 0.5                                         # holter.yaml:8
`
	squeeze := strings.NewReplacer(" ", "")
	if err != nil || squeeze.Replace(out) != squeeze.Replace(want) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = runConfig(t, file, "show", "--json"); err != nil || strings.Contains(out, "heim") ||
		!strings.Contains(out, `"name": "max-conns",
    "value": 16,
    "origin": "holter.yaml:1",
    "reload": true`) || !strings.Contains(out, `"name": "verbose",
    "value": false,
    "origin": "default"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err = runConfig(t, "wait: [1s]", "show", "--", "--listen", ":80"); err != nil {
		t.Errorf("the environment wins, and what it wins over is not looked at: %v", err)
	}
	if _, err = runConfig(t, file, "show", "proxy", "http://x", "--given"); err == nil || !strings.Contains(err.Error(), "write --given before the command") {
		t.Errorf("%v", err)
	}
	if _, err = runConfig(t, "ratio: half", "show"); err == nil || !strings.Contains(err.Error(), "holter.yaml:1:8: expected number") {
		t.Errorf("%v", err)
	}
}

// What show prints is a configuration file with the same settings.
func TestShownIsAConfiguration(t *testing.T) {
	const file = "max-conns: 16\nalert:\n- A=cpu > 90% for 5s\n- {alert: B, expr: \"count(client=\\\"a, b\\\") > 3\", for: 5s, labels: {a: \"#\"}}\nhealth: ['a: b', \"c # d\", 'e'', f']\nwait: 3s\n"
	first, err := runConfig(t, file, "show")
	if err != nil {
		t.Fatal(err)
	}
	second, err := runConfig(t, first, "show")
	without := func(text string) (out string) {
		for line := range strings.Lines(text) {
			value, _, _ := strings.Cut(line, "  # ")
			out += strings.TrimSpace(value) + "\n"
		}
		return out
	}
	if err != nil || without(first) != without(second) {
		t.Errorf("%v\n%s\n%s", err, first, second)
	}
}

// A file is read within bounds, whatever it is, and refused in little time.
func TestFilesWithinBounds(t *testing.T) {
	deep := strings.Repeat("[", 200_000)
	many := new(strings.Builder)
	for i := range 100_000 {
		fmt.Fprintf(many, "k%d: 1\n", i)
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%[1]c [*%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c]\n", c, c-1)
	}
	for name, tc := range map[string]struct{ file, want string }{
		"10 MB":               {strings.Repeat("# nothing\n", 1<<20), "holter.yaml is longer than 1048576 bytes"},
		"a cycle":             {"health: &a [*a]\n", "holter.yaml:1:13: *a stands within &a, which it stands for: write it out"},
		"a cycle of rules":    {"alert: &a [*a]\n", "holter.yaml:1:12: *a stands within &a"},
		"a cycle of maps":     {"alert: [&a {alert: B, expr: storm, labels: {x: *a}}]\n", "holter.yaml:1:48: *a stands within &a"},
		"a profile in itself": {"profiles: &a {prod: *a}\n", "holter.yaml:1:21: *a stands within &a"},
		"deep":                {"health: " + deep, "holter.yaml:1:"},
		"many unknown keys":   {many.String(), "holter.yaml:1:1: unknown setting"},
		"ten to the tenth":    {bomb + "health: *j\n", "holter.yaml:1:1: unknown setting"},
		"a long key":          {strings.Repeat("x", 1<<19) + ": 1", "holter.yaml:1:1: unknown setting"},
		"a long value":        {"wait: " + strings.Repeat("x", 1<<19), "holter.yaml:1:7: expected duration but got"},
		"no text":             {"wait: \x80\xff", "holter.yaml:"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, err := runConfig(t, tc.file, "check")
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(out, tc.want) || len(out) > 100_000 {
				t.Errorf("%v\n%.1000s", err, out)
			}
			if took, bytes := time.Since(began), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || bytes > 400<<20 {
				t.Errorf("took %v and %d MB", took, bytes>>20)
			}
		})
	}
}

func TestKindsOfFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := readFile(dir); err == nil {
		t.Error("a directory")
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		if _, err := readFile("/dev/zero"); err == nil || !strings.Contains(err.Error(), "is no file") {
			t.Errorf("a device: %v", err)
		}
	}
	write(t, filepath.Join(dir, "a.yaml"), "wait: 1s")
	if err := os.Symlink("a.yaml", filepath.Join(dir, "b.yaml")); err == nil {
		if text, err := readFile(filepath.Join(dir, "b.yaml")); string(text) != "wait: 1s" || err != nil {
			t.Errorf("by a link: %q, %v", text, err)
		}
	}
}

// A pipe can be read once. A reload that finds nothing in it must not take that for a file without settings.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := fmt.Sprintf("/dev/fd/%d", r.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skipf("pipes have no names here: %v", err)
	}
	w.WriteString("token: geheim")
	w.Close()
	if text, err := readFile(path); string(text) != "token: geheim" || err != nil {
		t.Errorf("the first time: %q, %v", text, err)
	}
	if text, err := readFile(path); err == nil || !strings.Contains(err.Error(), "write the path of a file") {
		t.Errorf("the second time: %q, %v", text, err)
	}
}
