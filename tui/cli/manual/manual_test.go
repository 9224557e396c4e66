package manual

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

type program struct {
	Serve serve `cmd:"" default:"withargs" help:"Serve. It is the default."`
	Paint struct {
		Wall struct {
			Which string `arg:"" help:"Which wall."`
		} `cmd:"" help:"Paint a wall."`
		Door struct {
			Coats int `short:"n" default:"2" help:"How many."`
		} `cmd:"" help:"Paint a door."`
	} `cmd:"" help:"Paint something."`
	Man    Command  `cmd:"" help:"Print a page."`
	Secret struct{} `cmd:"" hidden:""`
}

type serve struct {
	Path     string        `arg:"" help:"Where."`
	Format   string        `enum:"text,json" default:"text" placeholder:"KIND" group:"Log:" help:"Format's kind: 'a' or \"b\"."`
	MaxTime  time.Duration `default:"5s" help:"Time, ±10 %."`
	Headless bool          `group:"Log:" help:".dots first, back\\slash."`
	Config   string        `placeholder:"FILE" help:"Where settings are."`
	Hush     bool          `hidden:""`
}

func (serve) Help() string {
	return "It serves,\nas a server does.\n\n    holter serve 'x'\n    .two\n\nAnd:\n\n  - one thing\n  - another"
}

func made(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	k, err := kong.New(new(program), kong.Name("holter"), kong.Description("A thing: it holds."), kong.DefaultEnvars("HOLTER"), kong.Writers(&out, &out))
	if err != nil {
		t.Fatal(err)
	}
	command, err := k.Parse(append([]string{"man"}, args...))
	if err == nil {
		err = command.Run()
	}
	return out.String(), err
}

func TestPagesByTheirNames(t *testing.T) {
	whole, err := made(t, "paint")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"paint", "door"}, {"paint-door"}} {
		if text, err := made(t, args...); err != nil || text != whole {
			t.Errorf("%q: %v, another page: %v", args, err, text != whole)
		}
	}
	for _, args := range [][]string{{"paintdoor"}, {"paint", "roof"}, {"secret"}} {
		if _, err := made(t, args...); err == nil || !strings.HasSuffix(err.Error(), ": write serve, paint or man") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestPageOfACommand(t *testing.T) {
	text, err := made(t, "serve")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH HOLTER\\-SERVE 1 ",
		".SH \"NAME\"\nholter\\-serve \\- Serve. It is the default\n",
		"\\fBholter\\fR serve",
		".SH \"DESCRIPTION\"\nIt serves, as a server does.\n.PP\n",
		".nf\nholter serve \\(aqx\\(aq\n\\&.two\n.fi\n",
		".IP \\(bu 2\none thing\n",
		".TP\n\\fI<path>\\fR\nWhere.\n",
		".TP\n\\fB\\-\\-max\\-time\\fR \\fI5s\\fR\nTime, \\[u00B1]10 %.\n",
		".SS \"Log\"\n.TP\n\\fB\\-\\-format\\fR \\fIKIND\\fR\nFormat\\(aqs kind: \\(aqa\\(aq or \\(dqb\\(dq. (default text)\n",
		".TP\n\\fB\\-\\-headless\\fR\n\\&.dots first, back\\eslash.\n",
		"\\-\\-max\\-time as HOLTER_MAX_TIME",
		"Where settings are.",
		".SH \"EXIT STATUS\"",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"hush", "\n.dots", "\n.two"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q in\n%s", unwanted, text)
		}
	}
	if a, b := strings.Index(text, `\-\-config`), strings.Index(text, ".SS"); a < 0 || a > b {
		t.Error("a flag without a heading stands under one")
	}
}

func TestPageOfACommandOfCommands(t *testing.T) {
	text, err := made(t, "paint")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\\fBholter\\fR paint wall", "\\fBholter\\fR paint door", "Paint a door.", "\\fB\\-n\\fR, \\fB\\-\\-coats\\fR", "Which wall."} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "ENVIRONMENT") {
		t.Error("it takes no settings from the environment")
	}
}

func TestPageOfTheProgram(t *testing.T) {
	text, err := made(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`holter \- A thing: it holds`, "\\fBholter\\-serve\\fR(1)", "\\fBholter\\-paint\\fR(1)"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Error("a hidden command is told")
	}
}

func TestWrongCommands(t *testing.T) {
	for args, want := range map[string]string{"pant": "write serve, paint or man", "serve --to x": "leave out serve"} {
		if out, err := made(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("%s: %q, %v", args, out, err)
		}
	}
}

func TestAllPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "man1")
	if _, err := made(t, "--to", dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 || files[0].Name() != "holter-man.1" {
		t.Fatalf("files %v, %v", files, err)
	}
}
