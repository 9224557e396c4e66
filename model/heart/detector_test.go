package heart

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestDetectorsByHand(t *testing.T) {
	tests := []struct {
		name                     string
		samples                  []time.Duration
		mean, deviation, timeout time.Duration
	}{
		{"deviation", nil, 0, 0, 0},
		{"deviation", []time.Duration{100 * ms}, 100 * ms, 0, 100 * ms},
		{"deviation", []time.Duration{100 * ms, 200 * ms}, 150 * ms, 50 * ms, 350 * ms},
		{"deviation", []time.Duration{100 * ms, 100 * ms, 400 * ms}, 200 * ms, 200 * ms, 1000 * ms},
		{"deviation", []time.Duration{400 * ms, 400 * ms, 100 * ms}, 300 * ms, 200 * ms, 1100 * ms}, // the low side counts too

		{"jacobson", nil, 0, 0, 0},
		{"jacobson", []time.Duration{100 * ms}, 100 * ms, 50 * ms, 300 * ms},                            // R, R/2
		{"jacobson", []time.Duration{100 * ms, 100 * ms}, 100 * ms, 37500 * time.Microsecond, 250 * ms}, // ¾ of R/2
		{"jacobson", []time.Duration{100 * ms, 180 * ms}, 110 * ms, 57500 * time.Microsecond, 340 * ms}, // ¾·50 + ¼·80

		{"phi", nil, 0, 0, 0},
		{"phi", []time.Duration{100 * ms}, 100 * ms, 0, 380600062},                             // 100 ms + 5.612 · 50 ms
		{"phi", []time.Duration{100 * ms, 300 * ms}, 200 * ms, 100 * ms, 761200124},            // 200 ms + 5.612 · 100 ms
		{"phi", []time.Duration{-5 * ms, 1 * time.Hour}, 30 * time.Second, 30e9, 198360037325}, // bounded to 0 and 1 min
	}
	for _, test := range tests {
		d, err := NewDetector(test.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, rtt := range test.samples {
			d.Sample(rtt)
		}
		if d.Mean() != test.mean || d.Deviation() != test.deviation || (d.Timeout()-test.timeout).Abs() > time.Microsecond {
			t.Errorf("%s after %v: mean %v, deviation %v, timeout %v (%d), want %v, %v, %v", test.name, test.samples,
				d.Mean(), d.Deviation(), d.Timeout(), d.Timeout(), test.mean, test.deviation, test.timeout)
		}
	}
}

func TestErrorOfAnUnknownDetectorListsTheKnown(t *testing.T) {
	_, err := NewDetector("chi")
	if err == nil || !strings.Contains(err.Error(), `"chi"`) || !strings.Contains(err.Error(), "deviation, jacobson or phi") {
		t.Errorf("the error is %v", err)
	}
	for _, name := range Detectors {
		if _, err := NewDetector(name); err != nil {
			t.Error(err)
		}
	}
}

// At the quantile the tail of the normal distribution is 10⁻⁸, and so φ = 8.
func TestPhiQuantile(t *testing.T) {
	tail := math.Erfc(phiQuantile/math.Sqrt2) / 2
	if phi := -math.Log10(tail); math.Abs(phi-8) > 1e-9 {
		t.Errorf("φ is %v at the quantile", phi)
	}
}

// randomSamples returns samples with everything that is hard for a window: runs of equal values, ties for the
// extreme, outliers, and a change of level.
func randomSamples(r *rand.Rand, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration(1+i/150) * time.Duration(r.IntN(4)) * 10 * ms
		if r.IntN(50) == 0 {
			list[i] = time.Duration(r.Int64N(int64(4 * time.Second)))
		}
	}
	return list
}

// The windowed detectors agree with their definition, computed anew for each sample.
func TestWindowedDetectorsAgainstTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	samples := randomSamples(r, 2000)
	dev, phi := new(deviation), new(phi)
	for i, rtt := range samples {
		dev.Sample(rtt)
		phi.Sample(rtt)
		window := samples[max(0, i+1-windowSize) : i+1]
		mean, most, sigma := moments(window)
		if off := math.Abs(float64(dev.Mean()) - mean); off > 1e3 {
			t.Fatalf("after %d: mean %v, want %v", i, dev.Mean(), time.Duration(mean))
		}
		if off := math.Abs(float64(dev.Deviation()) - most); off > 2e3 {
			t.Fatalf("after %d: largest deviation %v, want %v", i, dev.Deviation(), time.Duration(most))
		}
		if off := math.Abs(float64(phi.Deviation()) - sigma); off > 2e3 {
			t.Fatalf("after %d: standard deviation %v, want %v", i, phi.Deviation(), time.Duration(sigma))
		}
	}
}

func moments(window []time.Duration) (mean, most, sigma float64) {
	for _, rtt := range window {
		mean += float64(rtt) / float64(len(window))
	}
	for _, rtt := range window {
		off := float64(rtt) - mean
		most = max(most, math.Abs(off))
		sigma += off * off / float64(len(window))
	}
	return mean, most, math.Sqrt(sigma)
}

func TestPhiSurvivesTheLongestSamples(t *testing.T) {
	p := new(phi)
	for range 3 * windowSize {
		p.Sample(math.MaxInt64)
	}
	if p.Mean() != longestSample || p.Deviation() > ms {
		t.Errorf("mean %v, deviation %v", p.Mean(), p.Deviation())
	}
}

func BenchmarkSample(b *testing.B) {
	samples := randomSamples(rand.New(rand.NewPCG(3, 4)), 1024)
	for _, name := range Detectors {
		b.Run(name, func(b *testing.B) {
			d, err := NewDetector(name)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.Sample(samples[i%len(samples)])
				d.Timeout()
				i++
			}
		})
	}
}
