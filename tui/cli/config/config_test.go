package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

type shade string

func (s shade) Validate() error {
	if s == "light" || s == "dark" {
		return nil
	}
	return errors.New("write light or dark")
}

type commands struct {
	Serve struct {
		Options
		Interval  time.Duration `default:"5s"`
		Linger    *time.Duration
		Share     float64
		MaxConns  int
		JWTIssuer []string
		Headless  *bool
		Shade     shade  `default:"light"`
		Format    string `enum:"text,json" default:"text"`
	} `cmd:"" default:"withargs"`
	Watch struct {
		Options
		Target string
	} `cmd:""`
	Version struct{} `cmd:""`
}

// run parses args in a directory of its own that holds the given holter.yaml, if there is one.
func run(t *testing.T, yaml string, args ...string) (*commands, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	if yaml != "" {
		write(t, "holter.yaml", yaml)
	}
	return parseArgs(t, args...)
}

func parseArgs(t *testing.T, args ...string) (*commands, error) {
	t.Helper()
	var c commands
	k, err := kong.New(&c, kong.Name("holter"), kong.DefaultEnvars("HOLTER"), Values())
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return &c, err
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestPrecedence(t *testing.T) {
	const file = "interval: 3s\nprofiles: {test: {interval: 2s}, prod: {}}\n"
	for name, tc := range map[string]struct {
		file, env string
		args      []string
		want      time.Duration
	}{
		"default":                  {"", "", nil, 5 * time.Second},
		"file":                     {file, "", nil, 3 * time.Second},
		"profile over file":        {file, "", []string{"--profile", "test"}, 2 * time.Second},
		"profile that is silent":   {file, "", []string{"--profile", "prod"}, 3 * time.Second},
		"environment over profile": {file, "1s", []string{"--profile", "test"}, time.Second},
		"flag over environment":    {file, "1s", []string{"--profile", "test", "--interval", "4s"}, 4 * time.Second},
		"command by its name":      {file, "", []string{"serve"}, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.env != "" {
				t.Setenv("HOLTER_INTERVAL", tc.env)
			}
			c, err := run(t, tc.file, tc.args...)
			if err != nil {
				t.Fatal(err)
			}
			if c.Serve.Interval != tc.want {
				t.Errorf("interval %v, want %v", c.Serve.Interval, tc.want)
			}
		})
	}
}

func TestProfileFromEnvironment(t *testing.T) {
	t.Setenv("HOLTER_PROFILE", "dev")
	c, err := run(t, "profiles: {dev: {max-conns: 7}}")
	if err != nil || c.Serve.MaxConns != 7 {
		t.Errorf("max-conns %d, %v", c.Serve.MaxConns, err)
	}
}

