package storm

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holter/model"
	"holter/model/reconnect"
)

// weather is a list of calls of a Watch, in the order of time.
type weather struct {
	watch  *Watch
	events []weatherEvent
	began  []*model.Storm
	flaps  []*model.Storm
	ended  []*model.Storm
}

type weatherEvent struct {
	at model.Instant
	do func(at model.Instant)
}

var stormZero = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newWeather() *weather { return &weather{watch: NewWatch(stormZero)} }

func (w *weather) on(at model.Instant, do func(model.Instant)) {
	w.events = append(w.events, weatherEvent{at, do})
}

// lose ends a connection that lasted a minute.
func (w *weather) lose(a *Client, at model.Instant, code int) {
	w.on(at, func(at model.Instant) {
		w.watch.Close(at)
		w.watch.Lose(a, at, &reconnect.Loss{Pool: model.Pool{UserAgent: "app/1", Path: "/ws"}, Close: model.Close{Code: code, By: model.ByHolter}, Lasted: time.Minute})
	})
}

func (w *weather) try(a *Client, at model.Instant, refused bool) {
	w.on(at, func(at model.Instant) { w.watch.Try(a, at, 0, answer(refused)) })
}

// full is how a server refuses.
var full = &model.Refusal{Status: 503, By: model.RefusedByHolter}

func answer(refused bool) *model.Refusal {
	if refused {
		return full
	}
	return nil
}

// run makes all calls until the end, with a tick for each bin.
func (w *weather) run(population int, end model.Instant) {
	for at := model.Instant(0); at < end; at += model.Instant(model.ActivityBin) {
		w.on(at, func(at model.Instant) {
			began, flaps, ended := tick(w.watch, at, population)
			if flaps != nil {
				w.flaps = append(w.flaps, flaps)
			}
			if began != nil {
				w.began = append(w.began, began)
			}
			if ended != nil {
				w.ended = append(w.ended, ended)
			}
		})
	}
	slices.SortStableFunc(w.events, func(a, b weatherEvent) int { return cmp.Compare(a.at, b.at) })
	for _, e := range w.events {
		e.do(e.at)
	}
}

func tick(w *Watch, at model.Instant, population int) (began, flapping, ended *model.Storm) {
	m := w.Tick(at, population)
	if m == nil {
		return nil, nil, nil
	}
	finish(w, m)
	return w.Conclude(m)
}

// finish brings a measurement to its end.
func finish(w *Watch, m *Survey) {
	for w.Survey(m) {
	}
	m.Read()
}

// churn lets clients leave and come back as on any day, at the given rate.
func (w *weather) churn(r *rand.Rand, perSecond float64, end model.Instant) {
	for range int(perSecond * time.Duration(end).Seconds()) {
		a, at := new(Client), model.Instant(r.Float64()*float64(end))
		w.lose(a, at, 1001)
		w.try(a, at+model.Instant(r.Float64()*float64(10*time.Second)), false)
	}
}

const kickedAt = model.Instant(time.Minute)

// kick lets n clients lose their connection within 200 ms, be refused at first, and come back after delays. It returns
// when each was back, counted from kickedAt.
func (w *weather) kick(r *rand.Rand, n int, refused time.Duration, delay func(k int) float64) []time.Duration {
	var back []time.Duration
	for i := range n {
		a := new(Client)
		at := kickedAt + model.Instant(i)*model.Instant(200*time.Millisecond)/model.Instant(n)
		w.lose(a, at, 1012)
		for k, in := 1, true; in; k++ {
			at += model.Instant(delay(k) * 1e9)
			in = time.Duration(at-kickedAt) < refused
			w.try(a, at, in)
		}
		back = append(back, time.Duration(at-kickedAt))
	}
	slices.Sort(back)
	return back
}

