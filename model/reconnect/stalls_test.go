package reconnect

import (
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
)

// A busy machine delays all attempts of one number alike. That bends no policy: its figures are the round ones that explain the
// delays by lateness, or it is not sure.
func TestStallsBendNoPolicy(t *testing.T) {
	table := exponentialDelay(0.5, 2, 8)
	for _, late := range [][]float64{
		{0.107, 0.08, 0.02, 0.2, 0.03},
		{0.11, 0.03, 0.15, 0.02, 0.08, 0.05},
		{0.05, 0.15, 0.01, 0.12, 0.18},
		{0.02, 0.19, 0.18, 0.01},
	} {
		f := fleet{name: "stalled", clients: 20, refused: 50 * time.Second, rtt: 0.001, delays: by(func(k int) float64 {
			if k <= len(late) {
				return table(k) + late[k-1]
			}
			return table(k)
		}, exact)}
		right := 0
		for seed := range uint64(20) {
			clients := f.attempts(rand.New(rand.NewPCG(seed, 7)))
			for _, a := range clients {
				a.path = 0 // as of clients that nobody has pinged
			}
			p := largest(clients, model.Instant(3*time.Hour))
			switch {
			case p.Base == 500*time.Millisecond && p.Factor == 2 && p.Cap == 8*time.Second:
				right++
			case p.Confidence >= sure:
				t.Errorf("late by %v: %s, %.2f", late, p.Policy, p.Confidence)
			}
		}
		if right < 16 {
			t.Errorf("late by %v: told right %d times in 20", late, right)
		}
	}
}