func TestTypes(t *testing.T) {
	c, err := run(t, "max-conns: 16\njwt-issuer: [\"https://a.example\", \"https://b.example\"]\nheadless: no\nshade: &s dark\nformat: json\ntarget: elsewhere\n")
	if err != nil {
		t.Fatal(err)
	}
	s := c.Serve
	if s.MaxConns != 16 || strings.Join(s.JWTIssuer, " ") != "https://a.example https://b.example" ||
		s.Headless == nil || *s.Headless || s.Shade != "dark" || s.Format != "json" {
		t.Errorf("got %+v", s)
	}
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"unknown":              {"interval: 1s\nfoo-bar: 1\n", "holter.yaml:2:1: unknown setting \"foo-bar\": the settings are the flags"},
		"misspelt":             {"intervall: 1s\n", "holter.yaml:1:1: unknown setting \"intervall\": did you mean interval?"},
		"merge key":            {"profiles: {dev: &d {interval: 1s}, prod: {<<: *d}}\n", "holter.yaml:1:43: << is not read: write what"},
		"config in the file":   {"config: x\n", "holter.yaml:1:1: unknown setting"},
		"duration without s":   {"\ninterval: 5\n", "holter.yaml:2:11: expected duration but got \"5\": write a number and its unit"},
		"no number":            {"max-conns: many\n", "holter.yaml:1:12: expected whole number but got \"many\": write one such as 100"},
		"no bool":              {"headless: perhaps\n", "holter.yaml:1:11: bool value must be true"},
		"own check":            {"shade: grey\n", "holter.yaml:1:8: write light or dark"},
		"enum":                 {"format: xml\n", "holter.yaml:1:9: \"xml\" is unknown: write text or json"},
		"nothing":              {"interval:\n", "holter.yaml:1:10: expected a value, such as interval: 5s"},
		"list for one":         {"interval: [1s]\n", "holter.yaml:1:11: expected a value"},
		"map for one":          {"interval: {a: b}\n", "holter.yaml:1:11: expected a value"},
		"map in a list":        {"jwt-issuer:\n- a\n- {b: c}\n", "holter.yaml:3:3: expected one value"},
		"twice":                {"interval: 1s\ninterval: 2s\n", "holter.yaml:2:1: interval stands here twice"},
		"no mapping":           {"- interval\n", "holter.yaml:1:1: expected settings"},
		"syntax":               {"interval: [1s\n", "holter.yaml:1:14: this is not YAML: did not find expected ',' or ']'"},
		"two documents":        {"interval: 1s\n---\ninterval: 2s\n", "holter.yaml:2:1: another document begins here: leave out what comes after ---"},
		"unknown profile":      {"profiles: {qa: {}}\n", "holter.yaml:1:12: unknown profile \"qa\": write dev, test, staging or prod"},
		"mistake in a profile": {"profiles:\n  prod:\n    intervall: 1s\n", "holter.yaml:3:5: unknown setting"},
		"profiles in profiles": {"profiles:\n  prod:\n    profiles: {}\n", "holter.yaml:3:5: unknown setting"},
		"profile is a list":    {"profiles:\n  prod: [interval]\n", "holter.yaml:2:9: expected settings"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, tc.file)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestArgumentsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		args []string
		want string
	}{
		"unknown profile":   {"interval: 1s", []string{"--profile", "qa"}, "write dev, test, staging or prod"},
		"absent profile":    {"interval: 1s", []string{"--profile", "prod"}, "has no profile \"prod\""},
		"no file":           {"", []string{"--profile", "prod"}, "needs a configuration file"},
		"no file of a name": {"", []string{"--config", "gone.yaml"}, "read the configuration: open "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, tc.file, tc.args...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestEmptyFileIsNoMistake(t *testing.T) {
	for _, text := range []string{"\n", "# nothing\n", "---\n", "profiles:\n", "profiles: {prod: }\n"} {
		if _, err := run(t, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", "")
	user, err := os.UserConfigDir()
	if err != nil {
		t.Skip(err)
	}
	steps := []struct {
		path, text string
		args       []string
		want       int
	}{
		{filepath.Join(user, "holter", "config.yaml"), "max-conns: 1", nil, 1},
		{"holter.yaml", "max-conns: 2", nil, 2},
		{"other.yaml", "max-conns: 3", []string{"--config", "other.yaml"}, 3},
	}
	for _, s := range steps {
		write(t, s.path, s.text)
		c, err := parseArgs(t, s.args...)
		if err != nil || c.Serve.MaxConns != s.want {
			t.Errorf("with %s: max-conns %d, want %d, %v", s.path, c.Serve.MaxConns, s.want, err)
		}
	}
}

func TestEnvironmentTypos(t *testing.T) {
	t.Setenv("HOLTER_PORT", "tcp://10.0.0.1:7070")
	t.Setenv("HOLTER_SERVICE_HOST", "10.0.0.1")
	if _, err := run(t, ""); err != nil {
		t.Errorf("what Kubernetes sets: %v", err)
	}
	t.Setenv("HOLTER_INTERVALL", "1s")
	if _, err := run(t, ""); err == nil || !strings.Contains(err.Error(), "did you mean HOLTER_INTERVAL?") {
		t.Errorf("error %v", err)
	}
	if _, err := run(t, "", "version"); err != nil {
		t.Errorf("a command without settings: %v", err)
	}
}
