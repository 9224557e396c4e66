package reconnect

import (
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
)

// flapping simulates n clients that lose their connection, are refused for a number of attempts, and are then let in and
// closed again within 200 ms for a number of times. The i-th starts over at each open if resets(i).
func flapping(random *rand.Rand, p *model.Policy, n, refused, flaps int, resets func(i int) bool) []*Attempts {
	clients := make([]*Attempts, n)
	for i := range clients {
		a, at := new(Attempts), model.Instant(time.Hour)
		a.Lose(at, &Loss{Close: model.Close{Code: 1006, By: model.ByHolter}, Lasted: time.Minute, Path: time.Millisecond})
		k, before := 0, time.Duration(0)
		try := func(in bool) {
			k++
			before = p.Draw(k, before, random)
			at += model.Instant(before) + model.Instant(random.IntN(int(5*time.Millisecond)))
			a.Try(at, 0, !in, 0)
		}
		for range refused {
			try(false)
		}
		for range flaps {
			try(true)
			at += model.Instant(200 * time.Millisecond)
			a.Lose(at, &Loss{Close: model.Close{Code: 4401, By: model.ByApp}, Lasted: 200 * time.Millisecond, Path: time.Millisecond})
			if resets(i) {
				k, before = 0, 0
			}
		}
		try(true)
		clients[i] = a
	}
	return clients
}

func yes(int) bool { return true }
func no(int) bool  { return false }

// Fleets that start over at each open are told from those that go on, and nothing is said without evidence.
func TestResetsAtOpen(t *testing.T) {
	exponential := model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 30 * time.Second}
	with := func(j model.Jitter, share float64) *model.Policy {
		p := exponential
		p.Jitter, p.Share = j, share
		return &p
	}
	steps := &model.Policy{Kind: model.PolicySteps, Steps: []time.Duration{500 * time.Millisecond, 2 * time.Second, 10 * time.Second, 30 * time.Second}}
	fixed := &model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second}
	half := func(i int) bool { return i%2 == 0 }
	for _, c := range []struct {
		name           string
		policy         *model.Policy
		n              int
		refused, flaps int
		resets         func(int) bool
		want           model.Reset
		least          int // of 100 fleets that are told; the others must be unknown
	}{
		{"exponential", &exponential, 24, 4, 3, yes, model.ResetAtOpen, 90},
		{"exponential, goes on", &exponential, 24, 4, 3, no, model.ResetAfterStay, 90},
		{"±50 %", with(model.JitterPartial, 0.5), 24, 4, 3, yes, model.ResetAtOpen, 90},
		{"±50 %, goes on", with(model.JitterPartial, 0.5), 24, 4, 3, no, model.ResetAfterStay, 90},
		{"full jitter", with(model.JitterFull, 1), 200, 4, 3, yes, model.ResetAtOpen, 90},
		{"full jitter, goes on", with(model.JitterFull, 1), 200, 4, 3, no, model.ResetAfterStay, 90},
		{"few, full jitter", with(model.JitterFull, 1), 24, 4, 3, yes, model.ResetAtOpen, 0},
		{"for long", with(model.JitterPartial, 0.5), 24, 5, 200, yes, model.ResetAtOpen, 90},
		{"steps", steps, 24, 4, 3, yes, model.ResetAtOpen, 90},
		{"steps, goes on", steps, 24, 4, 3, no, model.ResetAfterStay, 90},
		{"half of them", &exponential, 40, 4, 3, half, model.ResetUnknown, 100},
		{"half of them, full jitter", with(model.JitterFull, 1), 200, 4, 3, half, model.ResetUnknown, 100},
		{"fixed", fixed, 40, 4, 4, yes, model.ResetUnknown, 100},
		{"none", &model.Policy{Kind: model.PolicyNone}, 40, 4, 4, yes, model.ResetUnknown, 100},
		{"decorrelated", with(model.JitterDecorrelated, 1), 40, 6, 4, yes, model.ResetUnknown, 100},
		{"never refused", &exponential, 40, 0, 6, yes, model.ResetUnknown, 100},
		{"never refused, goes on", &exponential, 40, 0, 6, no, model.ResetUnknown, 100},
		{"seven clients", &exponential, 7, 4, 3, yes, model.ResetUnknown, 100},
		{"never let in", &exponential, 40, 6, 0, yes, model.ResetUnknown, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			right := 0
			for seed := range uint64(100) {
				clients := flapping(rand.New(rand.NewPCG(seed, 1)), c.policy, c.n, c.refused, c.flaps, c.resets)
				p := largest(clients, model.Instant(2*time.Hour))
				switch p.Resets {
				case c.want:
					right++
				case model.ResetUnknown:
				default:
					t.Errorf("seed %d: %v at a confidence of %.2f", seed, p.Resets, p.Confidence)
				}
			}
			if right < c.least {
				t.Errorf("%d of 100 fleets are told", right)
			}
		})
	}
}

