package drill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"holter/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a Target whose clients the test simulates. The i-th client comes back delay and i milliseconds after a
// loss or a refusal.
type stage struct {
	delay time.Duration
	lags  time.Duration // how far its clock is behind the test's

	expels time.Duration // after which it closes connections of clients that have come back; 0 for never

	mu       sync.Mutex // protects all following
	began    time.Time
	conns    []model.Connection
	events   []model.Event
	more     chan struct{}
	refusing time.Time
	orders   []string
	storms   []model.Storm
	paths    []model.Path
	failure  error // returned by all calls
	readOnly error // returned by the calls that disturb
}

func newStage(clients int) *stage {
	s := &stage{delay: time.Second, lags: time.Hour, more: make(chan struct{}), began: time.Now().Add(-time.Hour)}
	for i := range clients {
		s.add(fmt.Sprint("client-", i))
	}
	return s
}

func (s *stage) now() time.Time { return time.Now().Add(-s.lags) }

func (s *stage) add(client string) {
	c := model.Connection{ID: model.ID(len(s.conns) + 1), Client: client, Generation: 1, Opened: s.now(), UserAgent: "app"}
	s.conns = append(s.conns, c)
	s.tell(model.Event{Type: model.ConnectionOpened, Connection: &c})
}

func (s *stage) tell(e model.Event) {
	e.Seq, e.Time = uint64(len(s.events)+1), s.now()
	s.events = append(s.events, e)
	close(s.more)
	s.more = make(chan struct{})
}

func (s *stage) close(c *model.Connection, code int) {
	if c.Close != nil {
		return
	}
	c.Close = &model.Close{Code: code, By: model.ByHolter, At: s.now()}
	was := *c
	s.tell(model.Event{Type: model.ConnectionClosed, Connection: &was})
	s.come(c.Client, int(c.ID))
}

// come brings a client back after its delay. It runs under mu.
func (s *stage) come(client string, i int) {
	if s.delay == 0 {
		return
	}
	time.AfterFunc(s.delay+time.Duration(i)*time.Millisecond, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if time.Now().Before(s.refusing) {
			s.tell(model.Event{Type: model.ConnectionRefused, Refusal: &model.Refusal{Client: client}})
			s.come(client, i)
			return
		}
		s.add(client)
		if s.expels > 0 {
			s.expel(len(s.conns) - 1)
		}
	})
}

// expel closes a connection after a while, as an application does that keeps no client.
func (s *stage) expel(i int) {
	time.AfterFunc(s.expels, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c := &s.conns[i]
		if c.Close != nil {
			return
		}
		c.Close = &model.Close{Code: 4401, Reason: "token expired", By: model.ByApp, At: s.now()}
		was := *c
		s.tell(model.Event{Type: model.ConnectionClosed, Connection: &was})
		s.come(c.Client, i%20)
	})
}

func (s *stage) Snapshot(context.Context) (model.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return model.Snapshot{
		Time: s.now(), Monitor: model.Monitor{Started: s.began, Interval: 5 * time.Second}, Connections: slices.Clone(s.conns), Storms: slices.Clone(s.storms), Paths: s.paths,
	}, s.failure
}

func (s *stage) Events(ctx context.Context, after uint64) ([]model.Event, error) {
	for {
		s.mu.Lock()
		events, more := s.events[min(int(after), len(s.events)):], s.more
		s.mu.Unlock()
		if len(events) > 0 {
			return events, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *stage) Now(context.Context) (time.Time, error) { return s.now(), s.failure }

func (s *stage) order(format string, args ...any) {
	s.orders = append(s.orders, fmt.Sprintf(format, args...))
}

func (s *stage) Kick(_ context.Context, k model.Kick) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order("kick %q %d of %d", k.Query, len(k.IDs), k.Code)
	var ids []model.ID
	for i := range s.conns {
		if c := &s.conns[i]; c.Open() && (k.Query != "" || slices.Contains(k.IDs, c.ID)) {
			ids = append(ids, c.ID)
		}
	}
	for i, id := range ids {
		shut := func() { s.close(&s.conns[id-1], k.Code) }
		if delay := k.Over / time.Duration(len(ids)) * time.Duration(i); delay == 0 {
			shut()
		} else {
			time.AfterFunc(delay, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				shut()
			})
		}
	}
	return len(ids), cmp.Or(s.failure, s.readOnly)
}

