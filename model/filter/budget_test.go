package filter

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
)

// costly is a filter whose regular expression is as large as it may be, and rows on which it takes long.
func costly(t testing.TB, rows int) (Filter, []model.Connection) {
	t.Helper()
	f, err := Parse(`path~"(a?){60}(a|aa|aaa){40}a{200}b$"`)
	if err != nil {
		t.Fatal(err)
	}
	conns := make([]model.Connection, rows)
	for i := range conns {
		conns[i] = model.Connection{ID: model.ID(i + 1), Path: "/" + strings.Repeat("a", 250)}
	}
	return f, conns
}

func among(conns []model.Connection) func(i int) Row {
	return func(i int) Row { return Row{Connection: &conns[i]} }
}

func TestSelectChooses(t *testing.T) {
	conns := []model.Connection{{ID: 1, Path: "/a"}, {ID: 2, Path: "/b"}, {ID: 3, Path: "/a/c"}}
	for text, want := range map[string]string{"": "[0 1 2]", "/a": "[0 2]", "path~^/b": "[1]", "!all": "[]"} {
		f, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		found := []int{}
		if err := NewBudget().Select(t.Context(), f, len(conns), among(conns), func(i int) { found = append(found, i) }); err != nil || fmt.Sprint(found) != want {
			t.Errorf("%q: %v, %v, want %s", text, found, err, want)
		}
	}
}

// A filter that takes too long ends soon after its time.
func TestCostlyFilterEnds(t *testing.T) {
	f, conns := costly(t, 20_000)
	b := NewBudget()
	b.quick, b.most = time.Millisecond, 50*time.Millisecond
	begun := time.Now()
	err := b.Select(t.Context(), f, len(conns), among(conns), func(int) {})
	if took := time.Since(begun); model.ErrorCode(err) != model.TooCostly || took > 2*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	if len(b.turn) != 0 {
		t.Error("it keeps its turn")
	}
}

// A search whose reader has gone ends at once, also one that waits for its turn.
func TestSearchEndsWithItsReader(t *testing.T) {
	f, conns := costly(t, 20_000)
	b := NewBudget()
	b.quick = time.Millisecond
	b.turn <- struct{}{}
	ctx, leave := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer leave()
	begun := time.Now()
	if err := b.Select(ctx, f, len(conns), among(conns), func(int) {}); err != context.DeadlineExceeded || time.Since(begun) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

// Cheap filters do not wait for costly ones, and these do for each other.
func TestCheapFiltersPass(t *testing.T) {
	f, conns := costly(t, 20_000)
	b := NewBudget()
	b.quick, b.most = time.Millisecond, 300*time.Millisecond
	var costlyOnes sync.WaitGroup
	for range 2 {
		costlyOnes.Go(func() { b.Select(t.Context(), f, len(conns), among(conns), func(int) {}) })
	}
	cheap, err := Parse("state=normal")
	if err != nil {
		t.Fatal(err)
	}
	few := conns[:100]
	for range 20 {
		if err := NewBudget().Select(t.Context(), cheap, len(few), among(few), func(int) {}); err != nil {
			t.Error(err)
		}
		if err := b.Select(t.Context(), cheap, len(few), among(few), func(int) {}); err != nil {
			t.Error(err)
		}
	}
	costlyOnes.Wait()
}

func BenchmarkSelect(b *testing.B) {
	conns := make([]model.Connection, 20_000)
	for i := range conns {
		conns[i] = model.Connection{ID: model.ID(i + 1), Path: "/ws", UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
	}
	f, err := Parse("user_agent~(timeout|reset)$")
	if err != nil {
		b.Fatal(err)
	}
	budget := NewBudget()
	for b.Loop() {
		if err := budget.Select(b.Context(), f, len(conns), among(conns), func(int) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSelects is the same search without a budget.
func BenchmarkSelects(b *testing.B) {
	conns := make([]model.Connection, 20_000)
	for i := range conns {
		conns[i] = model.Connection{ID: model.ID(i + 1), Path: "/ws", UserAgent: "Mozilla/5.0 (X11; Linux x86_64)"}
	}
	f, err := Parse("user_agent~(timeout|reset)$")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for i := range conns {
			f.Selects(Row{Connection: &conns[i]})
		}
	}
}
