package completion

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// colour is one of a few that have names, or any other.
type colour string

func (colour) Suggest() []string { return []string{"red", "green"} }

// page is named after a command.
type page string

func (page) Suggest(app *kong.Application) []string { return []string{"of-" + app.Children[0].Name} }

type program struct {
	Serve struct {
		Format   string        `enum:"text,json" default:"text" help:"Format of the log: of no use to a screen."`
		Interval time.Duration `help:"Time between beats."`
		Headless bool          `help:"No screen."`
		Secret   bool          `hidden:""`
	} `cmd:"" default:"withargs" help:"Serve. It is the default."`
	Version struct{} `cmd:"" help:"Print the version."`
	Paint   struct {
		Wall   string `arg:""`
		Colour colour `arg:"" optional:""`
		Edge   colour
		Coats  int `short:"n"`
	} `cmd:""`
	Config struct {
		Check struct{ All bool } `cmd:""`
		Show  struct{}           `cmd:""`
	} `cmd:""`
	Completion Command `cmd:""`
	Man        struct {
		Page page `arg:"" optional:""`
	} `cmd:""`
	Complete Answer `cmd:"" hidden:""`
}

// parse gives the parser and what it writes to.
func parser(t *testing.T) (*kong.Kong, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	k, err := kong.New(new(program), kong.Name("holter"), kong.Writers(&out, &out))
	if err != nil {
		t.Fatal(err)
	}
	return k, &out
}

func TestCandidates(t *testing.T) {
	k, _ := parser(t)
	for name, tc := range map[string]struct{ words, want string }{
		"name of a page":         {"man ", "of-serve"},
		"nothing yet":            {"", "serve version paint config completion man"},
		"command of a command":   {"config ", "check show"},
		"part of one of these":   {"config s", "show"},
		"its flags":              {"config check --", "--help --all"},
		"part of a command":      {"ver", "version"},
		"no such command":        {"x", ""},
		"flags of the default":   {"--", "--help --format --interval --headless"},
		"flags of a command":     {"version --", "--help"},
		"part of a flag":         {"serve --f", "--format"},
		"value of a flag":        {"--format ", "text json"},
		"part of a value":        {"--format j", "json"},
		"value after equals":     {"--format=", "--format=text --format=json"},
		"part after equals":      {"--format=j", "--format=json"},
		"equals as bash cuts it": {"--format = j", "json"},
		"value nobody knows":     {"--interval ", ""},
		"after a bool flag":      {"--headless ", "serve version paint config completion man"},
		"argument":               {"completion ", "bash zsh fish"},
		"part of an argument":    {"completion f", "fish"},
		"flag after its value":   {"--format json --i", "--interval"},
		"nothing after serve":    {"serve ", ""},
		"well-known value":       {"paint --edge ", "red green"},
		"part of one":            {"paint --edge g", "green"},
		"well-known after =":     {"paint --edge=g", "--edge=green"},
		"as bash cuts that":      {"paint --edge =", "red green"},
		"an unknown one":         {"paint --edge blu", ""},
		"first argument":         {"paint ", ""},
		"second argument":        {"paint north ", "red green"},
		"part of the second":     {"paint north r", "red"},
		"second of three":        {"paint north red ", ""},
		"flags between":          {"paint --edge red -n 2 north --edge=red ", "red green"},
		"cut by bash":            {"paint http : //north : 1 ", "red green"},
		"cut and not ended":      {"paint http : //north : 1", ""},
		"value cut by bash":      {"paint --edge = http : 1 north ", "red green"},
		"value that begins so":   {"paint --edge : 1 north ", "red green"},
		"short flag":             {"paint -n ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range candidates(k.Model, strings.Split(tc.words, " ")) {
				got = append(got, c.word)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("after %q: %q, want %q", tc.words, got, tc.want)
			}
		})
	}
	if got := candidates(k.Model, nil); len(got) != 6 {
		t.Errorf("without words: %v", got)
	}
}

func TestAnswerHasHelp(t *testing.T) {
	k, out := parser(t)
	ctx, err := k.Parse([]string{"complete", "--", "serve", "--fo"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ctx.Run(); err != nil {
		t.Fatal(err)
	}
	if want := "--format\tFormat of the log\n"; out.String() != want {
		t.Errorf("answer %q, want %q", out, want)
	}
}

func TestScriptsNameTheProgram(t *testing.T) {
	for shell := range scripts {
		k, out := parser(t)
		ctx, err := k.Parse([]string{"completion", shell})
		if err != nil {
			t.Fatal(err)
		}
		if err := ctx.Run(); err != nil || !strings.Contains(out.String(), "holter complete -- ") || strings.Contains(out.String(), "NAME") {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
}

// stub is a program that shows how it was asked, and answers.
const stub = "#!/bin/sh\nprintf '%s\\n' \"$*\" >asked\nprintf 'json\\tas JSON\\njust a word\\n'\n"

func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "holter"), []byte(stub), 0o700); err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(scripts["bash"], "NAME", "holter") +
		`COMP_WORDS=(holter serve --format = j); COMP_CWORD=4; _holter; printf '<%s>' "${COMPREPLY[@]}"`
	cmd := exec.CommandContext(t.Context(), bash, "--norc", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(slices.Clone(os.Environ()), "PATH="+dir+":"+os.Getenv("PATH"))
	got, err := cmd.CombinedOutput()
	if err != nil || string(got) != "<json><just a word>" {
		t.Errorf("reply %s, %v", got, err)
	}
	asked, _ := os.ReadFile(filepath.Join(dir, "asked"))
	if string(asked) != "complete -- serve --format = j\n" {
		t.Errorf("asked %q", asked)
	}
}
