package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holter/tui/paint"
)

// TestHeaderSaysFirstWhatMattersMost has the counts and holter's own lateness before all else, at every size.
func TestHeaderSaysFirstWhatMattersMost(t *testing.T) {
	for _, size := range []size{{60, 15}, {80, 24}, {80, 40}, {120, 36}, {200, 60}} {
		f := newFake(ward(20)...)
		f.snapshot.Monitor.Lateness = 2
		first, _, _ := strings.Cut(newScreen(t, f, size.w, size.h).text(), "\n")
		counts, late := strings.Index(first, "✖ 1"), strings.Index(first, "timeouts x2.0")
		if !strings.HasPrefix(first, " holter  ● 16") || counts < 0 || late < counts {
			t.Errorf("%dx%d: %q", size.w, size.h, first)
		}
	}
}

// TestTabsStayWhereTheyAre has a storm, a slow line and a slow terminal come: nothing of that moves what can be clicked on.
func TestTabsStayWhereTheyAre(t *testing.T) {
	for _, at := range []size{{60, 15}, {80, 24}, {100, 30}, {120, 36}, {200, 60}} {
		for _, keys := range [][]string{{"1"}, {"2"}, {"4"}, {"5"}, {"6", "j", "j", "j"}} {
			f := newFake(ward(200)...)
			s := newScreen(t, f, at.w, at.h).press(keys...)
			before := s.app.labels()
			f.snapshot.Storms = weather()
			f.snapshot.Age = 12 * time.Second
			s.refresh()
			s.send(paint.Skips{Pictures: 12, Last: noon})
			if after := s.app.labels(); !slices.Equal(before, after) {
				t.Errorf("%v, %s: %v became %v", at, keys[0], before, after)
			}
			s.line(strings.Join(before, " "))
			checkSize(t, s.app.View(), at.w, at.h)
			f.snapshot.Age = 0
			s.send(paint.Skips{})
			s.refresh()
			s.line("STORM")
			if at.w >= 80 && keys[0] == "1" {
				s.line("1/200") // the position has its room
			}
			if at.w >= 120 {
				s.line("STORM 214 of 900 away")
			}
		}
	}
}

// A long filter is cut before the names of the pages give way to it.
func TestLongFiltersLeaveTheNames(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 120, 36)
	s.press("/", "state=open path!=/sockjs/*/*/websocket path!=/sockjs/info", "enter")
	s.line("1 connections 2 clients 3 storms 4 events 5 host 6 ward")
	s.line("of 20 state=open path!=/sockjs")
}

// TestHeaderStandsStill while shares grow by a figure.
func TestHeaderStandsStill(t *testing.T) {
	for _, at := range []size{{80, 24}, {120, 36}, {200, 60}} {
		f := newFake(ward(20)...)
		s := newScreen(t, f, at.w, at.h)
		where := func(cpu, own float64) [3]int {
			f.snapshot.Host.CPU, f.snapshot.Host.Process.CPU = cpu, own
			s.refresh()
			l := s.line("cpu")
			return [3]int{strings.Index(l, "cpu"), strings.Index(l, "mem"), strings.Index(l, "self")}
		}
		first := where(3, 3)
		for _, cpu := range []float64{9.4, 42, 99, 100} {
			if got := where(cpu, min(cpu, 99)); got != first {
				t.Errorf("%v: at %.0f %% its parts are at %v, before at %v", at, cpu, got, first)
			}
		}
	}
}

// TestHeaderSaysWhoseLoadItIs tells the machine from this process where there is room.
func TestHeaderSaysWhoseLoadItIs(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 200, 60)
	line := s.line("machine cpu")
	if strings.Index(line, "rtt") > strings.Index(line, "machine") || !strings.Contains(line, "self 34MB  3%") {
		t.Errorf("got %q", line)
	}
}
