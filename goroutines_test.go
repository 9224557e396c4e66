package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// starter is the only package that starts goroutines by itself.
const starter = "probe/process"

// TestGoroutines finds goroutines whose panic would leave the terminal as it is: those that are started by
// a go statement, by an errgroup, by a sync.WaitGroup, or by a timer without a guard.
func TestGoroutines(t *testing.T) {
	for dir, files := range sources(t) {
		if dir == starter {
			continue
		}
		for _, bare := range bareStarts(files) {
			t.Errorf("%s: a bare start of a goroutine: use process.Go, Group, Run or Guard", fileSet.Position(bare))
		}
	}
}

func TestBareStarts(t *testing.T) {
	const head = "package p\nvar running sync.WaitGroup\ntype s struct{ waits *sync.WaitGroup; mine process.Group }\n"
	for body, want := range map[string]int{
		`go f()`:                                      1,
		`go func() { go f() }()`:                      2,
		`running.Go(f)`:                               1,
		`x.waits.Go(f)`:                               1,
		`x.mine.Go(f); process.Go(f)`:                 0,
		`var g errgroup.Group; g.Go(f)`:               1,
		`time.AfterFunc(d, f)`:                        1,
		`context.AfterFunc(ctx, process.Guard(f))`:    0,
		`var local sync.WaitGroup; local.Go(f)`:       1,
		`running.Add(1); running.Wait(); x.Go(s.f())`: 0,
	} {
		file, err := parser.ParseFile(fileSet, "p.go", head+"func _() { "+body+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(bareStarts([]*ast.File{file})); got != want {
			t.Errorf("%s: %d found, want %d", body, got, want)
		}
	}
}

var fileSet = token.NewFileSet()

// sources are the files of the module that are no tests, by their folder.
func sources(t *testing.T) map[string][]*ast.File {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir // of CI: no part of the module
		}
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(fileSet, path, nil, parser.SkipObjectResolution)
		dir := filepath.ToSlash(filepath.Dir(path))
		packages[dir] = append(packages[dir], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// bareStarts are the places where a package starts a goroutine by itself.
func bareStarts(files []*ast.File) []token.Pos {
	groups := waitGroups(files)
	var places []token.Pos
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				places = append(places, n.Pos())
			case *ast.SelectorExpr:
				if qualified(n) == "errgroup.Group" || qualified(n) == "errgroup.WithContext" {
					places = append(places, n.Pos())
				}
			case *ast.CallExpr:
				if startsInWaitGroup(n, groups) || startsByTimer(n) {
					places = append(places, n.Pos())
				}
			}
			return true
		})
	}
	return places
}

// waitGroups are the names of all variables and fields in a package that are a sync.WaitGroup.
func waitGroups(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	add := func(list []*ast.Ident, kind ast.Expr) {
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		for _, name := range list {
			if qualified(kind) == "sync.WaitGroup" {
				names[name.Name] = true
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Field:
				add(n.Names, n.Type)
			case *ast.ValueSpec:
				add(n.Names, n.Type)
			}
			return true
		})
	}
	return names
}

func startsInWaitGroup(call *ast.CallExpr, groups map[string]bool) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "Go" {
		return false
	}
	switch group := method.X.(type) {
	case *ast.Ident:
		return groups[group.Name]
	case *ast.SelectorExpr:
		return groups[group.Sel.Name]
	}
	return false
}

func startsByTimer(call *ast.CallExpr) bool {
	if name := qualified(call.Fun); name != "time.AfterFunc" && name != "context.AfterFunc" {
		return false
	}
	f, ok := call.Args[len(call.Args)-1].(*ast.CallExpr)
	return !ok || qualified(f.Fun) != "process.Guard"
}

// qualified is an expression such as time.AfterFunc as text, "" for any other.
func qualified(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}
