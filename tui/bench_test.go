package tui

import (
	"context"
	"fmt"
	"testing"

	"holter/model/filter"
	"holter/tui/widget"
)

// population is what the figures are for. What is off the screen must cost nothing there.
const population, tenfold = 10_000, 100_000

func BenchmarkView(b *testing.B) {
	for _, bench := range []struct {
		name       string
		population int
		keys       []string
	}{{"list", population, nil}, {"ward", population, []string{"6"}}, {"detail", population, []string{"enter"}}, {"list of 100000", tenfold, nil}} {
		b.Run(bench.name, func(b *testing.B) {
			s := newScreen(b, newFake(ward(bench.population)...), 200, 60)
			s.events()
			s.press(bench.keys...)
			b.ReportAllocs()
			for b.Loop() {
				s.app.View()
			}
		})
	}
}

// BenchmarkRefresh is what a refresh costs beside the source's own snapshot: filter, sort and count.
func BenchmarkRefresh(b *testing.B) {
	for _, bench := range []struct{ name, filter string }{{"all", ""}, {"filtered", "rtt>1ms or state=failed"}} {
		b.Run(bench.name, func(b *testing.B) {
			fx := newEffects(context.Background(), newFake(ward(population)...))
			b.Cleanup(fx.stop)
			f, err := filter.Parse(bench.filter)
			if err != nil {
				b.Fatal(err)
			}
			order := arrangement{search: finder{filter: f}, Order: widget.Order{By: filter.SortState}}
			refresh := fx.refresh(0, func(p *picture) *picture { return arrangeConnections(p, order) }, 0)
			b.ReportAllocs()
			for b.Loop() {
				refresh()
			}
		})
	}
}

// BenchmarkFrame is all that one frame costs the screen, beside the source's own snapshot: count, filter and sort a picture,
// take it, and draw it. At eight frames a second it may take 10 ms for 8 % of a core.
func BenchmarkFrame(b *testing.B) {
	for _, bench := range []struct {
		name string
		keys []string
	}{{"list", nil}, {"ward", []string{"6"}}, {"ward with marks", []string{"6", "space", "space", "G", "space"}}} {
		b.Run(bench.name, func(b *testing.B) {
			s := newScreen(b, newFake(ward(population)...), 200, 60)
			s.events()
			s.press(bench.keys...)
			b.ReportAllocs()
			for b.Loop() {
				s.app.Update(s.app.refresh(0)())
				s.app.View()
			}
		})
	}
}

// BenchmarkUpdate is what taking the picture costs on the screen's own goroutine, with the cursor in
// the middle, where its row has to be found again.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{population, tenfold} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newScreen(b, newFake(ward(n)...), 200, 60)
			for s.press("s", "c"); s.cursorRow() < fmt.Sprintf("demo-%04d", n/2); {
				s.press("pgdn", "pgdn", "pgdn", "pgdn")
			}
			msg := s.app.refresh(0)()
			b.ReportAllocs()
			for b.Loop() {
				s.app.Update(msg)
			}
		})
	}
}
