package reconnect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// told describes a policy in a few words.
func told(p *model.PoolPolicy) string {
	words := []string{string(p.Kind)}
	if p.Jitter != model.JitterNone && p.Jitter != model.JitterUnknown {
		words = append(words, string(p.Jitter))
	}
	if p.Like != "" {
		words = append(words, p.Like)
	}
	return strings.Join(words, " ")
}

// largest returns the policy of the largest pool.
func largest(clients []*Attempts, now model.Instant) model.PoolPolicy {
	policies, _ := Infer(clients, now)
	return policies[0]
}

func inferOne(f fleet, seed uint64) model.PoolPolicy {
	clients := f.attempts(rand.New(rand.NewPCG(seed, 7)))
	return largest(clients, model.Instant(3*time.Hour))
}

// Every kind is recognized in nearly every fleet, and hardly ever taken for another one. Where it is not recognized,
// it is unknown.
func TestConfusion(t *testing.T) {
	const fleets = 40
	var table strings.Builder
	for _, rtt := range []float64{0.001, 0.08} {
		for _, c := range policyFleets {
			c.clients, c.refused, c.rtt = 30, 40*time.Second, rtt
			counts := map[string]int{}
			for seed := range uint64(fleets) {
				p := inferOne(c.fleet, seed)
				counts[told(&p)]++
			}
			right, unknown := counts[c.want], counts["unknown"]
			fmt.Fprintf(&table, "%3.0f ms  %-26s right %2d  unknown %2d  of %d  %v\n", rtt*1000, c.name, right, unknown, fleets, counts)
			if right < fleets*8/10 {
				t.Errorf("%s, round trip %v s: told right %d times in %d: %v", c.name, rtt, right, fleets, counts)
			}
		}
	}
	t.Log("\n" + table.String())
}

// Clients that are asked to wait for longer show whether they obey, with any jitter of their own delays.
func TestAskedToWait(t *testing.T) {
	const fleets = 40
	for _, obeys := range []bool{true, false} {
		for _, c := range policyFleets {
			switch c.name {
			case "AWS full", "AWS equal", "exponential", "fixed 5 s, full", "fixed 3 s ±20 %":
			default:
				continue
			}
			c.clients, c.refused, c.rtt, c.asks, c.more, c.obeys = 100, 20*time.Second, 0.001, time.Second, 5, obeys
			right := map[string]int{}
			for seed := range uint64(fleets) {
				p := inferOne(c.fleet, seed)
				if p.Obeys == obeys {
					right[told(&p)]++
				}
			}
			if right[c.want] < fleets*9/10 {
				t.Errorf("%s, obeys %v: want %s, told %v", c.name, obeys, c.want, right)
			}
		}
	}
}

// Thousands of clients that come back at once wait for one another, and their policy is still recognized.
func TestCrowdIsRecognised(t *testing.T) {
	const fleets = 40
	for _, c := range []struct {
		fleet
		want string
	}{
		{fleet{name: "fixed", delays: by(fixedDelay(5), exact)}, "fixed react-use-websocket or STOMP"},
		{fleet{name: "fixed, full", delays: by(fixedDelay(10), fullChance)}, "fixed full"},
		{fleet{name: "exponential", delays: by(exponentialDelay(2, 2, 60), exact)}, "exponential"},
		{fleet{name: "exponential, equal", delays: by(exponentialDelay(2, 2, 60), equalChance)}, "exponential equal AWS equal jitter"},
		{fleet{name: "exponential, full", delays: by(exponentialDelay(2, 2, 60), fullChance)}, "exponential full AWS full jitter"},
		{fleet{name: "Socket.IO", delays: named("Socket.IO").delays}, "exponential partial Socket.IO"},
		{fleet{name: "longer, and then shorter", delays: by(stepsDelay(7, 5, 5, 5, 5, 5), exact)}, "unknown"},
	} {
		c.clients, c.refused, c.rtt, c.crowd = 1000, 25*time.Second, 0.001, 1
		right := map[string]int{}
		for seed := range uint64(fleets) {
			p := inferOne(c.fleet, seed)
			right[told(&p)]++
		}
		t.Logf("%s: %v", c.name, right)
		if right[c.want] < fleets*2/3 {
			t.Errorf("%s: want %s, told %v", c.name, c.want, right)
		}
	}
}

// A dozen clients are enough to recognize a known library, even if their timers are 30 ms late on average.
func TestFewAreRecognised(t *testing.T) {
	const fleets, late = 400, 0.03
	for _, c := range policyFleets {
		f := c.fleet
		if f.name != "Socket.IO" && f.name != "holter's page" {
			continue
		}
		f.clients, f.refused, f.rtt = 12, 10*time.Second, 0.001
		f.delays = func(r *rand.Rand) func(int) float64 {
			delay := c.delays(r)
			return func(k int) float64 { return delay(k) + late*r.ExpFloat64() }
		}
		right := 0
		for seed := range uint64(fleets) {
			p := inferOne(f, seed)
			if told(&p) == c.want {
				right++
			} else if p.Kind != model.PolicyUnknown && !strings.HasPrefix(c.want, string(p.Kind)+" "+string(p.Jitter)) {
				t.Errorf("%s: told as %s", f.name, told(&p))
			}
		}
		if right < fleets*97/100 {
			t.Errorf("%s: told right %d times in %d", f.name, right, fleets)
		}
	}
}

func named(name string) fleet {
	for _, c := range policyFleets {
		if c.name == name {
			c.clients, c.refused, c.rtt = 30, 40*time.Second, 0.03
			return c.fleet
		}
	}
	panic("no fleet " + name)
}