func (s *stage) Refuse(_ context.Context, length time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order("refuse %v", length)
	s.refusing = time.Now().Add(length)
	return cmp.Or(s.failure, s.readOnly)
}

// SetFaults closes half-open connections after 12 s, as a heartbeat would.
func (s *stage) SetFaults(_ context.Context, o model.FaultOrder) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order("%s on %d", &o.Faults, len(o.IDs))
	if !o.Faults.HalfOpen {
		return len(o.IDs), model.Errorf(model.Gone, "c1 is closed already")
	}
	time.AfterFunc(12*time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range s.conns {
			if slices.Contains(o.IDs, s.conns[i].ID) {
				s.close(&s.conns[i], 3008)
			}
		}
	})
	return len(o.IDs), s.failure
}

// perform runs a drill on s. It must run in a synctest bubble.
func perform(t *testing.T, s *stage, text string) (report *Report, err error) {
	t.Helper()
	d, err := Parse("test.yaml", []byte("name: test\nabout: a test\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return d.Run(t.Context(), s, func(Progress) {})
}

func wantPassed(t *testing.T, r *Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.Held {
			t.Errorf("%s: %s", c.Expectation, c.Found)
		}
	}
}

// A margin is known without a step. The drill looks for as long as it is told to, and says nothing of clients that did not have to
// come back.
func TestDrillThatOnlyLooks(t *testing.T) {
	for text, took := range map[string]time.Duration{"": 2 * time.Second, "steps: []\nwatch: 30s\n": 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(3)
			s.paths = []model.Path{{Template: "/ws", Opened: 3, Margin: 4}}
			r, err := perform(t, s, text+"expect: [margin>=1.5]\n")
			wantPassed(t, r, err)
			if r.Took < took || r.Took > took+5*time.Second || len(s.orders) > 0 {
				t.Errorf("%v, orders %q", r.Took, s.orders)
			}
			var b bytes.Buffer
			if r.WriteText(&b); strings.Contains(b.String(), "never") || !strings.Contains(b.String(), "4.00 between the beats on /ws") {
				t.Error(b.String())
			}
		})
	}
}

func TestDrillDeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(60)
		r, err := perform(t, s, `
steps:
- refuse: 10s
- kick: all
  code: 1012
expect:
- recovered>=99% within 12s
- recovered<1%@10s
- policy=fixed jitter<10%
- lost=60
- refused>=500
- no_client_gave_up
`)
		wantPassed(t, r, err)
		if r.Clients != 60 || len(r.Steps) != 2 || r.Steps[1].Hit != 60 || r.Took > 13*time.Second+model.Stay {
			t.Errorf("%+v after %v", r.Steps, r.Took)
		}
		if len(s.orders) != 2 {
			t.Errorf("orders %q", s.orders)
		}
	})
}

// A drain closes one connection after the other. Each client is judged by the time since its own loss.
func TestDrillThatDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := perform(t, newStage(60), `
steps:
- at: 30s
  kick: all
  code: 1012
  over: 60s
watch: 20s
expect:
- recovered>=99% within 2s
- recovered<1%@900ms
- back_99<1100ms
- crowding<2
- crowding>1
- lost=60
`)
		wantPassed(t, r, err)
		if found := r.Checks[0].Found; found != "100% within 2s of their loss" {
			t.Errorf("found %q", found)
		}
		if w := r.wire(); w.BackFrom != "loss" || *w.Back50MS < 1000 || *w.Back50MS > 1100 {
			t.Errorf("%+v", w)
		}
	})
}

func TestDrillBlip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		r, err := perform(t, s, "steps: [{fault: half-open, on: all, for: 20s}]\nexpect: [recovered=100%, lost=10, recovered<1%@12s]")
		wantPassed(t, r, err)
		if want := []string{"half-open on 10", "none on 10"}; !slices.Equal(s.orders, want) {
			t.Errorf("orders %q, want %q", s.orders, want)
		}
	})
}

