package main

import (
	"bytes"
	"go/ast"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers maps each top-level folder to the folders that its packages may import. The package main, in ".", connects
// packages that do not import each other.
var layers = map[string][]string{
	".":      {"tui", "server", "probe", "model"},
	"tui":    {"tui", "model"},
	"server": {"server", "probe", "model"},
	"probe":  {"probe", "model"},
	"model":  {"model"},
}

// confined maps an import to the packages that may use it. Only the command needs these imports, not an application
// that embeds a monitor. A path stands for all packages below it.
var confined = map[string][]string{
	"github.com/alecthomas/kong": {"tui/cli", "probe/swarm", "probe/drill", "probe/compare"},
	"github.com/charmbracelet":   {"tui", "probe/swarm"},
	"github.com/prometheus":      {"server/metrics"},
	"github.com/gin-gonic/gin":   {".", "server/endpoint", "server/ginmonitor"},
	"go.yaml.in":                 {"model/yaml"},
	"golang.org/x/term":          {"tui/terminal", "probe/tty", "probe/swarm"},
	"github.com/MicahParks":      {"server/bearer"},
	"holter/server/bearer":       {"server/command"},
	"holter/model/yaml":          {"tui/cli", "probe/drill"},
	"holter/probe/compare":       {".", "server/command"},
	"holter/probe/drill":         {"."},
	"holter/probe/swarm":         {"."},
	"holter/probe/tty":           {"probe/swarm", "probe/drill", "probe/compare"},
	"holter/server/command":      {"."},
	"holter/server/endpoint":     {"."},
	"holter/server/metrics":      {".", "server/command"},
	"holter/server/proxy":        {"."},
	"holter/tui/cli":             {".", "tui/cli"},
	"holter/tui/eventlog":        {".", "tui/cli"},
}

// doors maps each package that an application imports to the packages that it must not import, directly or
// indirectly.
var doors = map[string][]string{
	"server":            {"github.com/MicahParks", "github.com/prometheus", "github.com/gin-gonic/gin", "github.com/gorilla/websocket", "github.com/charmbracelet", "golang.org/x/term", "github.com/alecthomas/kong", "holter/tui", "html/template"},
	"server/ginmonitor": {"github.com/MicahParks", "github.com/prometheus", "github.com/gorilla/websocket", "github.com/charmbracelet", "golang.org/x/term", "github.com/alecthomas/kong", "holter/tui", "html/template"},
	"tui":               {"github.com/gin-gonic/gin", "github.com/alecthomas/kong", "holter/server", "holter/probe", "net/http"},
}

// roomiest is how many files without tests a folder may hold. The pages of the screen share more than others.
func roomiest(dir string) int {
	if dir == "tui" {
		return 40
	}
	return 30
}

func TestLayers(t *testing.T) {
	for dir, files := range sources(t) {
		layer, _, _ := strings.Cut(dir, "/")
		allowed, known := layers[layer]
		if !known {
			t.Errorf("%s: no such layer", dir)
		}
		for _, imported := range imports(files) {
			to, ours := strings.CutPrefix(imported, "holter/")
			to, _, _ = strings.Cut(to, "/")
			if ours && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: only %v may be", dir, imported, allowed)
			}
		}
	}
}

func TestConfinedImports(t *testing.T) {
	for dir, files := range sources(t) {
		for _, imported := range imports(files) {
			for what, where := range confined {
				may := slices.ContainsFunc(where, func(above string) bool { return within(dir, above) })
				if within(imported, what) && !may {
					t.Errorf("%s imports %s, which is for %v", dir, imported, where)
				}
			}
		}
	}
}

func TestDoors(t *testing.T) {
	packages := sources(t)
	for door, unwanted := range doors {
		for imported, way := range reach(packages, door) {
			for _, what := range unwanted {
				if within(imported, what) {
					t.Errorf("%s gets %s with it, by %s", door, imported, way)
				}
			}
		}
	}
}

func TestRoomInFolders(t *testing.T) {
	for dir, files := range sources(t) {
		if limit := roomiest(dir); len(files) > limit {
			t.Errorf("%s has %d files, more than %d: part it", dir, len(files), limit)
		}
	}
}

// imports are the import paths in the files of a package, each once.
func imports(files []*ast.File) []string {
	var paths []string
	for _, file := range files {
		for _, spec := range file.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				paths = append(paths, p)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// within reports whether an import path is another, or below it.
func within(path, above string) bool { return path == above || strings.HasPrefix(path, above+"/") }

// reach is what a package of the module imports, and what those of the module among that import, and so on. With
// each import path comes the package that imports it.
func reach(packages map[string][]*ast.File, from string) map[string]string {
	way := map[string]string{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, imported := range imports(packages[queue[0]]) {
			if _, seen := way[imported]; seen {
				continue
			}
			way[imported] = path.Join("holter", queue[0])
			if dir, ours := strings.CutPrefix(imported, "holter/"); ours {
				queue = append(queue, dir)
			}
		}
	}
	return way
}

// main.go lists and wires; what grows there belongs to a part.
func TestMainIsShort(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 250 {
		t.Errorf("main.go has %d lines, 250 at most", n)
	}
}
