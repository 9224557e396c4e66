package server

import (
	"strings"
	"testing"
	"time"
)

// Clients that are refused together come back at times as different as there are seconds.
func TestSpread(t *testing.T) {
	seen := make(map[time.Duration]int)
	for i := range 600 {
		seen[spread(waitForPlace, retrySpread, float64(i)/600)]++
	}
	for after := 5 * time.Second; after <= 10*time.Second; after += time.Second {
		if seen[after] != 100 {
			t.Errorf("%d of 600 come after %v", seen[after], after)
		}
	}
}

func TestRate(t *testing.T) {
	for text, want := range map[string]Rate{"50/s": 50, "0.5/s": 0.5, "7": 7, "0": 0} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%s: %v, error %v", text, r, err)
		}
		if err := r.UnmarshalText([]byte(r.String())); err != nil || r != want {
			t.Errorf("%s: %v in return, error %v", text, r, err)
		}
	}
	for _, text := range []string{"", "/s", "fast", "50/m", "50 per second"} {
		if err := new(Rate).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "50/s") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