// Faults take the place of those that an earlier step has put on a connection, and last as long as their own step says.
func TestDrillReplacesFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		_, err := perform(t, s, "steps: [{fault: latency=1s, on: all, for: 5s}, {at: 1s, fault: freeze, on: id=c1 or id=c2, for: 30s}]")
		if err != nil {
			t.Error(err)
		}
		if want := []string{"latency=1s on 10", "freeze on 2", "none on 8", "none on 2"}; !slices.Equal(s.orders, want) {
			t.Errorf("orders %q, want %q", s.orders, want)
		}
	})
}

func TestDrillOfAShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		r, err := perform(t, s, "steps: [{kick: all, share: 25%}, {at: 30s, kick: client=nobody, share: 50%}]\nexpect: [lost=3, recovered=100%]")
		wantPassed(t, r, err)
		if r.Steps[0].Hit != 3 || r.Steps[1].Hit != 0 || len(s.orders) != 1 {
			t.Errorf("%+v, orders %q", r.Steps, s.orders)
		}
	})
}

func TestDrillWhoseClientsDoNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for watch, found := range map[time.Duration]string{
			70 * time.Second: "10 of 10 clients gave up",
			40 * time.Second: "10 of 10 clients have been silent for long; it is too early to tell whether they gave up",
		} {
			s := newStage(10)
			s.delay = 0
			r, err := perform(t, s, fmt.Sprintf("steps: [{kick: all}]\nwatch: %v\nexpect: [recovered>=99%% within 30s, no_client_gave_up, lost=10]", watch))
			if err != nil {
				t.Fatal(err)
			}
			if r.Failures() != 2 || r.Passed() || r.Checks[1].Found != found || r.Took < watch {
				t.Errorf("%+v after %v", r.Checks, r.Took)
			}
		}
	})
}

// Clients that come back again and again, and are closed again at once, are not back, and have not given up either.
func TestDrillOfClientsThatFlap(t *testing.T) {
	for _, delay := range []time.Duration{20 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(20)
			s.delay, s.expels = delay, 200*time.Millisecond
			r, err := perform(t, s, `
steps: [{kick: all, reset: true}]
watch: 25s
expect: [recovered>=99% within 20s, no_client_gave_up, back_50<10s, flapping=0, gave_up=0, lost=20]
`)
			if err != nil {
				t.Fatal(err)
			}
			var held []bool
			for _, c := range r.Checks {
				held = append(held, c.Held)
			}
			f := r.Figures
			if want := []bool{false, true, false, false, true, true}; !slices.Equal(held, want) || f.Back != 0 || f.Flapping != 20 || f.GaveUp != 0 {
				t.Errorf("with a delay of %v: %+v, %d back, %d flap, %d gave up", delay, r.Checks, f.Back, f.Flapping, f.GaveUp)
			}
			rate := 20 / (delay + 210*time.Millisecond).Seconds()
			if want := []model.StormCause{{Code: 4401, By: model.ByApp, Count: 20}}; !slices.Equal(f.Flaps, want) || f.FlapRate < 0.9*rate || f.FlapRate > 1.1*rate {
				t.Errorf("%+v, %.1f/s, want %.1f/s", f.Flaps, f.FlapRate, rate)
			}
			sentence := "20 of 20 clients flap: they come back and are closed again within 5s with 4401 by app, "
			for i, about := range []string{"0% within 20s, 0% at the end; ", "", "never reached; "} {
				if !strings.HasPrefix(r.Checks[i].Found, about+sentence) {
					t.Errorf("%s: %s", r.Checks[i].Expectation, r.Checks[i].Found)
				}
			}
			if w := r.wire(); w.Flapping != 20 || len(w.Flaps) != 1 || w.Flaps[0] != (wireFlaps{4401, "app", 20}) || w.StayMS != 5000 {
				t.Errorf("%+v", w)
			}
		})
	}
}

// A drill sets how long a connection must last. Clients that are closed after 8 s are back by the usual measure.
func TestDrillSaysHowLongToStay(t *testing.T) {
	for stay, back := range map[string]int{"": 10, "stay: 10s": 0} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(10)
			s.expels = 8 * time.Second
			r, err := perform(t, s, stay+"\nsteps: [{kick: all}]\nwatch: 30s\nexpect: [recovered=100%]")
			if err != nil {
				t.Fatal(err)
			}
			if r.Figures.Back != back || r.Passed() != (back == 10) {
				t.Errorf("%q: %d are back, %s", stay, r.Figures.Back, r.Checks[0].Found)
			}
		})
	}
}

