package model

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestBounds(t *testing.T) {
	base := Policy{Kind: PolicyExponential, Base: time.Second, Factor: 2, Cap: 10 * time.Second}
	with := func(j Jitter, share float64, change func(*Policy)) Policy {
		p := base
		p.Jitter, p.Share = j, share
		if change != nil {
			change(&p)
		}
		return p
	}
	inf := math.Inf(1)
	for name, tt := range map[string]struct {
		policy           Policy
		k                int
		low, high, limit float64
	}{
		"none":                {with(JitterNone, 0, nil), 3, 4, 4, inf},
		"none at the cap":     {with(JitterNone, 0, nil), 9, 10, 10, inf},
		"full":                {with(JitterFull, 1, nil), 3, 0, 4, inf},
		"equal":               {with(JitterEqual, 1./3, nil), 3, 2, 4, inf},
		"partial":             {with(JitterPartial, 0.5, nil), 9, 5, 15, inf},
		"partial, cut after":  {with(JitterPartial, 0.5, func(p *Policy) { p.CapLast = true }), 5, 8, 24, 10},
		"on top":              {with(JitterFull, 1, func(p *Policy) { p.OnTop = time.Second }), 5, 1, 11, 10},
		"linear":              {Policy{Kind: PolicyLinear, Step: time.Second, Cap: 5 * time.Second}, 4, 3, 3, inf},
		"linear at the cap":   {Policy{Kind: PolicyLinear, Step: time.Second, Cap: 5 * time.Second}, 9, 5, 5, inf},
		"added":               {with(JitterAdded, 0, func(p *Policy) { p.AddedFrom, p.AddedTo = time.Second, 3*time.Second }), 3, 5, 7, inf},
		"once":                {with(JitterOnce, 0.5, nil), 1, 0.5, 1.5, 10},
		"ranges":              {Policy{Kind: PolicySteps, Jitter: JitterRanges, Steps: []time.Duration{0, 1e9}, Ends: []time.Duration{0, 3e9}}, 5, 1, 3, inf},
		"fixed":               {Policy{Kind: PolicyFixed, Base: time.Second}, 7, 1, 1, inf},
		"at once":             {Policy{}, 7, 0, 0, inf},
		"past the table":      {Policy{Kind: PolicySteps, Steps: []time.Duration{0, time.Second}}, 7, 1, 1, inf},
		"an empty table":      {Policy{Kind: PolicySteps}, 7, 0, 0, inf},
		"decorrelated, first": {with(JitterDecorrelated, 0, nil), 1, 1, 3, 10},
		"decorrelated, later": {with(JitterDecorrelated, 0, nil), 3, 4, 4, inf},
	} {
		low, high, limit := tt.policy.Bounds(tt.k)
		if low != tt.low || high != tt.high || limit != tt.limit {
			t.Errorf("%s: %v to %v, cut at %v; want %v to %v, cut at %v", name, low, high, limit, tt.low, tt.high, tt.limit)
		}
		if tt.policy.Jitter == JitterDecorrelated {
			continue
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 1000 {
			d := tt.policy.Draw(tt.k, 0, random).Seconds()
			if d < low || d > min(high, limit) {
				t.Fatalf("%s: drew %v", name, d)
			}
		}
	}
}

// The delays of one client hang together as the policy says.
func TestDelaysThatDependOnTheOneBefore(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	series := func(p Policy, n int) (delays []float64) {
		before := time.Duration(0)
		for k := 1; k <= n; k++ {
			before = p.Draw(k, before, random)
			delays = append(delays, before.Seconds())
		}
		return delays
	}
	within := func(name string, d, low, high float64) {
		if d < low-1e-6 || d > high+1e-6 {
			t.Errorf("%s: %v, want %v to %v", name, d, low, high)
		}
	}
	for range 200 {
		once := series(Policy{Kind: PolicyExponential, Base: 3 * time.Second, Factor: 1.5, Cap: 10 * time.Second, Jitter: JitterOnce, Share: 0.5}, 8)
		within("once", once[0], 1.5, 4.5)
		for i, d := range once[1:] {
			within("once, later", d, min(10, 1.5*once[i]), min(10, 1.5*once[i]))
		}
		table := series(Policy{Kind: PolicySteps, Steps: []time.Duration{10e9, 20e9, 40e9}, Jitter: JitterAdded, AddedTo: 10 * time.Second, Carried: true}, 6)
		within("carried", table[0], 10, 20)
		within("carried, doubled", table[1], 2*table[0], 2*table[0]+10)
		within("carried, doubled again", table[2], 2*table[1], 2*table[1]+10)
		within("carried, after the table", table[5], table[2], table[2])
		walk := series(Policy{Kind: PolicyExponential, Base: time.Second, Factor: 2, Cap: 8 * time.Second, Jitter: JitterPartial, Share: 0.1, Carried: true}, 12)
		for i, d := range walk[1:] {
			within("walk", d, min(8, 1.8*walk[i]), min(8, 2.2*walk[i]))
		}
	}
}

func TestSpread(t *testing.T) {
	for _, p := range []Policy{
		{Kind: PolicyNone}, {Kind: PolicyFixed, Base: time.Second},
		{Kind: PolicyExponential, Base: time.Second, Factor: 2, Cap: time.Minute, Jitter: JitterPartial, Share: 0.5, CapLast: true},
		{Kind: PolicyLinear, Step: time.Second, Cap: 5 * time.Second, Jitter: JitterAdded, AddedTo: time.Second},
		{Kind: PolicySteps, Steps: []time.Duration{0}, Ends: []time.Duration{5 * time.Second}, Jitter: JitterRanges},
	} {
		s := p.Spread()
		low, high, _ := s.Bounds(1)
		if s.Jitter != JitterFull || s.Validate() != nil || low != 0 || high <= 0 && p.Kind != PolicyLinear {
			t.Errorf("%s spread is %s: %v to %v", p, s, low, high)
		}
	}
	if s := (Policy{Kind: PolicyUnknown, Base: time.Second}).Spread(); s.Kind != PolicyUnknown || s.Jitter != "" {
		t.Errorf("what is unknown is spread as %s", s)
	}
}

func TestValidatePolicy(t *testing.T) {
	for name, p := range map[string]Policy{
		"a share above 1":      {Kind: PolicyFixed, Base: 1, Jitter: JitterPartial, Share: 2},
		"a share below 0":      {Kind: PolicyFixed, Base: 1, Jitter: JitterPartial, Share: -1},
		"an unknown kind":      {Kind: "linear"},
		"an unknown jitter":    {Kind: PolicyFixed, Base: 1, Jitter: JitterUnknown},
		"an empty table":       {Kind: PolicySteps},
		"a negative step":      {Kind: PolicySteps, Steps: []time.Duration{-1}},
		"on top without a cap": {Kind: PolicyFixed, Base: 1, Jitter: JitterFull, OnTop: 1},
		"cut last, and no cap": {Kind: PolicyFixed, Base: 1, Jitter: JitterPartial, Share: 0.5, CapLast: true},
		"jitter and no delay":  {Jitter: JitterFull},
		"attempts below 0":     {MaxAttempts: -1},
	} {
		if p.Validate() == nil {
			t.Errorf("%s is valid", name)
		}
	}
}
