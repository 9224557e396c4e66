package storm

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

const flapped = 200 * time.Millisecond

// flap closes the connection that a opened at an instant after a moment, as a server does that lets nobody stay.
func (w *weather) flap(a *Client, at model.Instant) model.Instant {
	at += model.Instant(flapped)
	w.on(at, func(at model.Instant) {
		w.watch.Close(at)
		w.watch.Lose(a, at, &reconnect.Loss{
			Pool:   model.Pool{UserAgent: "app/1", Path: "/ws"},
			Close:  model.Close{Code: 4401, By: model.ByApp, Reason: "token expired"},
			Lasted: flapped,
		})
	})
	return at
}

// flapFor lets a client that has lost its connection at an instant come again and again, each time after a delay, until the
// end, and then stay. It returns when it opened the last connection.
func (w *weather) flapFor(a *Client, at, end model.Instant, delay time.Duration) model.Instant {
	for {
		at += model.Instant(delay)
		w.try(a, at, false)
		if at > end {
			return at
		}
		at = w.flap(a, at)
	}
}

// A storm does not end while clients flap, however long, and says so once. It ends when they stay.
func TestStormOfClientsThatFlap(t *testing.T) {
	for _, delay := range []time.Duration{20 * time.Millisecond, 3 * time.Second, 45 * time.Second} {
		t.Run(delay.String(), func(t *testing.T) {
			const n, length = 20, 25 * time.Minute
			w, back := newWeather(), model.Instant(0)
			for range n {
				a := new(Client)
				w.lose(a, kickedAt, 3000)
				back = w.flapFor(a, kickedAt, kickedAt+model.Instant(length), delay)
			}
			var during []model.Storm
			w.on(kickedAt+model.Instant(length-time.Second), func(model.Instant) { during = w.watch.Storms() })
			w.run(n, back+model.Instant(time.Minute))
			if len(w.began) != 1 || len(w.flaps) != 1 || len(w.ended) != 1 || len(during) != 1 {
				t.Fatalf("%d storms began, %d flapped, %d ended, %d in the end", len(w.began), len(w.flaps), len(w.ended), len(during))
			}
			s := during[0]
			rate := n / (delay + flapped).Seconds()
			if !s.On() || s.Clients != n || s.Away != n || s.Flapping != n || s.GaveUp != 0 || s.Back() != 0 || s.Back50 != 0 {
				t.Errorf("while they flap: %d of %d away, %d flap, %d gave up, 50%% after %v", s.Away, s.Clients, s.Flapping, s.GaveUp, s.Back50)
			}
			if !slices.Equal(s.Flaps, []model.StormCause{{Code: 4401, By: model.ByApp, Count: n}}) || s.Causes[0].Code != 3000 {
				t.Errorf("flaps %+v after %+v", s.Flaps, s.Causes)
			}
			if off := s.FlapRate/rate - 1; off < -0.55 || off > 0.55 || delay < time.Second && (off < -0.05 || off > 0.05) {
				t.Errorf("%.2f connections per second are closed, want %.2f", s.FlapRate, rate)
			}
			all := s.DroppedAttempts
			for _, b := range s.Curve {
				all += int(b.Reconnects + b.Refused)
			}
			if len(s.Curve) != model.MaxActivity || all != s.Reconnects || s.DroppedAttempts == 0 {
				t.Errorf("%d reconnects in %d bins, %d dropped", s.Reconnects, len(s.Curve), s.DroppedAttempts)
			}
			if s := w.ended[0]; s.Flapping != 0 || s.Away != 0 || s.Back99 != time.Duration(back-kickedAt) || s.FlapRate != 0 {
				t.Errorf("when they stay: %d flap, %d away, 99%% after %v", s.Flapping, s.Away, s.Back99)
			}
		})
	}
}

