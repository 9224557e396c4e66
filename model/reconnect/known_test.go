package reconnect

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The shortest and the longest delay that each client's own code computes for the k-th attempt, counting from 1.
func TestKnownClients(t *testing.T) {
	type span struct{ min, max time.Duration }
	ms := func(low, high time.Duration) span { return span{low * time.Millisecond, high * time.Millisecond} }
	for name, delays := range map[string]map[int]span{
		"socketio": {1: ms(500, 1500), 2: ms(1000, 3000), 3: ms(2000, 5000), 4: ms(4000, 5000), 5: ms(5000, 5000), 50: ms(5000, 5000)},
		"phoenix":  {1: ms(10, 10), 2: ms(50, 50), 9: ms(2000, 2000), 10: ms(5000, 5000), 50: ms(5000, 5000)},
		"signalr":  {1: ms(0, 0), 2: ms(2000, 2000), 3: ms(10_000, 10_000), 4: ms(30_000, 30_000)},
		"centrifugo": {1: ms(500, 1000), 2: ms(500, 1500), 3: ms(500, 2500), 6: ms(500, 16_500), 7: ms(500, 20_000),
			50: ms(500, 20_000)},
		"grpc": {1: ms(800, 1200), 2: ms(1280, 1920), 3: ms(2048, 3072), 50: ms(96_000, 144_000)},
	} {
		policy := &FindPreset(name).Policy
		for k, want := range delays {
			list := make([]time.Duration, 500)
			for i := range list {
				list[i] = delaysOf(NewBackoff(policy, dice(uint64(i))), k)[k-1]
			}
			low, high, slack := slices.Min(list), slices.Max(list), (want.max-want.min)/20
			if low < want.min || low > want.min+slack || high > want.max || high < want.max-slack {
				t.Errorf("%s, attempt %d: %s to %s, want %s to %s", name, k, low, high, want.min, want.max)
			}
		}
	}
}

func TestKnownClientsAreWhole(t *testing.T) {
	for _, p := range KnownClients {
		if err := p.Policy.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if !strings.Contains(p.Source, "/") {
			t.Errorf("%s has no source", p.Name)
		}
	}
	d := NewBackoff(&FindPreset("signalr").Policy, dice(1))
	for range 4 {
		d.Next(0)
	}
	if _, again := d.Next(0); again {
		t.Error("signalr tries a fifth time")
	}
	if FindPreset("primus") != nil || Find("Primus") != nil {
		t.Error("an unknown client is known")
	}
}
