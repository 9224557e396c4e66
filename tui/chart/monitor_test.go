package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// TestTraceDrawsEachKindOfBeat has a spike of each height, and then a late beat, the usual one, a missed one and two probes.
func TestTraceDrawsEachKindOfBeat(t *testing.T) {
	beats := []model.Beat{model.NoBeat, model.NoBeat}
	for height := 1; height <= model.MostHeight; height++ {
		beats = append(beats, model.Beat(1).Raised(height))
	}
	beats = append(beats, model.LateBeat, model.Beat(1).Raised(model.UsualHeight), model.MissedBeat, model.ProbeBeat, model.ProbeBeat)
	for _, graph := range look.Graphs {
		t.Run(string(graph), func(t *testing.T) {
			var b strings.Builder
			s := traceStyles(graph)
			for _, size := range []struct{ stride, h int }{{3, 3}, {4, 3}, {1, 3}, {2, 2}, {4, 5}, {6, 9}, {3, 1}} {
				fmt.Fprintf(&b, "%d cells of a beat, %d lines\n", size.stride, size.h)
				for _, line := range Trace(beats, size.stride, len(beats)*size.stride, size.h, model.Normal, s) {
					b.WriteString(strings.TrimRight(ansi.Strip(line), " ") + "\n")
				}
			}
			golden.RequireEqual(t, []byte(b.String()))
		})
	}
}

func traceStyles(graph look.Graph) *look.Styles {
	return look.New(look.Themes[0], graph, func(name string) string { return map[string]string{"LANG": "C.UTF-8"}[name] })
}

// TestMonitorKeepsItsCells draws monitors of all sizes with texts that do not fit.
func TestMonitorKeepsItsCells(t *testing.T) {
	for _, graph := range look.Graphs {
		s := traceStyles(graph)
		for state := range model.Unknown + 1 {
			for w := range 70 {
				for _, h := range []int{3, 5, 11} {
					m := Monitor{
						State: state, Tone: state, Name: strings.Repeat("漢", 90), Silence: "12.4s", Figures: "0.52ms of 0.52s",
						Why:   func(int) string { return strings.Repeat("why ", 30) },
						Beats: []model.Beat{1, model.MissedBeat, 200, 255}, Stride: 1 + w%7, Selected: w%2 == 0, Marked: w%3 == 0,
					}
					lines := m.Lines(w, h, s)
					if len(lines) != h {
						t.Fatalf("%d lines, want %d", len(lines), h)
					}
					for _, line := range lines {
						if got := ansi.StringWidth(line); got != w && w >= 20 || got > max(w, 12) {
							t.Fatalf("%d cells, want %d: %q", got, w, line)
						}
					}
				}
			}
		}
	}
}
