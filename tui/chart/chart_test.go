package chart

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/tui/look"
)

// TestChartGoldens has each chart in each graph and in sizes from roomy to tiny.
func TestChartGoldens(t *testing.T) {
	for _, g := range look.Graphs {
		s := stylesFor(g)
		var b strings.Builder
		for _, size := range []struct{ w, h int }{{100, 14}, {72, 7}, {70, 4}, {40, 2}, {12, 3}} {
			for _, lines := range [][]string{
				ecgOf(wavingSamples(60, 100*time.Millisecond), 30).Lines(size.w, size.h, s),
				ecgOf(wavingSamples(60, time.Millisecond), 60).Lines(size.w, size.h, s),
				Activity(stormyBins(model.MaxActivity), noon.Add(-time.Hour), noon, 2*time.Minute, size.w, size.h, s),
			} {
				b.WriteString(ansi.Strip(strings.Join(lines, "\n")) + "\n\n")
			}
		}
		t.Run(string(g), func(t *testing.T) { golden.RequireEqual(t, []byte(b.String())) })
	}
}

// TestChartColours has a chart with its looks.
func TestChartColours(t *testing.T) {
	lines := ecgOf(wavingSamples(60, 100*time.Millisecond), 30).Lines(60, 6, stylesFor(look.Braille))
	lines = append(lines, Activity(stormyBins(600), noon.Add(-time.Hour), noon, time.Minute, 60, 6, stylesFor(look.Braille))...)
	golden.RequireEqual(t, []byte(strings.Join(lines, "\n")))
}

func TestLoadChartGolden(t *testing.T) {
	loads := make([]float64, 100)
	for i := range loads {
		loads[i] = 50 + 45*math.Sin(float64(i)/9)
	}
	loads[40] = math.NaN()
	var b strings.Builder
	for _, g := range look.Graphs {
		for _, over := range []time.Duration{time.Minute, 2 * time.Minute, 10 * time.Minute} {
			b.WriteString(ansi.Strip(strings.Join(Load("cpu", loads, over, 72, 7, stylesFor(g)), "\n")) + "\n")
		}
	}
	golden.RequireEqual(t, []byte(b.String()))
}

func TestChartsOfNothing(t *testing.T) {
	s := stylesFor(look.Braille)
	lines := ecgOf(nil, 30).Lines(60, 6, s)
	lines = append(lines, Activity(nil, noon, noon, time.Minute, 60, 6, s)...)
	golden.RequireEqual(t, []byte(ansi.Strip(strings.Join(lines, "\n"))))
}

// TestSpikesStay puts one spike among many figures: it must reach the top wherever it is.
func TestSpikesStay(t *testing.T) {
	s := stylesFor(look.Braille)
	for at := range 1000 {
		values := make([]float64, 1000)
		values[at] = 50
		c := Chart{Label: axisTime, Series: []Series{{Values: values}}}
		top := ansi.Strip(c.Lines(19, 2, s)[0])
		if strings.Trim(top, " ⠀") == "" {
			t.Fatalf("no trace of the spike at %d", at)
		}
	}
}

// TestGapsStay leaves a hole in the middle.
func TestGapsStay(t *testing.T) {
	values := []float64{1, 1, 1, math.NaN(), math.NaN(), math.NaN(), 1, 1, 1}
	for _, g := range look.Graphs {
		c := Chart{Label: axisTime, Series: []Series{{Values: values}}}
		line := ansi.Strip(strings.Join(c.Lines(18, 1, stylesFor(g)), ""))
		if len(strings.Fields(line)) != 2 {
			t.Errorf("%s: %q, want a gap in the middle", g, line)
		}
	}
}

// TestColumnsHoldStill moves the window on by one bin: only whole columns move.
func TestColumnsHoldStill(t *testing.T) {
	bins := stormyBins(2000)
	const per, n = 5, 100
	before := activityColumns(bins[:1500], 10_000, per, n)
	for step := 1; step < per; step++ {
		after := activityColumns(bins[step:1500+step], 10_000+step, per, n)
		for x := range n - 2 {
			if after[x] != before[x+1] {
				t.Fatalf("after %d bins column %d is %v, was %v", step, x, after[x], before[x+1])
			}
		}
	}
}

func TestActivityIsPerSecond(t *testing.T) {
	bins := make([]model.Activity, 40)
	for i := range bins {
		bins[i] = model.Activity{Connects: 2, Closes: 1, Refused: 3}
	}
	for _, per := range []int{1, 2, 4, 8} {
		columns := activityColumns(bins, 40, per, 3)
		for _, c := range columns {
			if math.Abs(c.connects-8) > 1e-9 || math.Abs(c.closes-4) > 1e-9 || math.Abs(c.refused-12) > 1e-9 {
				t.Errorf("%d bins in a column: %+v, want 8, 4 and 12 a second", per, c)
			}
		}
	}
}