// A policy that does not show when its delays start anew says why.
func TestNoReset(t *testing.T) {
	policy := func(backoff, jitter string, sure float64) *model.PoolPolicy {
		return &model.PoolPolicy{Policy: *parsed(t, backoff, jitter), Confidence: sure}
	}
	known := policy("exponential:1s,2,60s", "none", 0.9)
	known.Resets = model.ResetAtOpen
	for _, c := range []struct {
		policy *model.PoolPolicy
		want   string
	}{
		{known, ""},
		{&model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyUnknown}}, ""},
		{policy("fixed:1s", "none", 0.9), "delays that do not grow do not show it"},
		{policy("none", "none", 0.9), "delays that do not grow do not show it"},
		{policy("exponential:1s,2,60s", "none", 0.5), "the policy is not sure enough"},
		{policy("exponential:1s,2,60s", "decorrelated", 0.9), "with this jitter a short delay may be chance"},
		{policy("linear:0s,1s,5s", "none", 0.9), "too few were refused, then closed within seconds"},
	} {
		if got := NoReset(c.policy); got != c.want {
			t.Errorf("%s: %q, want %q", c.policy.Policy, got, c.want)
		}
	}
}

// A client gives up when it is silent for clearly longer than its policy allows, for twice that if the policy is not sure; if it
// is not known, than its own delays and a minute. Meanwhile that is doubtful.
func TestGaveUp(t *testing.T) {
	known := &model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 60 * time.Second}, Confidence: 0.9}
	steps := &model.PoolPolicy{Policy: model.Policy{Kind: model.PolicySteps, Steps: []time.Duration{0, 2 * time.Second, 10 * time.Second, 30 * time.Second}}, Confidence: 0.9}
	doubtful := &model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyFixed, Base: time.Second}, Confidence: 0.3}
	heeding := &model.PoolPolicy{Policy: doubtful.Policy, Confidence: 0.57, Obeys: true}
	seconds := func(s ...int) []time.Duration {
		delays := make([]time.Duration, len(s))
		for i := range s {
			delays[i] = time.Duration(s[i]) * time.Second
		}
		return delays
	}
	for _, c := range []struct {
		name        string
		policy      *model.PoolPolicy
		close       model.Close
		delays      []time.Duration // before refused attempts
		asked       time.Duration   // by the last refusal
		still, gone time.Duration   // silences with which it is trying, and has given up
		doubtful    bool            // with the first of these
	}{
		{"never tried", nil, model.Close{Code: 1006}, nil, 0, 59 * time.Second, 61 * time.Second, true},
		{"known, never tried", known, model.Close{Code: 1006}, nil, 0, 11 * time.Second, 13 * time.Second, false},
		{"growing", known, model.Close{Code: 1006}, seconds(1, 2, 4, 8, 16), 0, 64 * time.Second, 75 * time.Second, false},
		{"at the cap", known, model.Close{Code: 1006}, seconds(1, 2, 4, 8, 16, 32, 60, 60), 0, 120 * time.Second, 140 * time.Second, false},
		{"end of the table", steps, model.Close{Code: 1006}, seconds(0, 2, 10, 30), 0, 65 * time.Second, 75 * time.Second, false},
		{"unknown, slow", nil, model.Close{Code: 1006}, seconds(5, 20), 0, 190 * time.Second, 210 * time.Second, true},
		{"doubtful", doubtful, model.Close{Code: 1006}, seconds(1, 1), 0, 23 * time.Second, 25 * time.Second, true},
		{"doubtful, obeys", heeding, model.Close{Code: 1006}, seconds(1, 7, 4), 6 * time.Second, 29 * time.Second, 33 * time.Second, true},
		{"asked to wait", known, model.Close{Code: 1006}, seconds(1), 100 * time.Second, 110 * time.Second, 120 * time.Second, false},
		{"left", known, model.Close{Code: 1000, By: model.ByPeer}, nil, 0, time.Hour, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, at := &Attempts{policy: c.policy}, model.Instant(time.Hour)
			a.Lose(at, &Loss{Close: c.close, Lasted: time.Minute})
			for _, d := range c.delays {
				at += model.Instant(d)
				a.Try(at, 0, true, c.asked)
			}
			if a.GaveUp(at + model.Instant(c.still)) {
				t.Errorf("gave up after %v", c.still)
			}
			if a.Doubtful(at+model.Instant(c.still)) != c.doubtful || a.Doubtful(at) || a.Doubtful(at+model.Instant(time.Hour)) {
				t.Errorf("doubtful after %v: %t", c.still, !c.doubtful)
			}
			if c.gone > 0 && !a.GaveUp(at+model.Instant(c.gone)) {
				t.Errorf("has not given up after %v", c.gone)
			}
			a.Try(at, 0, false, 0)
			if a.GaveUp(at + model.Instant(time.Hour)) {
				t.Error("gave up while it has a connection")
			}
		})
	}
}