// A connection that is closed once or twice is no flapping, and a client is back when one has lasted for Stay.
func TestFlappingOfOneClient(t *testing.T) {
	w, a := NewWatch(stormZero), new(Client)
	at := model.Instant(time.Minute)
	lose := func(lasted time.Duration, by model.Closer, code int) {
		at += model.Instant(lasted)
		w.Lose(a, at, &reconnect.Loss{Close: model.Close{Code: code, By: by, Reason: "no"}, Lasted: lasted})
	}
	try := func(after time.Duration, r *model.Refusal) {
		at += model.Instant(after)
		w.Try(a, at, 0, r)
	}
	want := func(step string, flapping bool, o *model.Outage) {
		t.Helper()
		since, flaps := a.Flapping(at)
		got := a.Outage(at)
		if flaps != flapping || (got == nil) != (o == nil) || got != nil && *got != *o {
			t.Errorf("%s: flapping %t since %v, %+v, want %t, %+v", step, flaps, time.Duration(since), got, flapping, o)
		}
	}
	refused := &model.Refusal{Status: 401, By: model.RefusedByUpstream, Reason: "expired", RetryAfter: time.Second}
	lose(time.Hour, model.ByHolter, 1012)
	want("lost", false, nil)
	flap := model.Close{Code: 4401, By: model.ByApp, Reason: "no"}
	for i := range 3 {
		try(time.Second, nil)
		want("in", i == 3, a.Outage(at))
		lose(200*time.Millisecond, model.ByApp, 4401)
		o := &model.Outage{Flaps: i + 1, Close: flap, Lasted: 200 * time.Millisecond}
		if i > 0 {
			o.Every = 1200 * time.Millisecond
		}
		want("closed again", i == 2, o)
	}
	for i := range 3 {
		try(time.Second, refused)
		want("refused between", i < 2, &model.Outage{Flaps: 3, Close: flap, Lasted: 200 * time.Millisecond, Every: 1200 * time.Millisecond,
			Refusals: i + 1, Status: 401, By: model.RefusedByUpstream, Reason: "expired"})
	}
	try(time.Second, nil)
	at += model.Instant(model.Stay - 1)
	if _, flaps := a.Flapping(at); !flaps {
		t.Error("nearly back, but not flapping")
	}
	at++
	want("back", false, nil)
	lose(time.Minute, model.ByPeer, 1001)
	at += model.Instant(time.Hour)
	want("left", false, nil)
}

// A client that comes now and then for a moment, and leaves by itself, does not flap. One that does so without a pause does.
func TestVisitsAreNoFlapping(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		flaps bool
	}{{time.Minute, false}, {10 * time.Millisecond, true}} {
		w, a := NewWatch(stormZero), new(Client)
		at := model.Instant(time.Minute)
		for range 10 {
			at += model.Instant(time.Second)
			w.Lose(a, at, &reconnect.Loss{Close: model.Close{Code: 1000, By: model.ByPeer}, Lasted: time.Second})
			at += model.Instant(c.pause)
			w.Try(a, at, 0, nil)
		}
		if _, flaps := a.Flapping(at); flaps != c.flaps {
			t.Errorf("with pauses of %v: flapping %t", c.pause, flaps)
		}
	}
}

// Clients that have never got in are part of a storm, with the status that keeps them out.
func TestStormOfClientsThatNeverGotIn(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 1)), 40, 0, func(int) float64 { return 1 })
	stale := &model.Refusal{Status: 401, By: model.RefusedByUpstream}
	for range 10 {
		a, at := new(Client), kickedAt-model.Instant(10*time.Second)
		w.on(at, func(at model.Instant) { w.watch.Knock(a, at, model.Pool{UserAgent: "stale/1"}, stale) })
		for range 60 {
			at += model.Instant(2 * time.Second)
			w.on(at, func(at model.Instant) { w.watch.Try(a, at, 0, stale) })
		}
	}
	w.run(50, kickedAt+model.Instant(4*time.Minute))
	if len(w.ended) != 1 {
		t.Fatalf("%d storms", len(w.ended))
	}
	s := w.ended[0]
	if s.Clients != 50 || s.Away != 10 || s.NeverIn != 10 || s.Flapping != 0 || s.Back50 == 0 || s.Back90 != 0 {
		t.Errorf("%d of %d away, %d never in, %d flap, 50%% back after %v, 90%% after %v", s.Away, s.Clients, s.NeverIn, s.Flapping, s.Back50, s.Back90)
	}
	if len(s.Refusals) != 1 || s.Refusals[0].Status != 401 || s.Refusals[0].By != model.RefusedByUpstream || s.Refusals[0].Count != s.Refused {
		t.Errorf("%+v of %d", s.Refusals, s.Refused)
	}
	if len(s.Causes) != 1 || s.Causes[0].Count != 40 {
		t.Errorf("%+v", s.Causes)
	}
}

