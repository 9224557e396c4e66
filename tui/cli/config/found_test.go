package config

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// A file that was only found opens nothing to other machines, lets nobody in and runs no command. The same file is taken as it
// is when it is named.
func TestFoundFileIsNotTrusted(t *testing.T) {
	for name, tc := range map[string]struct{ file, args, want string }{
		"data plane for all":   {"listen: 0.0.0.0:7070\n", "", "holter.yaml:1:9: listen opens a port to other machines, which a file that was only found in this directory may not do: add --config holter.yaml if you mean it"},
		"data plane for IPv6":  {"listen: \"[::]:7070\"\n", "", "opens a port"},
		"data plane by name":   {"listen: box.example:7070\n", "", "opens a port"},
		"without a host":       {"listen: \":7070\"\n", "", "opens a port"},
		"no address":           {"listen: box\n", "", "opens a port"},
		"admin plane for all":  {"interval: 1s\nadmin: 10.0.0.1:7071\n", "", "holter.yaml:2:8: admin opens a port"},
		"token":                {"token: s3cret\n", "", "token sets a token"},
		"file with a token":    {"read-token-file: s3cret\n", "", "read-token-file sets a token"},
		"command":              {"alert-command: rm -r s3cret\n", "", "alert-command runs a command"},
		"any certificate":      {"insecure: true\n", "", "insecure trusts any certificate"},
		"of the profile":       {"profiles: {dev: {admin: \"0.0.0.0:7071\"}}\n", "--profile dev", "admin opens a port"},
		"of another profile":   {"profiles: {dev: {}, prod: {admin: \"0.0.0.0:7071\"}}\n", "--profile dev", ""},
		"behind flags":         {"token: s3cret\nlisten: :7070\n", "--token own --listen 127.0.0.1:0", ""},
		"loopback":             {"listen: 127.0.0.1:7070\nadmin: \"[::1]:7071\"\n", "", ""},
		"localhost":            {"listen: localhost:7070\n", "", ""},
		"no admin plane":       {"admin: \"\"\n", "", ""},
		"what is of no danger": {"interval: 2s\nmax-conns: 5\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", "")
			write(t, here, tc.file)
			err := parseGuarded(t, strings.Fields(tc.args)...)
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if err := parseGuarded(t, append(strings.Fields(tc.args), "--config", here)...); err != nil {
				t.Errorf("with --config: %v", err)
			}
			t.Setenv("HOLTER_CONFIG", here)
			if err := parseGuarded(t, strings.Fields(tc.args)...); err != nil {
				t.Errorf("with HOLTER_CONFIG: %v", err)
			}
		})
	}
}

// parseGuarded parses args for a command with flags that matter here.
func parseGuarded(t *testing.T, args ...string) error {
	t.Helper()
	var c struct {
		Serve struct {
			Options
			Listen, Admin, Token, ReadTokenFile, AlertCommand string
			Interval                                          time.Duration
			MaxConns                                          int
			Insecure                                          bool
		} `cmd:"" default:"withargs"`
	}
	k, err := kong.New(&c, kong.Name("holter"), kong.DefaultEnvars("HOLTER"), Values())
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return err
}

// Every flag by which holter trusts something else, or lets somebody in, is refused from such a file.
func TestFoundFileTrustsNothingElse(t *testing.T) {
	text, err := os.ReadFile("holter.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	trusting := regexp.MustCompile(`^insecure|(^|-)ca$|token|^jwt-(key|jwks|leeway|unlimited)$|origin|^trusted|-header$`)
	found := 0
	for name := range schema.Properties {
		if !trusting.MatchString(name) {
			continue
		}
		found++
		if risky[name] == "" {
			t.Errorf("a file that was only found may set %s", name)
		}
	}
	if found < 14 {
		t.Errorf("only %d such flags", found)
	}
}
