package storm

import (
	"math"
	"testing"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

func TestForecast(t *testing.T) {
	of := func(p model.Policy, clients int, like string) model.PoolPolicy {
		return model.PoolPolicy{Policy: p, Clients: clients, Like: like}
	}
	exponential := model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: model.JitterNone}
	for _, c := range []struct {
		name   string
		policy model.PoolPolicy
		peak   float64 // as measured
		back   time.Duration
		spread [2]float64    // of the peak with full jitter
		latest time.Duration // 99 % with full jitter
	}{
		{"exponential", of(exponential, 1000, ""), 1000, 31 * time.Second, [2]float64{40, 90}, 60 * time.Second},
		{"fixed", of(model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second, Jitter: model.JitterNone}, 500, ""), 500, 30 * time.Second, [2]float64{150, 350}, 34 * time.Second},
		{"at once", of(model.Policy{Kind: model.PolicyNone, Jitter: model.JitterNone}, 100, ""), 100, 30 * time.Second, [2]float64{4, 14}, 60 * time.Second},
		{"Phoenix", of(reconnect.Find("Phoenix").Policy, 340, "Phoenix"), 340, 34300 * time.Millisecond, [2]float64{60, 240}, 35 * time.Second},
	} {
		f := NewForecast([]model.PoolPolicy{c.policy, of(model.Policy{Kind: model.PolicyUnknown}, 7, "")}, 30*time.Second, 1)
		if f.Clients != c.policy.Clients || f.Measured.Peak != c.peak || f.Measured.Back99 != c.back {
			t.Errorf("%s: %d clients, peak %v, 99 %% after %v", c.name, f.Clients, f.Measured.Peak, f.Measured.Back99)
		}
		if s := f.Spread; s.Peak < c.spread[0] || s.Peak > c.spread[1] || s.Back99 == 0 || s.Back99 > c.latest {
			t.Errorf("%s with full jitter: peak %v, 99 %% after %v", c.name, s.Peak, s.Back99)
		}
		var all, early float64
		for i, b := range f.Spread.Curve {
			all += float64(b.Reconnects)
			if time.Duration(i+1)*model.ActivityBin <= f.Away {
				early += float64(b.Reconnects)
			}
		}
		if early > 0 || math.Abs(all-float64(f.Clients)) > 0.01*float64(f.Clients) {
			t.Errorf("%s: %v of %d come back, %v too early", c.name, all, f.Clients, early)
		}
	}
}

// With every kind of jitter clients come back about when the formula says.
func TestForecastDraws(t *testing.T) {
	const away = 40 * time.Second
	exponential := func(j model.Jitter, share float64) model.Policy {
		return model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Cap: 30 * time.Second, Jitter: j, Share: share}
	}
	policies := []model.Policy{
		exponential(model.JitterNone, 0), exponential(model.JitterPartial, 0.3), exponential(model.JitterEqual, 1./3), exponential(model.JitterFull, 1),
		exponential(model.JitterDecorrelated, 0), {Kind: model.PolicyNone, Jitter: model.JitterNone}, {Kind: model.PolicyFixed, Base: 3 * time.Second, Jitter: model.JitterNone},
	}
	for _, known := range reconnect.KnownClients {
		policies = append(policies, known.Policy)
	}
	for _, p := range policies {
		pools := []model.PoolPolicy{{Policy: p, Clients: 300}}
		forecast := NewForecast(pools, away, 1)
		again := NewForecast(pools, away, 1)
		if forecast.Measured.Back99 != again.Measured.Back99 || forecast.Spread.Peak != again.Spread.Peak {
			t.Errorf("%+v: the same seed says %v and %v", p, forecast.Measured.Back99, again.Measured.Back99)
		}
		if b := forecast.Measured.Back99; b < away || b > 3*away {
			t.Errorf("%+v: 99 %% are back after %v", p, b)
		}
	}
}

func TestForecastWithoutClients(t *testing.T) {
	f := NewForecast(nil, 30*time.Second, 1)
	if f.Clients != 0 || f.Measured.Peak != 0 || f.Measured.Back99 != 0 {
		t.Errorf("%+v", f)
	}
}

func BenchmarkForecast(b *testing.B) {
	policies := make([]model.PoolPolicy, 0, len(reconnect.KnownClients))
	for _, known := range reconnect.KnownClients {
		policies = append(policies, model.PoolPolicy{Policy: known.Policy, Like: known.Name, Clients: 20_000})
	}
	b.ReportAllocs()
	for b.Loop() {
		NewForecast(policies, 30*time.Second, 1)
	}
}
