package model

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// TestCausesAreAll looks in the source for a constant that Causes lacks. A refusal's cause is none of a connection.
func TestCausesAreAll(t *testing.T) {
	for _, cause := range declaredCauses(t) {
		if cause != CauseHandshakeBroken && !slices.Contains(Causes[:], cause) && !cause.ByCohort() {
			t.Errorf("neither Causes nor CohortCauses has %s", cause)
		}
	}
}

// declaredCauses are the values of the constants of type Cause.
func declaredCauses(t *testing.T) []Cause {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "diagnosis.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var causes []Cause
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Cause" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			causes = append(causes, Cause(value))
		}
		return false
	})
	if len(causes) < len(Causes) {
		t.Fatalf("diagnosis.go declares %d causes, fewer than the %d in Causes: %v", len(causes), len(Causes), causes)
	}
	return causes
}
