package chart

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/look"
)

// ecgOf is an electrocardiogram of samples at noon, five seconds apart and probes one, the newest two seconds ago.
func ecgOf(samples []model.Sample, beats int) *ECG {
	at := noon.Add(-2 * time.Second)
	for i := len(samples) - 1; i >= 0; i-- {
		samples[i].At = at
		if samples[i].Probe {
			at = at.Add(-time.Second)
		} else {
			at = at.Add(-5 * time.Second)
		}
	}
	return &ECG{Samples: samples, Beats: beats, Interval: 5 * time.Second, Timeout: 600 * time.Millisecond, End: noon}
}

// foot is the lowest line of a plot, without the axis.
func foot(lines []string) []rune {
	line := []rune(ansi.Strip(lines[len(lines)-2]))
	return line[axisWidth+1:]
}

// TestECGScrollsWithTime moves the right edge on: what was drawn goes to the left by as much, and the line follows.
func TestECGScrollsWithTime(t *testing.T) {
	s := stylesFor(look.ASCII)
	const beats, w = 20, 100 // a second is a cell
	e := ecgOf([]model.Sample{{RTT: time.Millisecond, Timeout: time.Second}, {Timeout: time.Second, Missed: true}, {RTT: time.Millisecond, Timeout: time.Second}}, beats)
	at := func(lines []string) int { return strings.IndexRune(string(foot(lines)), 'x') }
	first := at(e.Lines(w+axisWidth+1, 10, s))
	if first != w-1-7 {
		t.Errorf("a miss of 7 s ago is in cell %d of %d", first, w)
	}
	for i := range 50 {
		e.End = noon.Add(time.Duration(i) * time.Second)
		lines := e.Lines(w+axisWidth+1, 10, s)
		if got := at(lines); (got-(first-i)) > 1 || got-(first-i) < -1 {
			t.Errorf("%d s later it is in cell %d, want %d", i, got, first-i)
		}
		if line := foot(lines); line[w-1] != '_' && i > 3 {
			t.Errorf("the line does not reach now: %s", string(line))
		}
	}
	frozen := e.Lines(w, 10, s)
	for i, line := range e.Lines(w, 10, s) {
		if line != frozen[i] {
			t.Error("it moves though time stands still")
		}
	}
}

// TestECGWithoutTimes has the beats of an earlier version side by side, the newest at the right.
func TestECGWithoutTimes(t *testing.T) {
	e := ECG{Beats: 20, Interval: time.Second, End: noon}
	for i := range 20 {
		e.Samples = append(e.Samples, model.Sample{RTT: time.Millisecond, Timeout: time.Second, Missed: i == 19})
	}
	e.Samples[19].RTT = 0
	lines := e.Lines(100+axisWidth+1, 10, stylesFor(look.ASCII))
	if at := strings.IndexRune(string(foot(lines)), 'x'); at < 95 {
		t.Errorf("the newest is in cell %d:\n%s", at, strings.Join(lines, "\n"))
	}
	if times := ansi.Strip(lines[len(lines)-1]); !strings.Contains(times, "20 beats") {
		t.Errorf("%q does not count beats", times)
	}
}

// TestECGTellsWithoutColour finds each kind of beat by its form, in each graph.
func TestECGTellsWithoutColour(t *testing.T) {
	answered := model.Sample{RTT: 20 * time.Millisecond, Timeout: 500 * time.Millisecond}
	late := model.Sample{RTT: time.Second, Timeout: 500 * time.Millisecond, Missed: true}
	missed := model.Sample{Timeout: 500 * time.Millisecond, Missed: true}
	probe := missed
	probe.Probe = true
	for _, g := range look.Graphs {
		s := stylesFor(g)
		draw := func(samples ...model.Sample) string {
			return ansi.Strip(strings.Join(ecgOf(samples, 10).Lines(100, 10, s), "\n"))
		}
		dot := s.Glyphs.Trace.Piece(model.ProbeBeat, 1)
		other := strings.TrimSuffix(dot, ".") // in ASCII a dot is also what a spike is made of
		for name, test := range map[string]struct {
			drawn     string
			has, lack string
		}{
			"calm":   {draw(answered, answered, answered), s.Glyphs.Dash, "!" + s.Glyphs.Lost + other},
			"missed": {draw(answered, missed, answered), s.Glyphs.Lost + " no answer", "!" + other},
			"probe":  {draw(answered, missed, probe, probe), dot + " probe", "!"},
			"late":   {draw(answered, late, answered), "! late", s.Glyphs.Lost + other},
		} {
			plot := test.drawn[strings.Index(test.drawn, "\n"):]
			if !strings.Contains(test.drawn, test.has) || strings.ContainsAny(plot, test.lack) {
				t.Errorf("%s, %s: want %q and none of %q in\n%s", g, name, test.has, test.lack, test.drawn)
			}
		}
	}
}

// TestECGBreaksItsAxis gives the round trips the room where the timeout is far above them, and labels both exactly.
func TestECGBreaksItsAxis(t *testing.T) {
	s := stylesFor(look.Braille)
	beats := func(rtt time.Duration) []string {
		var samples []model.Sample
		for i := range 20 {
			samples = append(samples, model.Sample{RTT: rtt + time.Duration(i)*rtt/100, Timeout: 590 * time.Millisecond})
		}
		return strings.Split(ansi.Strip(strings.Join(ecgOf(samples, 20).Lines(80, 12, s), "\n")), "\n")
	}
	far := beats(25 * time.Millisecond)
	if !strings.HasPrefix(far[1], " 600ms≈") || !strings.HasPrefix(far[2], "  30ms┤") || !strings.ContainsAny(far[3], "⡀⢀⣀⡄⢠⡆⢰⡇⢸") {
		t.Errorf("30 ms of 600 ms:\n%s", strings.Join(far, "\n"))
	}
	near := beats(250 * time.Millisecond)
	if strings.Contains(strings.Join(near, "\n"), "≈") || !strings.HasPrefix(near[1], "    1s┤") {
		t.Errorf("250 ms of 600 ms:\n%s", strings.Join(near, "\n"))
	}
}