// The first attempts of many new clients are no attempts to come back.
func TestNewClientsAreNoStorm(t *testing.T) {
	w := newWeather()
	for range 100 {
		w.on(kickedAt, func(at model.Instant) { w.watch.Knock(new(Client), at, model.Pool{}, full) })
	}
	w.run(100, kickedAt+model.Instant(time.Minute))
	if len(w.began) > 0 {
		t.Errorf("%+v", w.began[0])
	}
}

// Refusals are told by their status and by who refused. There is a bound on the ways that are told apart.
func TestStormTellsRefusalsApart(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 1)), 40, 0, func(int) float64 { return 1 })
	ways := []model.StormRefusal{
		{Status: 503, By: model.RefusedByHolter, Count: 50}, {Status: 401, By: model.RefusedByUpstream, Count: 40},
		{Status: 400, By: model.RefusedByHTTP, Count: 30}, {By: model.RefusedByClient, Count: 20}, {Status: 503, By: model.RefusedByUpstream, Count: 10},
	}
	for _, way := range ways {
		for range way.Count {
			w.on(kickedAt+model.Instant(time.Second), func(at model.Instant) {
				w.watch.Refuse(at, &model.Refusal{Status: way.Status, By: way.By})
			})
		}
	}
	for status := range 1000 {
		w.on(kickedAt+model.Instant(time.Second), func(at model.Instant) {
			w.watch.Refuse(at, &model.Refusal{Status: 1000 + status, By: model.RefusedByUpstream})
		})
	}
	w.run(40, kickedAt+model.Instant(time.Minute))
	s := w.ended[0]
	if len(s.Refusals) != model.MaxStormCauses || !slices.Equal(s.Refusals[:len(ways)], ways) {
		t.Errorf("%+v", s.Refusals)
	}
	if s.Refused != 150+1000 {
		t.Errorf("%d", s.Refused)
	}
	for i := range w.watch.bins {
		if n := len(w.watch.bins[i].refused); n > maxRefusals {
			t.Errorf("%d ways in a bin", n)
		}
	}
}

// A client gives up when it is silent for clearly longer than its own policy allows, and not before.
func TestStormSaysWhoGaveUp(t *testing.T) {
	w := newWeather()
	for i := range 40 {
		a, at := new(Client), kickedAt
		w.lose(a, kickedAt, 1006)
		for k := range 6 { // 1, 2, 4, 8, 8, 8 s, and ten of the clients try no more
			at += model.Instant(min(1<<k, 8)) * model.Instant(time.Second)
			w.try(a, at, k < 5 || i < 10)
		}
	}
	var soon []model.Storm
	w.on(kickedAt+model.Instant(45*time.Second), func(model.Instant) { soon = w.watch.Storms() })
	w.run(40, model.Instant(3*time.Minute))
	if len(soon) != 1 || soon[0].GaveUp != 0 {
		t.Errorf("14 s after an attempt, with delays of 8 s: %+v", soon)
	}
	if s := w.ended[0]; s.GaveUp != 10 || s.Away != 10 || s.Policies[0].Kind != model.PolicyExponential {
		t.Errorf("%d of %d that are away gave up: %+v", s.GaveUp, s.Away, s.Policies)
	}
}

// While a few clients flap for ever, another kick is another storm.
func TestStormWhileSomeFlap(t *testing.T) {
	w := newWeather()
	second := kickedAt + model.Instant(10*time.Minute)
	for i := range 40 {
		a := new(Client)
		w.lose(a, kickedAt, 1012)
		if i < 2 {
			w.flapFor(a, kickedAt, second+model.Instant(4*time.Minute), time.Second)
			continue
		}
		w.try(a, kickedAt+model.Instant(time.Second), false)
		w.lose(a, second, 1001)
		w.try(a, second+model.Instant(2*time.Second), false)
	}
	w.run(40, second+model.Instant(5*time.Minute))
	if len(w.ended) != 2 {
		t.Fatalf("%d storms", len(w.ended))
	}
	first, next := w.ended[0], w.ended[1]
	if first.Clients != 40 || first.Flapping != 2 || first.Back90 != time.Second || first.Causes[0].Code != 1012 {
		t.Errorf("first: %d clients, %d flap, 90%% back after %v, %+v", first.Clients, first.Flapping, first.Back90, first.Causes)
	}
	if next.Clients != 40 || next.Back90 != 2*time.Second || next.Causes[0].Code != 1001 || !next.Started.Equal(stormZero.Add(time.Duration(second))) {
		t.Errorf("next: %d clients from %v on, 90%% back after %v, %+v", next.Clients, next.Started, next.Back90, next.Causes)
	}
}

