package swarm

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What the clients' own code computes for the k-th attempt, from 1: the shortest and the longest delay.
func TestPresets(t *testing.T) {
	ms := func(low, high time.Duration) Span { return Span{low * time.Millisecond, high * time.Millisecond} }
	for name, want := range map[string]map[int]Span{
		"socketio": {1: ms(500, 1500), 2: ms(1000, 3000), 3: ms(2000, 5000), 4: ms(4000, 5000), 5: ms(5000, 5000), 50: ms(5000, 5000)},
		"phoenix":  {1: ms(10, 10), 2: ms(50, 50), 9: ms(2000, 2000), 10: ms(5000, 5000), 50: ms(5000, 5000)},
		"signalr":  {1: ms(0, 0), 2: ms(2000, 2000), 3: ms(10_000, 10_000), 4: ms(30_000, 30_000)},
		"centrifugo": {1: ms(500, 1000), 2: ms(500, 1500), 3: ms(500, 2500), 6: ms(500, 16_500), 7: ms(500, 20_000),
			50: ms(500, 20_000)},
		"grpc": {1: ms(800, 1200), 2: ms(1280, 1920), 3: ms(2048, 3072), 50: ms(96_000, 144_000)},
	} {
		preset, err := FindPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		for k, span := range want {
			list := make([]time.Duration, 500)
			for i := range list {
				list[i] = take(preset.Policy.start(dice(uint64(i))), k)[k-1]
			}
			low, high, slack := slices.Min(list), slices.Max(list), (span.Max-span.Min)/20
			if low < span.Min || low > span.Min+slack || high > span.Max || high < span.Max-slack {
				t.Errorf("%s, attempt %d: %s to %s, want %s to %s", name, k, low, high, span.Min, span.Max)
			}
		}
	}
}

func TestPresetsAreWhole(t *testing.T) {
	for _, p := range Presets {
		if err := p.Policy.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if !strings.Contains(p.Source, "/") {
			t.Errorf("%s has no source", p.Name)
		}
	}
	signalr, _ := FindPreset("signalr")
	d := signalr.Policy.start(dice(1))
	for range 4 {
		d.next(0)
	}
	if _, again := d.next(0); again {
		t.Error("signalr tries a fifth time")
	}
	if _, err := FindPreset("primus"); err == nil || !strings.Contains(err.Error(), "write socketio, phoenix, signalr, centrifugo or grpc") {
		t.Errorf("an unknown preset: %v", err)
	}
}
