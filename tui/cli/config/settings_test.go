package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/reload"
)

// server is a command some of whose settings can be reloaded.
type server struct {
	Options
	MaxConns int      `reload:"" default:"0"`
	Token    string   `reload:"" secret:""`
	Origins  []string `reload:"" placeholder:"ORIGIN"`
	Listen   string   `default:":80"`
	Beat     int      `default:"5"`
}

func (s server) Validate() error {
	if s.Beat < 1 {
		return fmt.Errorf("beat %d is too short", s.Beat)
	}
	if s.MaxConns < 0 {
		return fmt.Errorf("--max-conns is %d: write how many", s.MaxConns)
	}
	if s.Listen == ":443" && s.Token == "" {
		return errors.New("--listen :443 needs a --token")
	}
	return nil
}

// runServer parses the command in a directory of its own with that holter.yaml.
func runServer(t *testing.T, file string, args ...string) (*server, *Settings) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	write(t, "holter.yaml", file)
	return parseServer(t, append(args, "--config", "holter.yaml")...)
}

func parseServer(t *testing.T, args ...string) (*server, *Settings) {
	t.Helper()
	parser := func(into *server) *kong.Kong {
		k, err := kong.New(into, kong.Name("holter"), kong.DefaultEnvars("HOLTER"), Values())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	s := new(server)
	running, err := parser(s).Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return s, NewSettings(running, args, func() *kong.Kong { return parser(new(server)) })
}

// inTest is the directory that runServer has made, with a slash behind it.
func inTest(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/"
}

func TestReload(t *testing.T) {
	t.Setenv("HOLTER_ORIGINS", "https://a.example,https://b.example")
	s, settings := runServer(t, "max-conns: 1\nlisten: :81\n")
	var got []int
	again := settings.Reloader(func() (reload.Commit, error) {
		return func() { got = append(got, s.MaxConns) }, nil
	})
	for _, step := range []struct{ file, want string }{
		{"max-conns: 1\nlisten: :81\n", "settings reloaded: none is written otherwise"},
		{"max-conns:  0x1\nlisten: :81\norigins: x\n", "settings reloaded: none is written otherwise"},
		{"max-conns: 2\nlisten: :81\ntoken: geheim\n", "settings reloaded: max-conns, token"},
		{"max-conns: 2\nlisten: :82\ntoken: geheim\n", "settings reloaded; until a restart stays as it was: listen"},
		{"max-conns: 3\nlisten: :82\ntoken: geheim\n", "settings reloaded: max-conns; until a restart stays as it was: listen"},
		{"listen: :81\n", "settings reloaded: max-conns, token"},
		{"max-conns: many\n", "settings not reloaded: --max-conns: holter.yaml:1:12: expected whole number but got \"many\": write one such as 100"},
		{"listen: :443\n", "settings not reloaded: --listen :443 needs a --token"},
	} {
		write(t, "holter.yaml", step.file)
		r := again()
		if got := strings.ReplaceAll(r.String(), inTest(t), ""); got != step.want {
			t.Errorf("%q: %s, want %s", step.file, got, step.want)
		}
	}
	if want := []int{1, 1, 2, 2, 3, 0}; len(got) != len(want) || got[2] != 2 || got[4] != 3 || got[5] != 0 {
		t.Errorf("%v in force, want %v", got, want)
	}
	if s.Listen != ":81" || s.Token != "" || len(s.Origins) != 2 {
		t.Errorf("%+v", s)
	}
}

// What can change now and what cannot may contradict each other, though what is written does not.
func TestReloadOfHalf(t *testing.T) {
	s, settings := runServer(t, "listen: :443\ntoken: geheim\n")
	again := settings.Reloader(func() (reload.Commit, error) {
		t.Error("parts prepared for what is not allowed")
		return nil, nil
	})
	write(t, "holter.yaml", "listen: :80\n")
	if r := again(); r.Error != "--listen :443 needs a --token" || s.Token != "geheim" {
		t.Errorf("%+v, token %q", r, s.Token)
	}
}

func TestReloadThatAPartRefuses(t *testing.T) {
	s, settings := runServer(t, "max-conns: 1\n")
	again := settings.Reloader(func() (reload.Commit, error) {
		if s.MaxConns > 5 {
			return nil, errors.New("too many")
		}
		return nil, nil
	})
	write(t, "holter.yaml", "max-conns: 6\n")
	if r := again(); r.Error != "too many" || len(r.Changed) != 0 || s.MaxConns != 1 {
		t.Errorf("%+v, max-conns %d", r, s.MaxConns)
	}
	write(t, "holter.yaml", "max-conns: 4\n")
	if r := again(); len(r.Changed) != 1 || r.Changed[0] != (model.SettingChange{Name: "max-conns", Was: "1", Is: "4", Origin: inTest(t) + "holter.yaml:1"}) {
		t.Errorf("%+v", r)
	}
}

// A file that is gone is no file without settings, and another one is not the one that was read.
func TestReloadOfAnotherFile(t *testing.T) {
	runServer(t, "max-conns: 1\n")
	s, settings := parseServer(t)
	again := settings.Reloader(func() (reload.Commit, error) { return nil, nil })
	if err := os.Remove("holter.yaml"); err != nil {
		t.Fatal(err)
	}
	if r := again(); !strings.Contains(r.Error, "holter.yaml is gone") || s.MaxConns != 1 {
		t.Errorf("%+v, max-conns %d", r, s.MaxConns)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(config+"/holter", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, config+"/holter/config.yaml", "max-conns: 2\n")
	if r := again(); !strings.Contains(r.Error, "holter.yaml is gone") || s.MaxConns != 1 {
		t.Errorf("%+v, max-conns %d", r, s.MaxConns)
	}
	s, settings = parseServer(t)
	again = settings.Reloader(func() (reload.Commit, error) { return nil, nil })
	write(t, "holter.yaml", "max-conns: 3\n")
	if r := again(); !strings.Contains(r.Error, "config.yaml is in force") || s.MaxConns != 2 {
		t.Errorf("%+v, max-conns %d", r, s.MaxConns)
	}
}

func TestReloadShowsNoSecrets(t *testing.T) {
	_, settings := runServer(t, "token: geheim\n")
	write(t, "holter.yaml", "\ntoken: geheimer\n")
	r := settings.Reloader(func() (reload.Commit, error) { return nil, nil })()
	if len(r.Changed) != 1 || r.Changed[0] != (model.SettingChange{Name: "token", Was: hidden, Is: hidden, Origin: inTest(t) + "holter.yaml:2"}) {
		t.Errorf("%+v", r)
	}
	write(t, "holter.yaml", "token: [geheim]\n")
	if r := settings.Reloader(nil)(); !strings.Contains(r.Error, "holter.yaml:1:8") || strings.Contains(r.Error, "geheim") {
		t.Errorf("%+v", r)
	}
}

// BenchmarkReload reads a thousand rules of alerts anew, which have all changed.
func BenchmarkReload(b *testing.B) {
	rules := func(limit int) string {
		text := new(strings.Builder)
		text.WriteString("alert:\n")
		for i := range 1000 {
			fmt.Fprintf(text, "- alert: Rule%d\n  expr: share(state=failed path~\"^/rooms/%d\") > 10%% and count(state=failed) >= %d\n  for: 30s\n"+
				"  labels: {severity: page, team: sockets}\n  annotations:\n    summary: '{{ $value }} %% have failed'\n", i, i, limit)
		}
		return text.String()
	}
	b.Chdir(b.TempDir())
	files := []string{rules(1), rules(2)}
	write(b, "holter.yaml", files[0])
	parser := func() *kong.Kong {
		k, err := kong.New(new(program), kong.Name("holter"), kong.DefaultEnvars("HOLTER"), Values())
		if err != nil {
			b.Fatal(err)
		}
		return k
	}
	args := []string{"--config", "holter.yaml"}
	running, err := parser().Parse(args)
	if err != nil {
		b.Fatal(err)
	}
	again := NewSettings(running, args, parser).Reloader(func() (reload.Commit, error) { return nil, nil })
	for i := 0; b.Loop(); i++ {
		write(b, "holter.yaml", files[(i+1)%2])
		if r := again(); len(r.Changed) != 1 {
			b.Fatal(r.String())
		}
	}
}

// A value that is cut is for people to read: no sum is glued to it.
func TestReloadShortensValues(t *testing.T) {
	_, settings := runServer(t, "origins: x\n")
	write(t, "holter.yaml", "origins: ["+strings.Repeat("https://a.example, ", 50)+"]\n")
	r := settings.Reloader(func() (reload.Commit, error) { return nil, nil })()
	if len(r.Changed) != 1 || !strings.HasSuffix(r.Changed[0].Is, "…") {
		t.Fatalf("%+v", r)
	}
	if whole := strings.Repeat("https://a.example, ", 50); !strings.HasPrefix(whole, strings.TrimSuffix(r.Changed[0].Is, "…")) {
		t.Errorf("%s is not the beginning of what is written", r.Changed[0].Is)
	}
}