// A storm of a million attempts is counted to the last, and kept in bounds.
func TestStormOfAMillionAttempts(t *testing.T) {
	w := NewWatch(stormZero)
	clients := make([]Client, 1000)
	at := model.Instant(time.Minute)
	for i := range clients {
		w.Lose(&clients[i], at, &reconnect.Loss{Close: model.Close{Code: 1006}, Lasted: time.Hour})
	}
	var before, after runtime.MemStats
	for round := range 1000 {
		for i := range clients {
			w.Try(&clients[i], at, 0, full)
		}
		for range 4 {
			at += model.Instant(model.ActivityBin)
			tick(w, at, len(clients))
		}
		if round == 300 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d kB more after 700 000 further attempts", grown>>10)
	}
	m := w.survey(at)
	finish(w, m)
	s := &m.storm
	if s.Refused != 1_000_000 || s.DroppedAttempts != 400_000 || len(s.Curve) != model.MaxActivity || s.Refusals[0].Count != 1_000_000 {
		t.Errorf("%d refused, %d dropped, %d bins, %+v", s.Refused, s.DroppedAttempts, len(s.Curve), s.Refusals)
	}
	if len(w.bins) > 3*int(leadBins) {
		t.Errorf("%d bins", len(w.bins))
	}
}

// Clients that there is no room for are counted.
func TestStormSaysWhomItDropped(t *testing.T) {
	w := NewWatch(stormZero)
	at := model.Instant(time.Minute)
	const more = 500
	clients := make([]Client, maxClients+more)
	for i := range clients {
		w.Lose(&clients[i], at, &reconnect.Loss{Close: model.Close{Code: 1006}, Lasted: time.Hour})
	}
	at += model.Instant(time.Second)
	for i := range clients {
		w.Try(&clients[i], at, 0, nil)
	}
	began, _, _ := tick(w, at, len(clients))
	if began == nil || began.Clients != maxClients || began.DroppedClients != more {
		t.Errorf("%+v", began)
	}
}

// knockFor lets a client that has never had a connection come again and again from at until the end, each time after a delay.
func (w *weather) knockFor(a *Client, at, end model.Instant, delay time.Duration, r *model.Refusal) {
	w.on(at, func(at model.Instant) { w.watch.Knock(a, at, model.Pool{UserAgent: "stale/1"}, r) })
	for at += model.Instant(delay); at <= end; at += model.Instant(delay) {
		w.on(at, func(at model.Instant) { w.watch.Try(a, at, 0, r) })
	}
}

// A storm of clients that were never let in begins with the first of them, whatever was lost on that day, and no loss leads to
// a delay.
func TestStormWithoutALoss(t *testing.T) {
	for _, others := range []int{0, 2} {
		w := newWeather()
		stale := &model.Refusal{Status: 401, By: model.RefusedByUpstream}
		for i := range others {
			w.lose(new(Client), kickedAt-model.Instant(time.Minute)+model.Instant(i), 1001)
		}
		for i := range 20 {
			at := kickedAt + model.Instant(i)*model.Instant(100*time.Millisecond)
			w.knockFor(new(Client), at, at+model.Instant(20*time.Second), time.Second, stale)
		}
		w.run(22, kickedAt+model.Instant(4*time.Minute))
		if len(w.began) != 1 || len(w.ended) != 1 {
			t.Fatalf("%d storms began and %d ended", len(w.began), len(w.ended))
		}
		s := w.ended[0]
		if s.Clients != 20 || s.NeverIn != 20 || !s.Started.Equal(stormZero.Add(time.Duration(kickedAt))) {
			t.Errorf("%d clients, %d never in, from %v on", s.Clients, s.NeverIn, s.Started)
		}
		if len(s.Delays.Counts) > 0 || len(s.Causes) > 0 {
			t.Errorf("no client lost a connection: %+v, %+v", s.Delays, s.Causes)
		}
		if s.GaveUp != 20 {
			t.Errorf("%d gave up", s.GaveUp)
		}
	}
}