// A client that comes back at the very end of the watch still has the time to stay.
func TestDrillWaitsForClientsToStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		s.delay = 9 * time.Second
		r, err := perform(t, s, "steps: [{kick: all}]\nwatch: 10s\nexpect: [recovered=100% within 10s, no_client_gave_up]")
		wantPassed(t, r, err)
		if r.Took < 9*time.Second+model.Stay || r.Took > 12*time.Second+model.Stay {
			t.Errorf("after %v", r.Took)
		}
	})
}

// What a target says late may be that a client has not stayed. It tells by its samples how late it is.
func TestDrillTrustsNoLateTarget(t *testing.T) {
	p := newPlay("ann")
	p.apply(&model.Event{Time: noon, Type: model.HostSampled})
	p.goes("ann", time.Second)
	p.come("ann", 2*time.Second)
	if back, _, settling := p.count(time.Minute, maxTime); back != 0 || settling != 1 {
		t.Errorf("after silence of the target: %d back", back)
	}
	p.apply(&model.Event{Time: noon.Add(7 * time.Second), Type: model.HostSampled})
	if back, _, _ := p.count(time.Minute, maxTime); back != 1 {
		t.Errorf("%d back", back)
	}
}

// The target updates the figures of a storm once a second, and for the last time when all clients are back.
func TestDrillWaitsForTheStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		storm := model.Storm{Started: s.now(), Clients: 10, Peak: 20}
		s.storms = []model.Storm{storm}
		time.AfterFunc(3*time.Second, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			storm.Ended, storm.Peak = s.now(), 40
			s.storms = []model.Storm{storm}
		})
		r, err := perform(t, s, "steps: [{kick: all}]\nexpect: [peak=40/s]")
		wantPassed(t, r, err)
		if r.Took > 1500*time.Millisecond+model.Stay {
			t.Errorf("after %v", r.Took)
		}
	})
}

// A drill that ends early ends its refusals and faults.
// The stage takes any filter for all, as a holter of another version may take one that it reads otherwise. Whom a
// filter means is decided here, and only all itself is left to the target.
func TestDrillKicksWhomItMeans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(10)
		r, err := perform(t, s, "steps: [{kick: '!all'}, {at: 1s, kick: client=client-3 or id=c5, code: 4001}, {at: 20s, kick: ALL}]\nexpect: [lost=10, recovered=100%]")
		wantPassed(t, r, err)
		if want := []string{`kick "" 2 of 4001`, `kick "ALL" 0 of 0`}; !slices.Equal(s.orders, want) {
			t.Errorf("orders %q, want %q", s.orders, want)
		}
	})
}

func TestDrillCleansUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(5)
		d, err := Parse("test.yaml", []byte("name: x\nsteps: [{refuse: 1h}, {fault: half-open, on: all, for: 1h}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := d.Run(ctx, s, func(Progress) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if want := []string{"refuse 1h0m0s", "half-open on 5", "none on 5", "refuse 0s"}; !slices.Equal(s.orders, want) {
			t.Errorf("orders %q, want %q", s.orders, want)
		}
		time.Sleep(20 * time.Second) // until half-open connections are closed and their clients are back
	})
}

func TestDrillOfATargetThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := perform(t, newStage(0), "steps: [{kick: all}]"); err == nil || !strings.Contains(err.Error(), "no client is connected") {
			t.Errorf("no clients: error %v", err)
		}
		forbidden := newStage(3)
		forbidden.failure = model.Errorf(model.Forbidden, "read only")
		if _, err := perform(t, forbidden, "steps: [{kick: all}]"); model.ErrorCode(err) != model.Forbidden {
			t.Errorf("forbidden: error %v", err)
		}
		for name, change := range map[string]func(*stage){
			"out of reach":  func(s *stage) { s.failure = model.Errorf(model.Unavailable, "does not answer") },
			"restarted":     func(s *stage) { s.began = s.began.Add(time.Minute) },
			"a short break": func(s *stage) { s.failure = model.Errorf(model.Unavailable, "does not answer") },
		} {
			s := newStage(3)
			time.AfterFunc(5*time.Second, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				change(s)
			})
			if name == "a short break" {
				time.AfterFunc(8*time.Second, func() {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.failure = nil
				})
			}
			_, err := perform(t, s, "steps: [{refuse: 20s}]")
			if (err == nil) != (name == "a short break") || err != nil && model.ErrorCode(err) != model.Unavailable {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}

