package chart

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"holter/model"
	"holter/tui/look"
)

// Figures for charts, always the same ones.

// wavingSamples are the round trips of a connection that is well but for a spike, a miss with two probes and a late
// answer.
func wavingSamples(n int, base time.Duration) []model.Sample {
	r := rand.New(rand.NewPCG(1, 2))
	samples := make([]model.Sample, n)
	for i := range samples {
		wave := 1 + 0.5*math.Sin(float64(i)/5) + 0.3*r.Float64()
		samples[i] = model.Sample{
			RTT:     time.Duration(float64(base) * wave),
			Timeout: 400*time.Millisecond + base*time.Duration(2+i/20),
		}
	}
	if n > 40 {
		samples[20].RTT *= 8
		samples[33] = model.Sample{Timeout: samples[33].Timeout, Missed: true}
		samples[34] = model.Sample{Timeout: samples[33].Timeout, Missed: true, Probe: true}
		samples[35] = samples[34]
		samples[40] = model.Sample{RTT: samples[40].Timeout * 3 / 2, Timeout: samples[40].Timeout, Missed: true}
	}
	return samples
}

// stormyBins are calm but for the end of many connections and their return.
func stormyBins(n int) []model.Activity {
	r := rand.New(rand.NewPCG(3, 4))
	bins := make([]model.Activity, n)
	for i := range bins {
		if r.IntN(20) == 0 {
			bins[i].Connects = r.Uint32N(3)
		}
		if r.IntN(30) == 0 {
			bins[i].Closes = r.Uint32N(3)
		}
	}
	at := n - 200
	if at < 0 {
		return bins
	}
	bins[at].Closes = 80
	for i := range 100 {
		bins[at+2+i].Connects = uint32(40 * math.Exp(-float64(i)/20))
		bins[at+2+i].Refused = uint32(20 * math.Exp(-float64(i)/10))
	}
	return bins
}

func stylesFor(g look.Graph) *look.Styles {
	return look.New(look.Themes[0], g, func(name string) string { return map[string]string{"LANG": "C.UTF-8"}[name] })
}

// requireSize fails unless there are h lines of w cells.
func requireSize(t *testing.T, what string, lines []string, w, h int) {
	t.Helper()
	if w <= 0 || h <= 0 {
		h = 0
	}
	if len(lines) != h {
		t.Fatalf("%s: %d lines instead of %d of %d cells:\n%s", what, len(lines), h, w, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		requireWidth(t, what, line, w)
	}
}

// requireWidth fails unless line is one of w cells.
func requireWidth(t *testing.T, what, line string, w int) {
	t.Helper()
	if got := ansi.StringWidth(line); got != max(w, 0) || strings.Contains(line, "\n") {
		t.Fatalf("%s: a line of %d cells instead of %d: %q", what, got, w, line)
	}
}

// odd is a figure that is easily forgotten.
func odd(r *rand.Rand) float64 {
	kinds := []float64{0, 1, -1, 100, 1e-12, 1e300, -1e300, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}
	if r.IntN(2) == 0 {
		return kinds[r.IntN(len(kinds))]
	}
	return math.Exp(r.NormFloat64() * 10)
}

func oddFigures(r *rand.Rand, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = odd(r)
	}
	return values
}

func oddSamples(r *rand.Rand, n int) []model.Sample {
	samples := make([]model.Sample, n)
	for i := range samples {
		samples[i] = model.Sample{RTT: time.Duration(r.Uint64()), Timeout: time.Duration(r.Uint64()), Missed: r.IntN(3) == 0}
		if r.IntN(4) > 0 {
			samples[i].At = noon.Add(time.Duration(r.Uint64() >> r.UintN(64)))
		}
		samples[i].Probe = r.IntN(3) == 0
		if r.IntN(2) == 0 {
			samples[i].RTT %= time.Second
			samples[i].Timeout %= 4 * time.Second
		}
	}
	return samples
}

func oddBins(r *rand.Rand, n int) []model.Activity {
	bins := make([]model.Activity, n)
	for i := range bins {
		if r.IntN(3) == 0 {
			bins[i] = model.Activity{Connects: r.Uint32(), Closes: r.Uint32N(5), Refused: r.Uint32N(1 << r.UintN(32))}
		}
	}
	return bins
}

// TestPartsFit draws whatever comes in whatever size: every line has to have its width.
func TestPartsFit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		s := stylesFor(look.Graphs[r.IntN(len(look.Graphs))])
		w, h := r.IntN(40)*r.IntN(6)-1, r.IntN(14)-1
		e := ECG{Samples: oddSamples(r, r.IntN(70)), Beats: r.IntN(70) - 1, Interval: time.Duration(r.Uint64() >> r.UintN(64)), End: noon, Over: r.IntN(2) == 0}
		requireSize(t, "ecg", e.Lines(w, h, s), w, h)
		end := noon.Add(time.Duration(r.Int64()))
		bins := oddBins(r, r.IntN(2*w*w%600+1))
		requireSize(t, "activity", Activity(bins, noon, end, time.Duration(r.Int64()>>r.UintN(30)), w, h, s), w, h)
		c := Chart{Title: "any", Label: axisTime, Top: odd(r), Named: odd(r), Log: r.IntN(2) == 0, Times: []Tick{{odd(r), "then"}, {1, "now"}},
			Series: []Series{{Name: "a", Key: "-", Form: Form(r.IntN(2)), Values: oddFigures(r, r.IntN(300))}}}
		requireSize(t, "chart", c.Lines(w, h, s), w, h)

		requireSize(t, "load", Load("cpu", oddFigures(r, r.IntN(300)), time.Duration(r.Int64()>>r.UintN(40)), w, h, s), w, h)

		beats := make([]model.Beat, r.IntN(30))
		for i := range beats {
			beats[i] = model.Beat(r.UintN(256) >> r.UintN(8))
		}
		per := r.IntN(5) - 1
		requireWidth(t, "strip", Strip(beats, per, w, s), w)
		requireWidth(t, "plain strip", PlainStrip(beats, per, w, &s.Glyphs), w)
		requireWidth(t, "sparkline", Sparkline(oddFigures(r, r.IntN(60)), odd(r), w, &s.Glyphs), w)
		requireWidth(t, "gauge", Gauge(odd(r), w, &s.Glyphs), w)
	}
}

// noon is when everything in the tests happens.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
