package reconnect

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holter/model"
)

// A policy that is unknown says why, with what was seen instead, and one that is known has no doubt.
func TestDoubt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	lost := model.Instant(time.Hour)
	long := model.Instant(3 * time.Hour)
	pool := model.Pool{UserAgent: "x", Path: "/ws"}

	// losing are clients that all lost their connection in a way, and then tried after these delays, refused but the last
	// time if they are back.
	losing := func(n int, by model.Closer, back bool, delays ...time.Duration) (all []*Attempts) {
		for i := range n {
			a := new(Attempts)
			a.Lose(lost, &Loss{Pool: pool, Close: model.Close{Code: 1006, By: by}, Lasted: time.Minute})
			at := lost
			for k, d := range delays {
				at += model.Instant(d + time.Duration(i)*10*time.Millisecond)
				a.Try(at, 0, !back || k < len(delays)-1, 0)
			}
			all = append(all, a)
		}
		return all
	}
	// reopening are clients that come back after three seconds each time, and are closed again so often.
	reopening := func(n, flaps int, out bool) (all []*Attempts) {
		for range n {
			a, at := new(Attempts), lost
			a.Lose(at, &Loss{Pool: pool, Close: model.Close{Code: 1012, By: model.ByHolter}, Lasted: time.Minute})
			for range flaps {
				at += model.Instant(3 * time.Second)
				a.Try(at, 0, false, 0)
				at += model.Instant(200 * time.Millisecond)
				a.Lose(at, &Loss{Pool: pool, Close: model.Close{Code: 4401, By: model.ByApp}, Lasted: 200 * time.Millisecond})
			}
			if !out {
				a.Try(at+model.Instant(3*time.Second), 0, false, 0)
			}
			all = append(all, a)
		}
		return all
	}
	mixed, other := named("exponential"), named("fixed 1 s")
	other.name = mixed.name
	short := named("exponential")
	short.refused = 2 * time.Second
	odd := named("fixed 1 s")
	odd.delays = by(fixedDelay(1), func(r *rand.Rand, v float64) float64 { return v + 4*float64(r.IntN(2)) })

	for _, tt := range []struct {
		name    string
		clients []*Attempts
		now     model.Instant
		want    model.Doubt
		words   string
	}{
		{"seven", losing(7, model.ByHolter, false, time.Second), long, model.Doubt{Reason: model.DoubtFewClients, Have: 7, Need: 8},
			"7 clients in all, and 8 are needed"},
		{"nobody has tried", losing(30, model.ByHolter, false), lost, model.Doubt{Reason: model.DoubtWaiting, Have: 30, Attempt: 1},
			"30 clients have yet to make attempt 1, and the quick ones do not stand for all"},
		{"back at once", losing(30, model.ByHolter, true, time.Second), long, model.Doubt{Reason: model.DoubtFewAttempts, Have: 1, Need: 3, Attempt: 2},
			"1 attempt in a row known of enough clients, and 3 are needed: most were back before the next"},
		{"back after two", short.attempts(r), long, model.Doubt{Reason: model.DoubtFewAttempts, Have: 2, Need: 3, Attempt: 3}, ""},
		{"still away", losing(30, model.ByHolter, false, time.Second, 2*time.Second), lost + model.Instant(5*time.Second),
			model.Doubt{Reason: model.DoubtWaiting, Have: 30, Attempt: 3}, ""},
		{"gave up", losing(30, model.ByHolter, false, time.Second, 2*time.Second), long,
			model.Doubt{Reason: model.DoubtGaveUp, Have: 30, Attempt: 3}, "30 clients have not made attempt 3 for a long time, and seem to have given up"},
		{"closed by the clients", losing(30, model.ByPeer, true, time.Second), long, model.Doubt{Reason: model.DoubtHidden, Have: 30, Attempt: 1},
			"30 clients closed the connection, or had lost it before it ended, so it does not show how long they waited; a kick shows it"},
		{"flapping, in", reopening(30, 8, false), long, model.Doubt{Reason: model.DoubtFlapping, Have: 30},
			"30 clients are closed again within seconds, and only attempts that are refused show how delays grow"},
		{"flapping, out", reopening(30, 8, true), long, model.Doubt{Reason: model.DoubtFlapping, Have: 30}, ""},
		{"two kinds", append(mixed.attempts(r), other.attempts(r)...), long, model.Doubt{Reason: model.DoubtKinds},
			"the delays fit no kind of policy, and differ from client to client: there may be more than one kind of client here"},
		{"an odd kind", odd.attempts(r), long, model.Doubt{Reason: model.DoubtNoFit}, "the delays fit no kind of policy that is known"},
	} {
		p := largest(tt.clients, tt.now)
		got := p.Doubt
		if p.Kind != model.PolicyUnknown || got.Reason != tt.want.Reason || got.Have != tt.want.Have || got.Need != tt.want.Need || got.Attempt != tt.want.Attempt {
			t.Errorf("%s: %s, %+v, want %+v", tt.name, p.Kind, got, tt.want)
		}
		if tt.words != "" && got.String() != tt.words {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.words)
		}
	}

	seen := largest(losing(30, model.ByHolter, false, time.Second, 2*time.Second), long).Doubt.Seen
	want := []model.AttemptDelays{
		{Attempt: 1, Clients: 30, Low: 1030 * time.Millisecond, Median: 1150 * time.Millisecond, High: 1260 * time.Millisecond},
		{Attempt: 2, Clients: 30, Low: 2030 * time.Millisecond, Median: 2150 * time.Millisecond, High: 2260 * time.Millisecond},
	}
	if len(seen) != 2 || seen[0] != want[0] || seen[1] != want[1] {
		t.Errorf("seen %+v, want %+v", seen, want)
	}
	seen = largest(reopening(30, 8, true), long).Doubt.Seen
	want = []model.AttemptDelays{
		{Attempt: 1, Clients: 30, Low: 3 * time.Second, Median: 3 * time.Second, High: 3 * time.Second},
		{Attempt: 0, Clients: 30, Low: 3 * time.Second, Median: 3 * time.Second, High: 3 * time.Second},
	}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %+v, want %+v", seen, want)
	}
	if p := inferOne(named("exponential"), 1); p.Doubt.Reason != "" || p.Doubt.Seen != nil {
		t.Errorf("%s, and yet a doubt: %+v", p.Kind, p.Doubt)
	}
}

// Whatever is known of clients, an unknown policy has a reason, and its words.
func TestEveryDoubtHasAReason(t *testing.T) {
	for _, c := range policyFleets {
		for seed := range uint64(5) {
			c.clients, c.refused, c.rtt = 8+int(seed)*7, 40*time.Second, 0.03
			clients := c.attempts(rand.New(rand.NewPCG(seed, 3)))
			for _, elapsed := range []time.Duration{0, time.Second, 4 * time.Second, time.Minute, time.Hour} {
				now := model.Instant(time.Hour + elapsed)
				p := largest(until(clients, now), now)
				if unknown := p.Kind == model.PolicyUnknown; unknown != (p.Doubt.Reason != "") || unknown != (p.Doubt.String() != "") || len(p.Doubt.Seen) > model.MaxAttemptDelays {
					t.Errorf("%s after %v: %s, %+v", c.name, elapsed, p.Kind, p.Doubt)
				}
			}
		}
	}
}
