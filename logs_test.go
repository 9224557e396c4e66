package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

const logReadme = "tui/eventlog/README.md"

var documentedField = regexp.MustCompile("`([a-z][a-z0-9_]*)`")

// TestLogFields looks for every field of a log line in the README about them, and for every field there in the code: so each
// has one name everywhere.
func TestLogFields(t *testing.T) {
	documented := map[string]bool{}
	for _, m := range documentedField.FindAllStringSubmatch(fieldTable(read(t, logReadme)), -1) {
		documented[m[1]] = true
	}
	logged := map[string]bool{"time": true, "level": true, "msg": true}
	for _, name := range []string{"websocket", "page", "admin", "line", "watched_by"} { // in lists that are made before the call
		logged[name] = true
	}
	for _, files := range sources(t) {
		for _, file := range files {
			for name, at := range logFields(file) {
				if logged[name] = true; !documented[name] {
					t.Errorf("%s: %s does not know the field %s", fileSet.Position(at), logReadme, name)
				}
			}
		}
	}
	for name := range documented {
		if !logged[name] {
			t.Errorf("%s: no line has the field %s", logReadme, name)
		}
	}
	if len(logged) < 40 {
		t.Errorf("%d fields are logged: the search misses some", len(logged))
	}
}

// fieldTable is the first column of the tables.
func fieldTable(readme string) (columns string) {
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]*) \|`).FindAllStringSubmatch(readme, -1) {
		columns += m[1] + "\n"
	}
	return columns
}

// logFields are the names of the fields that a file logs: of calls such as log.Warn(message, name, value) and of attributes
// such as slog.Int(name, value).
func logFields(file *ast.File) map[string]token.Pos {
	fields := map[string]token.Pos{}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			fields[name] = lit.Pos()
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch to, name := called(call); {
		case to == "slog" && slices.Contains([]string{"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Duration", "Time", "Any", "Group"}, name),
			to == "" && name == "milliseconds":
			add(call.Args[0])
		case (to == "log" || to == "slog") && slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name):
			for i := 1; i < len(call.Args); i += 2 {
				add(call.Args[i])
			}
		}
		return true
	})
	return fields
}

// called is what a call calls: the last name before the dot, and that after it.
func called(call *ast.CallExpr) (to, name string) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return "", f.Name
	case *ast.SelectorExpr:
		switch x := f.X.(type) {
		case *ast.Ident:
			return x.Name, f.Sel.Name
		case *ast.SelectorExpr:
			return x.Sel.Name, f.Sel.Name
		}
	}
	return "", ""
}
