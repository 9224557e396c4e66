package chart

import (
	"math"
	"testing"

	"holter/model"
	"holter/tui/look"
)

// spike is a beat well within the timeout.
func spike(height int) model.Beat { return model.Beat(1).Raised(height) }

func TestStrip(t *testing.T) {
	calm := []model.Beat{0, spike(4), spike(4), spike(3), spike(8), spike(4)}
	lost := []model.Beat{spike(4), spike(6), model.MissedBeat, model.ProbeBeat, model.ProbeBeat}
	late := []model.Beat{spike(1), model.LateBeat, spike(2)}
	for _, test := range []struct {
		beats  []model.Beat
		per, w int
		want   [3]string // in braille, blocks and ASCII
	}{
		{calm, 1, 18, [3]string{"   ⡔⢢⣀⡔⢢⣀⡔⢄⣀⣼⣧⣀⡔⢢⣀", "   ▄▁▁▄▁▁▃▁▁█▁▁▄▁▁", `   /\_/\_/\_/#_/\_`}},
		{calm, 1, 20, [3]string{"     ⡔⢢⣀⡔⢢⣀⡔⢄⣀⣼⣧⣀⡔⢢⣀", "     ▄▁▁▄▁▁▃▁▁█▁▁▄▁▁", `     /\_/\_/\_/#_/\_`}},
		{calm, 1, 9, [3]string{"⣀⡔⢢⡔⢄⣼⣧⡔⢢", "▁▄▁▃▁█▁▄▁", `_/\/\/#/\`}},
		{calm, 2, 18, [3]string{"        ⡔⢢⡔⢢⡔⢄⣼⣧⡔⢢", "        ▄▁▄▁▃▁█▁▄▁", `        /\/\/\/#/\`}},
		{calm, 3, 7, [3]string{"  ⣰⣰⣰⣼⣰", "  ▄▄▃█▄", "  ^^^#^"}},
		{calm, 4, 4, [3]string{" ⣰⣰⣼", " ▄▄█", " ^^#"}},
		{calm, 102, 2, [3]string{" ⣼", " █", " #"}},
		{lost, 1, 18, [3]string{"   ⡔⢢⣀⡜⢣⣀⣀⣀⣀⣀⣂⣀⣀⣂⣀", "   ▄▁▁▆▁▁▁▁▁▁·▁▁·▁", `   /\_/|_____.__._`}},
		{lost, 3, 5, [3]string{"⣰⣸⣀⣂⣂", "▄▆▁··", "^|_.."}},
		{lost, 4, 3, [3]string{"⣰⣀⣂", "▄▁·", "^_."}},
		{late, 1, 19, [3]string{"          ⡠⣀⣀⣀!⣀⡠⢄⣀", "          ▂▁▁▁!▁▂▁▁", `          -___!_-__`}},
		{[]model.Beat{255, 12, 0x93}, 1, 18, [3]string{"               ⣼⣧⣀", "               █▁▁", "               /#_"}},
		{nil, 0, 3, [3]string{"   ", "   ", "   "}},
		{calm, 1, 0, [3]string{}},
		{calm, 1, -3, [3]string{}},
	} {
		for i, graph := range []look.Graph{look.Braille, look.Block, look.ASCII} {
			if got := PlainStrip(test.beats, test.per, test.w, &stylesFor(graph).Glyphs); got != test.want[i] {
				t.Errorf("%s, %v, zoom %d, %d cells: %q, want %q", graph, test.beats, test.per, test.w, got, test.want[i])
			}
		}
	}
}

// A strip that is calm stays the same from beat to beat, so nothing is written to the terminal for it.
func TestStripMovesByWholeBeats(t *testing.T) {
	s := stylesFor(look.Braille)
	var beats model.Strip
	for i := range beats {
		beats[i] = spike(4)
	}
	for per := range 6 {
		for w := range 30 {
			before := Strip(beats[:len(beats)-1], per, w, s)
			if after := Strip(beats[:], per, w, s); per < 4 && after != before && w < 24 {
				t.Errorf("zoom %d, %d cells: %q became %q", per, w, before, after)
			}
		}
	}
}

func TestStripIsColouredByTheTimeout(t *testing.T) {
	s := stylesFor(look.Braille)
	calm, tight, bad := s.States[model.Normal], s.States[model.Suspect], s.Chart.Miss
	got := Strip([]model.Beat{spike(8), model.Beat(6).Raised(4), model.MissedBeat, model.ProbeBeat, model.LateBeat, spike(4)}, 1, 18, s)
	want := calm.String("⣼⣧⣀") + tight.String("⡔⢢⣀") + bad.String("⣀⣀⣀⣀⣂⣀") + tight.String("⣀!⣀") + calm.String("⡔⢢⣀")
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSparkline(t *testing.T) {
	gap := math.NaN()
	for _, test := range []struct {
		values []float64
		top    float64
		w      int
		want   string
	}{
		{[]float64{0, 1, 2, 3, 4, 5, gap, 6, 7}, 0, 9, "▁▂▃▄▅▆ ▇█"},
		{[]float64{0, 0.001, 100, 50, 200}, 100, 5, "▁▂█▅█"},
		{[]float64{9, 9, 1, 2}, 2, 2, "▅█"},
		{[]float64{1}, 1, 3, "  █"},
		{[]float64{0, 0}, 0, 2, "▁▁"},
		{nil, 0, 2, "  "},
		{[]float64{1}, 1, 0, ""},
	} {
		if got := Sparkline(test.values, test.top, test.w, &look.UnicodeGlyphs); got != test.want {
			t.Errorf("%v of %v: %q, want %q", test.values, test.top, got, test.want)
		}
	}
}

func BenchmarkStrip(b *testing.B) {
	s := stylesFor(look.Braille)
	beats := model.Strip{1, 2, 9, 11, 11, 10, spike(8), spike(3)}
	for i := 8; i < len(beats); i++ {
		beats[i] = model.Beat(1 + i%8).Raised(i % 9)
	}
	b.ReportAllocs()
	for b.Loop() {
		Strip(beats[:], 1, 24, s)
	}
}

func TestGauge(t *testing.T) {
	for _, test := range []struct {
		share float64
		want  string
	}{{-1, "▐    ▌"}, {0, "▐    ▌"}, {0.25, "▐█   ▌"}, {0.5625, "▐██▎ ▌"}, {1, "▐████▌"}, {7, "▐████▌"}, {math.Inf(1), "▐████▌"}} {
		if got := Gauge(test.share, 6, &look.UnicodeGlyphs); got != test.want {
			t.Errorf("%v: %q, want %q", test.share, got, test.want)
		}
	}
}