func TestStorm(t *testing.T) {
	for _, c := range []struct {
		name     string
		n        int
		refused  time.Duration
		churn    float64
		delay    func(r *rand.Rand, k int) float64
		crowding [2]float64
	}{
		{"at once", 400, 0, 0, func(*rand.Rand, int) float64 { return 0.02 }, [2]float64{5, 5}},
		{"fixed", 900, 0, 3, func(*rand.Rand, int) float64 { return 3 }, [2]float64{4, 5}},
		{"full jitter over 10 s", 5000, 0, 3, func(r *rand.Rand, _ int) float64 { return 10 * r.Float64() }, [2]float64{1, 1.3}},
		{"exponential, refused", 1000, 10 * time.Second, 1, func(r *rand.Rand, k int) float64 {
			return math.Pow(2, float64(k-1)) * (0.5 + r.Float64())
		}, [2]float64{2, 20}},
		{"few", 17, 0, 0.2, func(r *rand.Rand, _ int) float64 { return 2 * r.Float64() }, [2]float64{1, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, w := rand.New(rand.NewPCG(1, 2)), newWeather()
			back := w.kick(r, c.n, c.refused, func(k int) float64 { return c.delay(r, k) })
			w.churn(r, c.churn, model.Instant(3*time.Minute))
			w.run(c.n*10/9, model.Instant(3*time.Minute))
			if len(w.began) != 1 || len(w.ended) != 1 {
				t.Fatalf("%d storms began and %d ended", len(w.began), len(w.ended))
			}
			s := w.ended[0]
			near := func(what string, got, want time.Duration) {
				t.Helper()
				if d := math.Abs((got - want).Seconds()); d > 0.05*want.Seconds()+0.01 {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			near("began", s.Started.Sub(stormZero), time.Duration(kickedAt))
			near("50 %", s.Back50, back[(c.n+1)/2-1])
			near("90 %", s.Back90, back[int(math.Ceil(0.9*float64(c.n)))-1])
			near("99 %", s.Back99, back[int(math.Ceil(0.99*float64(c.n)))-1])
			if off := s.Clients - c.n; off < 0 || off > 1+c.n/100+int(c.churn) {
				t.Errorf("%d clients, want %d", s.Clients, c.n)
			}
			if s.Causes[0].Code != 1012 || s.Causes[0].By != model.ByHolter || s.Causes[0].Count != c.n {
				t.Errorf("%+v", s.Causes)
			}
			if s.Crowding < c.crowding[0]*0.97 || s.Crowding > c.crowding[1]*1.03 {
				t.Errorf("crowding %v at a peak of %v", s.Crowding, s.Peak)
			}
			if (s.Refused > 0) != (c.refused > 0) || s.Reconnects < s.Clients-s.Away || s.Away > c.n/100 || s.On() {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A burst may begin at the end of a bin. Those few clients belong to it, unlike others that left just before.
func TestStormBeginsAtTheEndOfABin(t *testing.T) {
	w := newWeather()
	edge := kickedAt + model.Instant(model.ActivityBin)
	for i := range 100 {
		a, at := new(Client), edge+model.Instant(i-3)*model.Instant(time.Millisecond)
		w.lose(a, at, 1012)
		w.try(a, at+model.Instant(time.Second), false)
	}
	stranger := new(Client)
	w.lose(stranger, edge-model.Instant(150*time.Millisecond), 1001)
	w.try(stranger, edge+model.Instant(time.Second), false)
	w.run(1000, kickedAt+model.Instant(time.Minute))
	if len(w.ended) != 1 || w.ended[0].Clients != 100 || !w.ended[0].Started.Equal(stormZero.Add(time.Duration(edge)-3*time.Millisecond)) {
		t.Fatalf("%+v", w.ended)
	}
}

// A storm begins with its own losses, even if the storm before it had more losses at a time.
func TestStormAfterStorm(t *testing.T) {
	w := newWeather()
	second := kickedAt + model.Instant(50*time.Second)
	for i := range 100 {
		a, b := new(Client), new(Client)
		w.lose(a, kickedAt+model.Instant(i)*model.Instant(time.Millisecond), 1012)
		w.try(a, kickedAt+model.Instant(2*time.Second), false)
		w.lose(b, second+model.Instant(i)*model.Instant(15*time.Millisecond), 1012)
		w.try(b, second+model.Instant(3*time.Second), false)
	}
	between := new(Client)
	w.lose(between, kickedAt+model.Instant(10*time.Second), 1001)
	w.run(1000, second+model.Instant(time.Minute))
	if len(w.ended) != 2 || !w.ended[1].Started.Equal(stormZero.Add(time.Duration(second))) || w.ended[1].Clients != 100 {
		t.Fatalf("%+v", w.ended)
	}
}

// The losses and returns of any day are not a storm.
func TestNoStorm(t *testing.T) {
	for _, c := range []struct {
		population int
		perSecond  float64
	}{{20, 0.3}, {200, 2}, {10_000, 100}} {
		w := newWeather()
		w.churn(rand.New(rand.NewPCG(1, 1)), c.perSecond, model.Instant(10*time.Minute))
		w.run(c.population, model.Instant(10*time.Minute))
		if len(w.began) > 0 {
			t.Errorf("%d clients of which %v come back each second: %+v", c.population, c.perSecond, w.began[0])
		}
	}
}

// One client that tries again and again is not a storm either.
func TestOneClientIsNoStorm(t *testing.T) {
	w, a := newWeather(), new(Client)
	w.lose(a, kickedAt, 1006)
	for i := range model.Instant(1000) {
		w.try(a, kickedAt+i*model.Instant(50*time.Millisecond), true)
		w.on(kickedAt+i*model.Instant(50*time.Millisecond), func(at model.Instant) { w.watch.Refuse(at, full) })
	}
	w.run(100, model.Instant(2*time.Minute))
	if len(w.began) > 0 {
		t.Errorf("%+v", w.began[0])
	}
}

// Bursts with pauses between them are one storm while clients are away.
func TestStormHasPauses(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 1)), 300, 50*time.Second, func(k int) float64 { return math.Pow(2, float64(k-1)) })
	w.run(300, model.Instant(5*time.Minute))
	if len(w.ended) != 1 || w.ended[0].Back99.Round(time.Second) != 63*time.Second || w.ended[0].Refused != 5*300 {
		t.Fatalf("%d storms: %+v", len(w.ended), w.ended)
	}
	if p := w.ended[0].Policies[0]; p.Kind != model.PolicyExponential || p.Jitter != model.JitterNone || p.Clients != 300 {
		t.Errorf("%+v", p)
	}
}

// Clients that never come back do not keep a storm on for ever.
func TestStormEndsWithoutAll(t *testing.T) {
	w := newWeather()
	for i := range 100 {
		a := new(Client)
		w.lose(a, kickedAt, 1006)
		if i < 90 {
			w.try(a, kickedAt+model.Instant(time.Second), false)
		}
	}
	w.run(100, model.Instant(3*time.Minute))
	s := w.ended[0]
	if s.Back90 != time.Second || s.Back99 != 0 || s.Away != 10 || s.Ended != stormZero.Add(time.Duration(kickedAt)+time.Second) {
		t.Errorf("%+v", s)
	}
}

// A client whose connection is closed at once is not back.
func TestStormCountsClientsThatStay(t *testing.T) {
	w := newWeather()
	for range 100 {
		a := new(Client)
		w.lose(a, kickedAt, 1006)
		at := kickedAt
		for range 3 {
			at += model.Instant(time.Second)
			w.try(a, at, false)
			at += model.Instant(100 * time.Millisecond)
			w.on(at, func(at model.Instant) {
				w.watch.Lose(a, at, &reconnect.Loss{Close: model.Close{Code: 1011}, Lasted: 100 * time.Millisecond})
			})
		}
		w.try(a, at+model.Instant(time.Second), false)
	}
	w.run(100, model.Instant(3*time.Minute))
	if s := w.ended[0]; s.Clients != 100 || s.Back50 != 4300*time.Millisecond || s.Reconnects != 400 {
		t.Errorf("%+v", s)
	}
}

// The figures of a storm that is on are those so far.
func TestStormWhileItIsOn(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 1)), 1000, 0, func(k int) float64 { return 4 })
	w.kick(rand.New(rand.NewPCG(1, 1)), 10, 0, func(k int) float64 { return 30 })
	var early, late []model.Storm
	w.on(kickedAt+model.Instant(2*time.Second), func(model.Instant) { early = w.watch.Storms() })
	w.on(kickedAt+model.Instant(7*time.Second), func(model.Instant) { late = w.watch.Storms() })
	w.run(1000, kickedAt+model.Instant(time.Minute))
	if len(early) != 0 {
		t.Errorf("no client has come back yet: %+v", early)
	}
	if len(late) != 1 || !late[0].On() || late[0].Away != 1010 || late[0].Settling != 1000 || late[0].Clients != 1010 || late[0].ID != 1 {
		t.Errorf("%+v", late)
	}
	if began := w.began[0]; began.Clients != 1010 || began.Away < 10 {
		t.Errorf("at its beginning: %+v", began)
	}
}

// A storm keeps the largest pools, and the number of the others.
func TestPoolsAreBounded(t *testing.T) {
	w := newWeather()
	const kinds = model.MaxStormPolicies + 5
	for kind := range kinds {
		for i := range kinds - kind {
			a := new(Client)
			w.on(kickedAt, func(at model.Instant) {
				w.watch.Lose(a, at, &reconnect.Loss{Pool: model.Pool{UserAgent: string(rune('a' + kind)), Path: "/ws"}, Lasted: time.Minute})
			})
			w.try(a, kickedAt+model.Instant(i)*model.Instant(time.Millisecond), false)
		}
	}
	w.run(kinds*kinds, kickedAt+model.Instant(time.Minute))
	s := w.watch.Storms()[0]
	if want := (model.PoolCount{Pools: 5, Clients: 5 + 4 + 3 + 2 + 1}); len(s.Policies) != model.MaxStormPolicies || s.More != want || s.Policies[0].Clients != kinds {
		t.Errorf("%d pools and %+v", len(s.Policies), s.More)
	}
}

func TestStormsAreBounded(t *testing.T) {
	w := newWeather()
	const n = model.MaxStorms + 5
	for i := range n {
		for range 20 {
			a := new(Client)
			at := kickedAt + model.Instant(i)*model.Instant(time.Minute)
			w.lose(a, at, 3000+i)
			w.try(a, at+model.Instant(time.Second), false)
		}
	}
	w.run(100, model.Instant((n+2)*time.Minute))
	storms := w.watch.Storms()
	if len(w.ended) != n || len(storms) != model.MaxStorms || storms[0].ID != 6 || storms[model.MaxStorms-1].ID != n {
		t.Errorf("%d ended, %d remembered", len(w.ended), len(storms))
	}
	if len(w.watch.lost) > 60 || len(w.watch.bins) > 3*int(leadBins) {
		t.Errorf("%d losses and %d bins are still kept", len(w.watch.lost), len(w.watch.bins))
	}
}

// What is kept of a storm without an end is bounded.
func TestEndlessStormIsBounded(t *testing.T) {
	w := newWeather()
	for range 50 {
		a := new(Client)
		w.lose(a, kickedAt, 1006)
		for k := range model.Instant(1500) {
			w.try(a, kickedAt+(k+1)*model.Instant(time.Second), true)
		}
	}
	w.run(50, model.Instant(30*time.Minute))
	for _, s := range w.watch.Storms() {
		if len(s.Curve) > model.MaxActivity {
			t.Errorf("%d bins", len(s.Curve))
		}
	}
	if len(w.watch.bins) > model.MaxActivity+3*int(leadBins) {
		t.Errorf("%d bins", len(w.watch.bins))
	}
}

// The figures of a measurement are computed while clients go on.
func TestReadWhileClientsGoOn(t *testing.T) {
	w := newWeather()
	w.kick(rand.New(rand.NewPCG(1, 2)), 100, time.Minute, func(k int) float64 { return float64(k) })
	w.run(100, kickedAt+model.Instant(55*time.Second))
	at := kickedAt + model.Instant(55*time.Second)
	m := w.watch.survey(at)
	for w.watch.Survey(m) {
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Read()
	}()
	for _, a := range w.watch.lost {
		for range 20 {
			at += model.Instant(time.Millisecond)
			w.watch.Try(a, at, 0, full)
		}
	}
	<-done
	w.watch.Conclude(m)
	if p := w.watch.Storms()[0].Policies; len(p) != 1 || p[0].Kind != model.PolicyLinear {
		t.Errorf("%+v", p)
	}
}

// BenchmarkStorm measures the parts of a measurement of 100 000 clients: that of Survey is the longest one under the lock.
func BenchmarkStorm(b *testing.B) {
	r, w := rand.New(rand.NewPCG(1, 2)), newWeather()
	w.kick(r, 100_000, 2*time.Second, func(k int) float64 { return 1.5 * math.Pow(2, float64(k-1)) * (0.5 + r.Float64()) })
	w.run(100_000, kickedAt+model.Instant(8*time.Second))
	s := w.watch.on
	if s == nil || s.Reconnects+s.Refused < 160_000 {
		b.Fatalf("no storm of that size: %v %v", s != nil, w.ended)
	}
	m := w.watch.survey(kickedAt + model.Instant(8*time.Second))
	finish(w.watch, m)
	run := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	run("Read", m.Read)
	run("Conclude", func() { w.watch.Conclude(m) })
	run("Survey", func() {
		m.left, m.victims = w.watch.lost[:surveyedAtOnce], m.victims[:0]
		w.watch.Survey(m)
	})
}

// BenchmarkStormTry measures one attempt.
func BenchmarkStormTry(b *testing.B) {
	w, a := NewWatch(stormZero), new(Client)
	w.Lose(a, 1, &reconnect.Loss{})
	b.ReportAllocs()
	for at := model.Instant(1); b.Loop(); at += model.Instant(time.Millisecond) {
		w.Try(a, at, 0, full)
	}
}
