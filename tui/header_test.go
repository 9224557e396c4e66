package tui

import (
	"strings"
	"testing"
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

// TestHeaderSaysWhoseLoadItIs tells the machine from this process where there is room.
func TestHeaderSaysWhoseLoadItIs(t *testing.T) {
	s := newScreen(t, newFake(ward(20)...), 200, 60)
	line := s.line("machine cpu")
	if strings.Index(line, "rtt") > strings.Index(line, "machine") || !strings.Contains(line, "self 34MB 3%") {
		t.Errorf("got %q", line)
	}
}