// TestOneConnectIsSeenBesideABurst has a burst of hundreds and one connect and one close, minutes apart.
func TestOneConnectIsSeenBesideABurst(t *testing.T) {
	bins := make([]model.Activity, 600)
	bins[500] = model.Activity{Closes: 200, Refused: 200}
	for _, g := range look.Graphs {
		for _, h := range []int{5, 7, 10} {
			draw := func() string {
				return ansi.Strip(strings.Join(Activity(bins, noon.Add(-time.Hour), noon, 2*time.Minute, 120, h, stylesFor(g)), "\n"))
			}
			bins[100] = model.Activity{}
			calm := draw()
			bins[100].Connects = 1
			connect := draw()
			bins[100] = model.Activity{Closes: 1}
			if closed := draw(); calm == connect || calm == closed {
				t.Errorf("%s, %d lines: one connect or close cannot be seen:\n%s", g, h, closed)
			}
		}
	}
}

// TestActivityAxisIsRound looks at the labels, whatever the figures are.
func TestActivityAxisIsRound(t *testing.T) {
	round := regexp.MustCompile(`^(0|[1235]0{0,2}[kMG]?)$`)
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		h := 5 + r.IntN(10)
		bins := make([]model.Activity, 300)
		for range 5 {
			bins[r.IntN(300)] = model.Activity{Connects: r.Uint32N(1 << r.UintN(20)), Closes: r.Uint32N(1 << r.UintN(20))}
		}
		lines := Activity(bins, noon.Add(-time.Hour), noon, time.Minute, 100, h, stylesFor(look.Braille))
		if len(lines) >= activityTitleFrom {
			lines = lines[1:]
		}
		for _, line := range lines[:len(lines)-1] {
			label, _, _ := strings.Cut(ansi.Strip(line), "┤")
			if label = strings.TrimSpace(label); label != "" && !round.MatchString(label) {
				t.Fatalf("the axis is labelled %q:\n%s", label, strings.Join(lines, "\n"))
			}
		}
		if last := ansi.Strip(lines[len(lines)-1]); !strings.HasPrefix(last, "   log") {
			t.Fatalf("the axis does not say what it is: %q", last)
		}
	}
}

func TestScale(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		log       bool
		v         float64
		want      int
	}{
		{0, 100, false, 0, 0},
		{0, 100, false, 100, 100},
		{0, 100, false, 50, 50},
		{0, 100, false, 1000, 100},
		{0, 100, false, -1, 0},
		{0, 93, false, 93, 93},
		{1, 10_000, true, 1, 0},
		{1, 10_000, true, 10, 25},
		{1, 10_000, true, 0, 0},
		{1, 10_000, true, 1e300, 100},
		{0, 0, false, 1, 100},
		{0, math.NaN(), true, math.Inf(1), 100},
	} {
		s := newScale(test.low, test.high, test.log, 101)
		if got := s.dot(test.v); got != test.want {
			t.Errorf("%v on %+v is dot %d, want %d", test.v, s, got, test.want)
		}
	}
}

func TestRoundFigures(t *testing.T) {
	for _, test := range []struct{ v, up, down float64 }{
		{1, 1, 1}, {1.01, 2, 1}, {2.5, 3, 2}, {3, 3, 3}, {7, 10, 5}, {0.04, 0.05, 0.03}, {1234, 2000, 1000},
	} {
		if up, down := roundUp(test.v), roundDown(test.v); math.Abs(up/test.up-1) > 1e-9 || math.Abs(down/test.down-1) > 1e-9 {
			t.Errorf("%v rounds to %v and %v, want %v and %v", test.v, up, down, test.up, test.down)
		}
	}
}

func TestAxisTime(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0003: "0.3ms", 0.02: "20ms", 0.75: "750ms", 1: "1s", 2.5: "2.5s", 60: "1m00s", 1e300: "31y", 0.00075: "0.75ms",
	} {
		if got := axisTime(v); got != want {
			t.Errorf("%v s is labelled %q, want %q", v, got, want)
		}
	}
}

func BenchmarkCharts(b *testing.B) {
	s := stylesFor(look.Braille)
	samples, bins := wavingSamples(60, time.Millisecond), stormyBins(model.MaxActivity)
	figures := make([]float64, 2400)
	for i := range figures {
		figures[i] = float64(i * 7919 % 1000)
	}
	wide := Chart{Label: axisTime, Series: []Series{{Values: figures}}}
	for name, draw := range map[string]func() []string{
		"ecg":      func() []string { return ecgOf(samples, 60).Lines(160, 20, s) },
		"activity": func() []string { return Activity(bins, noon, noon, 10*time.Minute, 160, 20, s) },
		"area":     func() []string { return wide.Lines(160, 20, s) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				draw()
			}
		})
	}
}