// A client that was refused once while others lost their connection is not part of their storm. One that has tried again is.
func TestStrangerInTheBurst(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 1)), 20, 0, func(int) float64 { return 1 })
	w.knockFor(new(Client), kickedAt+model.Instant(50*time.Millisecond), 0, time.Second, full)
	w.knockFor(new(Client), kickedAt+model.Instant(60*time.Millisecond), kickedAt+model.Instant(3*time.Second), time.Second, full)
	w.run(22, kickedAt+model.Instant(4*time.Minute))
	if len(w.ended) != 1 || w.ended[0].Clients != 21 || w.ended[0].NeverIn != 1 {
		t.Errorf("%+v", w.ended)
	}
}

// Clients of an earlier storm that still try in vain are no storm of their own, not even when the rest of the population
// is gone.
func TestNoStormOfNobody(t *testing.T) {
	w := newWeather()
	end := kickedAt + model.Instant(10*time.Minute)
	for i := range 60 {
		a := new(Client)
		w.lose(a, kickedAt, 1012)
		if i < 45 {
			w.try(a, kickedAt+model.Instant(time.Second), false)
			continue
		}
		for at := kickedAt; at < end; at += model.Instant(4 * time.Minute) {
			w.try(a, at+model.Instant(time.Second), true)
		}
	}
	w.run(60, end)
	if len(w.began) != 1 || len(w.ended) != 1 {
		t.Fatalf("%d storms began and %d ended: %+v", len(w.began), len(w.ended), w.began)
	}
	another := model.Instant(0)
	for range 20 {
		a := new(Client)
		another = end + model.Instant(time.Minute)
		w.watch.Lose(a, another, &reconnect.Loss{Close: model.Close{Code: 1001}, Lasted: time.Hour})
		w.watch.Try(a, another+model.Instant(time.Second), 0, nil)
	}
	if began, _, _ := tick(w.watch, another+model.Instant(2*time.Second), 60); began == nil || began.ID != 2 || began.Clients != 20 {
		t.Errorf("another storm: %+v", began)
	}
}

// A storm lasts until it is known whether the clients that have fallen silent have given up, for which it may take
// some minutes.
func TestStormThatEndsBecauseClientsStop(t *testing.T) {
	for name, delays := range map[string][]time.Duration{
		"unknown": {time.Second}, "fixed": {time.Second, time.Second, time.Second, time.Second},
		"growing": {time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second},
	} {
		w := newWeather()
		for i := range 20 {
			a, at := new(Client), kickedAt+model.Instant(i)*model.Instant(time.Millisecond)
			w.lose(a, at, 1006)
			for k, d := range delays {
				at += model.Instant(d)
				w.try(a, at, k < len(delays)-1 || i >= 4)
			}
		}
		w.run(20, kickedAt+model.Instant(8*time.Minute))
		if len(w.ended) != 1 {
			t.Fatalf("%s: %d storms", name, len(w.ended))
		}
		if s := w.ended[0]; s.GaveUp != 16 || s.Away != 16 || s.Clients != 20 {
			t.Errorf("%s: %d gave up, %d of %d away", name, s.GaveUp, s.Away, s.Clients)
		}
	}
}

// Clients that go on in vain, too slowly for a storm, do not keep it on for ever.
func TestStormEndsWhileSomeTryInVain(t *testing.T) {
	w := newWeather()
	for i := range 40 {
		a := new(Client)
		w.lose(a, kickedAt, 1006)
		if i < 20 {
			w.try(a, kickedAt+model.Instant(time.Second), false)
			continue
		}
		for at := kickedAt + model.Instant(i-20)*model.Instant(2*time.Second); at < kickedAt+model.Instant(20*time.Minute); at += model.Instant(40 * time.Second) {
			w.try(a, at, true)
		}
	}
	w.run(200, kickedAt+model.Instant(10*time.Minute))
	if len(w.began) != 1 || len(w.ended) != 1 || w.ended[0].GaveUp != 0 || w.ended[0].Away != 20 {
		t.Errorf("%d storms began: %+v", len(w.began), w.ended)
	}
}