func TestReport(t *testing.T) {
	r := &Report{
		Drill: "deploy", About: "a <test>", Started: noon, Took: 12500 * time.Millisecond, Clients: 120, Figures: deployed(),
		Steps: []Done{{Step: "refuse upgrades for 10s"}, {Step: "kick all with 1012", Hit: 120, Selects: true}, {At: time.Second, Step: "kick id=c1", Selects: true}},
	}
	for _, text := range []string{"recovered>=99% within 8s", "peak_rate<200/s"} {
		e, err := ParseExpectation(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Checks = append(r.Checks, e.check(r.Figures))
	}
	r.Figures.More = model.PoolCount{Pools: 3, Clients: 21}
	var text, js, junit bytes.Buffer
	for _, err := range []error{r.WriteText(&text), r.WriteJSON(&js), r.WriteJUnit(&junit)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = `drill deploy: failed, 1 of 2 expectations does not hold

      0s  refuse upgrades for 10s
      0s  kick all with 1012: 120 connections
      1s  kick id=c1: no connections

  clients   120 before, 100 lost their connection, 98 are back, 1 gave up
  back      50% after 5s, 90% after 9s, 99% never
  attempts  60/s in the worst second, 40 refused
  crowding  2.5 times the rate of an even spread
  margin    1.12 between the beats on /rooms/* and the shortest cut that is known there
  policy    91 clients (app/2): exponential from 1s by 2 with 100% jitter (AWS full jitter)
  policy    9 clients (app/1): fixed 3s with 0% jitter
  policy    21 clients in 3 more kinds: only the largest kinds are read

  ✖ recovered>=99% within 8s: 80% within 8s, 98.0% at the end
  ✔ peak_rate<200/s: 60/s
`
	if text.String() != want {
		t.Errorf("%s\nwant\n%s", &text, want)
	}
	var object struct {
		Passed       bool
		MorePools    struct{ Clients int } `json:"more_pools"`
		Back50MS     *float64              `json:"back_50_ms"`
		Back99MS     *float64              `json:"back_99_ms"`
		Expectations []struct {
			Passed bool
			Found  string
		}
	}
	if err := json.Unmarshal(js.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	if object.Passed || *object.Back50MS != 5000 || object.Back99MS != nil || len(object.Expectations) != 2 || object.MorePools.Clients != 21 || !object.Expectations[1].Passed {
		t.Errorf("%s", &js)
	}
	var back suites
	if err := xml.Unmarshal(junit.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	s := back.Suites[0]
	if s.Tests != 2 || s.Failures != 1 || s.Time != "12.500" || len(s.Cases) != 2 || s.Output.Text != text.String() ||
		s.Cases[0].Failure == nil || s.Cases[0].Failure.Message != "80% within 8s, 98.0% at the end" || s.Cases[1].Failure != nil {
		t.Errorf("%+v", s)
	}
}

func TestTicker(t *testing.T) {
	progress := func(at time.Duration, news string) Progress {
		return Progress{Elapsed: at, Event: news, Clients: 60, Lost: 50, Back: 20, Settling: 4, Refused: 7}
	}
	var lines, line bytes.Buffer
	for _, ticker := range []*Ticker{{Out: &lines}, {Out: &line, Terminal: true}} {
		ticker.Show(progress(0, "kick all: 60 connections"))
		ticker.Show(progress(time.Second, ""))
		ticker.Show(progress(5*time.Second, ""))
		ticker.Clear()
	}
	if want := "   0.0 s  kick all: 60 connections\n   5.0 s  50 of 60 clients lost, 20 back, 4 just in, 7 refused\n"; lines.String() != want {
		t.Errorf("lines %q, want %q", &lines, want)
	}
	if got := line.String(); strings.Count(got, "\n") != 1 || strings.Count(got, eraseLine) != 4 || !strings.HasSuffix(got, eraseLine) {
		t.Errorf("line %q", got)
	}
}
