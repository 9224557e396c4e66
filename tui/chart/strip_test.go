package chart

import (
	"math"
	"testing"

	"holter/model"
	"holter/tui/look"
)

func TestStrip(t *testing.T) {
	for _, test := range []struct {
		per, w int
		want   string
		ascii  string
	}{
		{1, 20, "····▁▂▃▁▁▄▅▆▇█××!▁▁▁", "    __.__--==#xx!___"},
		{1, 6, "××!▁▁▁", "xx!___"},
		{3, 6, "▁▃▅█×▁", "_.-#x_"},
		{3, 7, "·▁▃▅█×▁", " _.-#x_"},
		{100, 2, "·×", " x"},
		{0, 3, "▁▁▁", "___"},
		{1, 0, "", ""},
	} {
		if got := PlainStrip(allBeats, test.per, test.w, &look.UnicodeGlyphs); got != test.want {
			t.Errorf("%d beats in a cell, %d cells: %q, want %q", test.per, test.w, got, test.want)
		}
		if got := PlainStrip(allBeats, test.per, test.w, &look.ASCIIGlyphs); got != test.ascii {
			t.Errorf("ASCII, %d beats in a cell, %d cells: %q, want %q", test.per, test.w, got, test.ascii)
		}
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
	beats := model.Strip{1, 2, 1, 1, 1, 7, 8, 9, 9, 10, 1, 1, 1, 1, 2, 1, 1, 6, 1, 1, 2, 2, 1, 1}
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
