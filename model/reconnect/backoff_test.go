package reconnect

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holter/model"
)

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func parsed(t *testing.T, backoff, jitter string) *model.Policy {
	t.Helper()
	p, err := model.ParsePolicy(backoff, jitter)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

// delaysOf collects n delays after failed attempts.
func delaysOf(d Backoff, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i], _ = d.Next(0)
	}
	return list
}

func TestDelaysWithoutJitter(t *testing.T) {
	for _, test := range []struct {
		backoff string
		want    []time.Duration
	}{
		{"none", []time.Duration{0, 0, 0}},
		{"fixed:2s", []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}},
		{"exponential:1s,2,5s", []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}},
		{"exponential:100ms,1.5,1s", []time.Duration{100 * time.Millisecond, 150 * time.Millisecond, 225 * time.Millisecond}},
		{"steps:0s,2s,10s", []time.Duration{0, 2 * time.Second, 10 * time.Second, 10 * time.Second}},
		{"exponential:1s,1,5s", []time.Duration{time.Second, time.Second}},
	} {
		got := delaysOf(NewBackoff(parsed(t, test.backoff, "none"), dice(1)), len(test.want))
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.backoff, got, test.want)
		}
	}
}

// Over many clients the delays fill the range of the formula, and their mean is in its middle.
func TestJitterDistribution(t *testing.T) {
	for _, test := range []struct {
		jitter   string
		attempt  int
		low, top time.Duration
	}{
		{"none", 3, 4 * time.Second, 4 * time.Second},
		{"full", 1, 0, time.Second},
		{"full", 3, 0, 4 * time.Second},
		{"full", 6, 0, 10 * time.Second},
		{"equal", 1, 500 * time.Millisecond, time.Second},
		{"equal", 3, 2 * time.Second, 4 * time.Second},
		{"equal", 6, 5 * time.Second, 10 * time.Second},
		{"decorrelated", 1, time.Second, 3 * time.Second},
	} {
		policy := parsed(t, "exponential:1s,2,10s", test.jitter)
		list := make([]time.Duration, 2000)
		var sum time.Duration
		for i := range list {
			list[i] = delaysOf(NewBackoff(policy, dice(uint64(i))), test.attempt)[test.attempt-1]
			sum += list[i]
		}
		slices.Sort(list)
		width, mean := test.top-test.low, sum/time.Duration(len(list))
		if list[0] < test.low || list[0] > test.low+width/20 || list[len(list)-1] > test.top || list[len(list)-1] < test.top-width/20 {
			t.Errorf("%s, attempt %d: from %s to %s, want %s to %s", test.jitter, test.attempt, list[0], list[len(list)-1], test.low, test.top)
		}
		if middle := test.low + width/2; mean < middle-width/20 || mean > middle+width/20 {
			t.Errorf("%s, attempt %d: mean %s, want about %s", test.jitter, test.attempt, mean, middle)
		}
	}
}

func TestDecorrelatedJitterWanders(t *testing.T) {
	d := NewBackoff(parsed(t, "exponential:1s,2,10s", "decorrelated"), dice(1))
	previous, capped := time.Second, 0
	for i, v := range delaysOf(d, 1000) {
		if v < time.Second || v > min(3*previous, 10*time.Second) {
			t.Fatalf("delay %d is %s after %s", i, v, previous)
		}
		if v == 10*time.Second {
			capped++
		}
		previous = v
	}
	if capped == 0 || capped > 900 {
		t.Errorf("%d of 1000 delays at the cap", capped)
	}
}

func TestDelaysStartAnewAfterAConnectionThatLasted(t *testing.T) {
	d := NewBackoff(parsed(t, "exponential:1s,2,60s", "none"), dice(1))
	for range 3 {
		d.Next(0)
	}
	if got, _ := d.Next(Settled - 1); got != 8*time.Second {
		t.Errorf("after a short connection: %s, want 8s", got)
	}
	if got, _ := d.Next(Settled); got != time.Second {
		t.Errorf("after one that lasted: %s, want 1s", got)
	}
	if got, _ := d.Next(0); got != 2*time.Second {
		t.Errorf("after the next failure: %s, want 2s", got)
	}
}

func TestAttemptsLimit(t *testing.T) {
	d := NewBackoff(&model.Policy{Kind: model.PolicyFixed, Base: time.Second, MaxAttempts: 2}, dice(1))
	want := []bool{true, true, false, true, true, false, true, true, false} // a short connection has not failed either
	for i, lasted := range []time.Duration{0, 0, 0, Settled, 0, 0, time.Millisecond, 0, 0} {
		if _, again := d.Next(lasted); again != want[i] {
			t.Errorf("attempt %d, lasted %s: again %t", i+1, lasted, again)
		}
	}
}

func TestDelaysFollowTheSeed(t *testing.T) {
	policy := parsed(t, "exponential:1s,2,60s", "full")
	a, b, c := delaysOf(NewBackoff(policy, dice(7)), 10), delaysOf(NewBackoff(policy, dice(7)), 10), delaysOf(NewBackoff(policy, dice(8)), 10)
	if !slices.Equal(a, b) {
		t.Errorf("one seed, two series: %v and %v", a, b)
	}
	if slices.Equal(a, c) {
		t.Errorf("two seeds, one series: %v", a)
	}
}

// A client whose delays begin anew at every open does not slow down where it is let in and thrown out again.
func TestDelaysBeginAnew(t *testing.T) {
	policy := &model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: time.Minute, Jitter: model.JitterNone}
	for _, test := range []struct {
		settled, lasted, want time.Duration // want is the third delay
	}{
		{Settled, time.Second, 4 * time.Second},
		{Settled, Settled, time.Second},
		{0, time.Millisecond, time.Second},
		{0, 0, 4 * time.Second},
		{30 * time.Second, 29 * time.Second, 4 * time.Second},
	} {
		b := NewBackoff(policy, dice(1))
		b.SettledAfter(test.settled)
		b.Next(test.lasted)
		b.Next(test.lasted)
		if got, _ := b.Next(test.lasted); got != test.want {
			t.Errorf("settled after %s, connections last %s: %s, want %s", test.settled, test.lasted, got, test.want)
		}
	}
}