func TestPolicyFigures(t *testing.T) {
	for _, c := range []struct {
		name         string
		base, cap    time.Duration
		factor, wide float64
	}{
		{"fixed 1 s", time.Second, 0, 1, 0},
		{"fixed 5 s, full", 5 * time.Second, 0, 1, 1},
		{"fixed 3 s ±20 %", 3 * time.Second, 0, 1, 0.2},
		{"exponential", time.Second, 0, 2, 0},
		{"exponential ×1.5 to 10 s", 500 * time.Millisecond, 10 * time.Second, 1.5, 0},
		{"AWS full", time.Second, 20 * time.Second, 2, 1},
		{"AWS equal", time.Second, 20 * time.Second, 2, 1. / 3},
		{"AWS decorrelated", time.Second, 0, 3, 1},
	} {
		f := named(c.name)
		f.clients = 300
		p := inferOne(f, 1)
		near := func(got, want, within float64) bool { return got >= want*(1-within) && got <= want*(1+within) }
		if !near(p.Base.Seconds(), c.base.Seconds(), 0.12) || !near(p.Cap.Seconds(), c.cap.Seconds(), 0.1) ||
			!near(p.Factor, c.factor, 0.05) || !near(p.Share, c.wide, 0.1) || p.Clients != 300 || p.Confidence < 0.85 {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
	if p := inferOne(named("own table"), 1); fmt.Sprint(p.Steps) != "[1s 1s 1s 5s 5s 5s 30s]" {
		t.Errorf("%+v", p)
	}
}

// What cannot be known is not guessed.
func TestUnknown(t *testing.T) {
	few, short, mixed := named("exponential"), named("exponential"), named("exponential")
	few.clients = 7
	short.refused = 2 * time.Second
	check := func(what string, p model.PoolPolicy) {
		t.Helper()
		if p.Kind != model.PolicyUnknown || p.Confidence != 0 || p.Like != "" {
			t.Errorf("%s: %+v", what, p)
		}
	}
	check("seven clients", inferOne(few, 1))
	check("two attempts", inferOne(short, 1))
	if p := inferOne(short, 1); p.Base < time.Second || p.Base > 1100*time.Millisecond {
		t.Errorf("the first delay is known: %+v", p)
	}
	r := rand.New(rand.NewPCG(1, 2))
	other := named("fixed 1 s")
	other.name = mixed.name
	both := append(mixed.attempts(r), other.attempts(r)...)
	check("two kinds in a pool", largest(both, model.Instant(3*time.Hour)))
	check("nobody", new(workplace).infer(nil, 0))
}

// While many clients are still waiting, only the short delays are known.
func TestPolicyWhileClientsAreAway(t *testing.T) {
	for _, name := range []string{"AWS full", "AWS equal", "Socket.IO", "exponential", "fixed 5 s, full", "Phoenix"} {
		for seed := range uint64(10) {
			f := named(name)
			f.clients = 200
			clients := f.attempts(rand.New(rand.NewPCG(seed, 3)))
			final := largest(clients, model.Instant(3*time.Hour))
			for _, elapsed := range []time.Duration{time.Second, 3 * time.Second, 8 * time.Second, 20 * time.Second} {
				now := model.Instant(time.Hour + elapsed)
				p := largest(until(clients, now), now)
				if p.Kind != model.PolicyUnknown && (p.Kind != final.Kind || p.Jitter != final.Jitter) {
					t.Errorf("%s after %v: %s, and in the end %s", name, elapsed, told(&p), told(&final))
				}
			}
		}
	}
}

// until returns what was known of clients at that moment.
func until(clients []*Attempts, now model.Instant) []*Attempts {
	known := make([]*Attempts, len(clients))
	for i, a := range clients {
		b := new(Attempts)
		at := model.Instant(time.Hour)
		b.Lose(at, &Loss{Pool: a.pool, Close: model.Close{Code: 1006, By: model.ByHolter}, Lasted: time.Minute})
		for _, x := range a.list {
			if at += model.Instant(x.delay()); at > now {
				break
			}
			b.Try(at, 0, x.refused, 0)
		}
		known[i] = b
	}
	return known
}

// Some clients add their own delay to what a refusal asks for, and browsers never see it. If refusals always ask for the same, it
// does not show whether that is in the delays, unless they are simpler without.
func TestRetryAfter(t *testing.T) {
	for _, name := range []string{"fixed 1 s", "exponential", "AWS full"} {
		f := named(name)
		want := inferOne(f, 1)
		f.asks, f.clients, f.refused = 5*time.Second, 200, 90*time.Second
		if p := inferOne(f, 1); p.Kind != want.Kind || p.Obeys {
			t.Errorf("%s, which does not obey: %+v", name, p)
		}
		f.obeys = true
		if p := inferOne(f, 1); p.Kind != model.PolicyUnknown || p.Doubt.Reason != model.DoubtAsked {
			t.Errorf("%s, which obeys what is always the same: %+v", name, p)
		}
		f.more = 7
		if p := inferOne(f, 1); p.Kind != want.Kind || p.Jitter != want.Jitter || !p.Obeys {
			t.Errorf("%s, which obeys: %+v", name, p)
		}
	}
	table := fleet{delays: by(func(k int) float64 { return float64(min(k-1, 5)) }, exact), clients: 30, refused: 40 * time.Second, asks: time.Second}
	if p := inferOne(table, 1); p.Like != "Home Assistant" || p.Obeys {
		t.Errorf("0, 1, 2, 3, 4, 5, 5 … s behind a constant Retry-After: %+v", p)
	}
}

func BenchmarkInferPolicies(b *testing.B) {
	f := named("AWS full")
	f.clients = 20_000
	clients := f.attempts(rand.New(rand.NewPCG(1, 1)))
	b.ReportAllocs()
	for b.Loop() {
		Infer(clients, model.Instant(3*time.Hour))
	}
}
