package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
	_ "github.com/charmbracelet/x/exp/golden" // for its flag -update
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"holter/model/alert"
	"holter/model/filter"
	"holter/probe/drill"
	"holter/probe/swarm"
	"holter/tui/cli/config"
)

// frontPage is how many lines the first README may have. What needs more room is beside its package.
const frontPage = 180

func TestFrontPageIsShort(t *testing.T) {
	if n := strings.Count(read(t, "README.md"), "\n"); n > frontPage {
		t.Errorf("README.md has %d lines, more than %d: move something to a README beside its package", n, frontPage)
	}
}

// TestReadmeLinks looks for the files and headings that the READMEs link to.
func TestReadmeLinks(t *testing.T) {
	for _, readme := range readmes(t) {
		for _, link := range links(read(t, readme)) {
			path, heading, _ := strings.Cut(link, "#")
			target := readme
			if path != "" {
				target = filepath.Join(filepath.Dir(readme), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", readme, link, err)
			} else if heading != "" && !slices.Contains(anchors(read(t, target)), heading) {
				t.Errorf("%s links to %s, where there is no such heading", readme, link)
			}
		}
	}
}

var sourceFile = regexp.MustCompile("`([a-z0-9_/]+\\.go)`")

// TestFrontPageFiles looks for the source files that the first README names.
func TestFrontPageFiles(t *testing.T) {
	for _, file := range sourceFile.FindAllStringSubmatch(read(t, "README.md"), -1) {
		if _, err := os.Stat(filepath.FromSlash(file[1])); err != nil {
			t.Errorf("README.md names %s: %v", file[1], err)
		}
	}
}

func TestLinks(t *testing.T) {
	text := "[a](b/c.md#d) [e](https://f.example) <img src=\"g.svg\"> <source srcset=\"h.svg\">\n```\nw[i](j)\n```\n# K & `l` m-n\n"
	if got, want := strings.Join(links(text), " "), "b/c.md#d g.svg h.svg"; got != want {
		t.Errorf("links %q, want %q", got, want)
	}
	if got, want := strings.Join(anchors(text), " "), "k--l-m-n"; got != want {
		t.Errorf("anchors %q, want %q", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmes are the paths of all READMEs of the module.
func readmes(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "README.md" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// links are the targets of the links and pictures in text that lead to files of the module.
func links(text string) []string {
	var targets []string
	for _, match := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		if target := match[1] + match[2]; !strings.Contains(target, "://") {
			targets = append(targets, target)
		}
	}
	return targets
}

// anchors are what code hosts call the headings in text.
func anchors(text string) []string {
	var names []string
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return names
}

var (
	measured = regexp.MustCompile("go test [^`\n]*-(run|bench) ([A-Za-z]+)[^`\n]* (\\./[a-z0-9/]+)")
	declared = regexp.MustCompile(`(?m)^func (Test|Benchmark)(\w+)\(`)
)

// TestReadmeMeasurements looks for the tests and benchmarks that the READMEs tell to run: without one of that name
// go test would pass, and measure nothing.
func TestReadmeMeasurements(t *testing.T) {
	kinds := map[string]string{"run": "Test", "bench": "Benchmark"}
	for _, readme := range readmes(t) {
		for _, command := range measured.FindAllStringSubmatch(read(t, readme), -1) {
			if !declares(t, command[3], kinds[command[1]], command[2]) {
				t.Errorf("%s: %s runs nothing", readme, command[0])
			}
		}
	}
}

// declares reports whether the package in dir has a test or benchmark with part in its name.
func declares(t *testing.T, dir, kind, part string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, f := range declared.FindAllStringSubmatch(read(t, file), -1) {
			if f[1] == kind && strings.Contains(f[2], part) {
				return true
			}
		}
	}
	return false
}

// TestReadmeFlags holds the tables of flags in the README about configuration against the command line. Run it
// with -update to write the tables anew.
func TestReadmeFlags(t *testing.T) {
	checkWritten(t, "tui/cli/config/README.md", "flags", flagTables(t))
}

// TestSchema holds the JSON schema of the configuration file against the command line. Run it with -update to write it anew.
func TestSchema(t *testing.T) {
	parser, err := kong.New(new(commands), kong.Name("holter"), config.Values())
	if err != nil {
		t.Fatal(err)
	}
	const file = "tui/cli/config/holter.schema.json"
	want := config.Schema(parser.Model)
	if got, err := os.ReadFile(file); err == nil && string(got) == want {
		return
	}
	if flag.Lookup("update").Value.String() != "true" {
		t.Fatalf("%s is out of date: run go test . -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSchemaAgrees has the schema and holter look at the same files.
func TestSchemaAgrees(t *testing.T) {
	const file = "tui/cli/config/holter.schema.json"
	schema, err := jsonschema.NewCompiler().Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	example := read(t, "tui/cli/config/example.yaml")
	for text, good := range map[string]bool{
		example: true, "": true, "profiles:\n": true, "profiles: {prod: }\n": true,
		"interval: 1m30s\n": true, "interval: 5\n": false, "interval: soon\n": false, "interval: [1s]\n": false, "intervall: 1s\n": false,
		"max-conns: 5\n": true, "max-conns: many\n": false, "max-conns: 1.5\n": false, "accept-rate: 50/s\n": true, "accept-rate: 50\n": true,
		"scheme: none\n": true, "scheme: all\n": false, "headless: true\n": true, "headless: perhaps\n": false,
		"allow-origin: https://a.example\n": true, "allow-origin: [https://a.example]\n": true, "allow-origin: {a: b}\n": false,
		"alert: [A=cpu > 90%]\n": true, "alert: [{alert: A, expr: storm, for: 5s, labels: {a: b}}]\n": true, "alert: [{alert: A}]\n": false,
		"alert: [A]\n": false, "alert: [{alert: A, expr: storm, for: 5}]\n": false, "alert: [{alert: A, expr: storm, form: 5s}]\n": false,
		"profiles: {prod: {interval: 2s}}\n": true, "profiles: {prod: {interval: 2}}\n": false, "profiles: {qa: {}}\n": false,
		"profiles: {prod: {profiles: {}}}\n": false, "config: x\n": false, "profile: x\n": false, "given: true\n": false, "to: x\n": false, "[interval]\n": false,
		"max-conns: \"100\"\n": true, "headless: \"true\"\n": true, "headless: on\n": false, "listen: 7070\n": false, "listen: :7070\n": true, "admin: \"\"\n": true,
		"accept-rate: 5/m\n": false, "accept-rate: 0.5/s\n": true, "accept-rate: -1\n": false, "max-memory: 900%\n": false, "max-memory: 80%\n": true,
		"max-memory: 512MiB\n": true, "max-memory: 0\n": true, "interval: -5s\n": false, "max-conns-from: [10.0.0.0/8]\n": false, "max-conns-from: 10.0.0.0/8=5\n": true,
		"backoff: exponential:1s,2,60s\n": true, "upstream-timeout: 3s\n": true,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != good {
			t.Errorf("the schema: %q: %v", text, err)
		}
		path := filepath.Join(t.TempDir(), "holter.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if code := execute(t.Context(), []string{"config", "check", "--config", path}, nil, &out, io.Discard); (code == 0) != good {
			t.Errorf("holter config check: %q: exit code %d, %s", text, code, &out)
		}
	}
}

// TestReadmeFields holds the table of fields in the README about filters against the language.
func TestReadmeFields(t *testing.T) {
	checkWritten(t, "model/filter/README.md", "fields", "\n"+filter.Table()+"\n")
	checkWritten(t, "model/alert/README.md", "names", "\n"+alert.Table()+"\n")
	checkWritten(t, "model/alert/README.md", "rules", "\n"+alert.BuiltInTable()+"\n")
}

// TestReadmeDrills holds what the README about drills lists against what a drill can have.
func TestReadmeDrills(t *testing.T) {
	checkWritten(t, "probe/drill/README.md", "drills", "\n"+drill.Reference()+"\n")
}

// TestReadmePresets holds the table of presets in the README about swarms against the known clients.
func TestReadmePresets(t *testing.T) {
	checkWritten(t, "probe/swarm/README.md", "presets", swarm.PresetTable())
}

// checkWritten compares what a README has between the marks of a part with what should be there. With -update it writes
// it there.
func checkWritten(t *testing.T, file, what, want string) {
	t.Helper()
	begin, end := "<!-- "+what+": written by go test . -update -->\n", "<!-- end of "+what+" -->\n"
	text := read(t, file)
	before, rest, ok := strings.Cut(text, begin)
	part, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks the marks around the %s", file, what)
	}
	switch {
	case part == want:
	case flag.Lookup("update").Value.String() != "true":
		t.Errorf("the %s in %s are out of date: run go test . -update", what, file)
	default:
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFlagsHaveHeadings looks for flags that stand alone above the headings of a command's help.
func TestFlagsHaveHeadings(t *testing.T) {
	parser, err := kong.New(new(commands), config.Values())
	if err != nil {
		t.Fatal(err)
	}
	headed := func(f *kong.Flag) bool { return f.Group != nil }
	for _, command := range parser.Model.Children {
		for _, f := range command.Flags {
			if f.Name != "help" && !headed(f) && slices.ContainsFunc(command.Flags, headed) {
				t.Errorf("holter %s: --%s has no heading, and other flags have one", command.Name, f.Name)
			}
		}
	}
}

// flagTables has a section for each command. A flag that is the same as one of the default command's is only
// named there.
func flagTables(t *testing.T) string {
	t.Helper()
	parser, err := kong.New(new(commands), config.Values())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	first := parser.Model.DefaultCmd
	described := map[string]bool{}
	for _, command := range parser.Model.Children {
		own, same := flagRows(command, func(row string) bool { return command != first && described[row] })
		if command.Hidden || len(own) == 0 {
			continue
		}
		if command == first {
			for _, row := range own {
				described[row] = true
			}
		}
		fmt.Fprintf(&b, "### holter %s\n\n| flag | default | |\n| --- | --- | --- |\n%s", command.Name, strings.Join(own, ""))
		if len(same) > 0 {
			fmt.Fprintf(&b, "\nAs in `holter %s`: %s.\n", first.Name, strings.Join(same, ", "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// flagRows are the rows of a command's own flags, below a row for each group, and the names of those that
// are known.
func flagRows(command *kong.Node, known func(row string) bool) (own, same []string) {
	var groups []string // in the order of their first flags, "" for the flags without one
	rows := map[string][]string{}
	for _, f := range command.Flags {
		row, group := flagRow(f), ""
		if f.Group != nil {
			group = f.Group.Title
		}
		switch {
		case f.Hidden || f.Name == "help":
		case known(row):
			same = append(same, "`--"+f.Name+"`")
		default:
			if rows[group] == nil {
				groups = append(groups, group)
			}
			rows[group] = append(rows[group], row)
		}
	}
	for _, group := range groups {
		if group != "" {
			own = append(own, fmt.Sprintf("| **%s** | | |\n", strings.TrimSuffix(group, ":")))
		}
		own = append(own, rows[group]...)
	}
	return own, same
}

func flagRow(f *kong.Flag) string {
	name, value := "`--"+f.Name+"`", f.Default
	if f.PlaceHolder != "" {
		name = "`--" + f.Name + " " + f.PlaceHolder + "`"
	}
	if f.Short != 0 {
		name = fmt.Sprintf("`-%c`, %s", f.Short, name)
	}
	if value != "" {
		value = "`" + value + "`"
	}
	if f.Tag.Has("reload") {
		name += " ↻"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", name, value, strings.ReplaceAll(f.Help, "|", `\|`))
}
