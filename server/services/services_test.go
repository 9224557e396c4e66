package services

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/model/heart"
	"holter/probe/health"
)

// hall is what a registry shares with a hub.
type hall struct {
	zero   time.Time
	late   heart.Lateness
	mu     sync.Mutex
	events []model.Event
}

func (h *hall) Now() model.Instant             { return model.Instant(time.Since(h.zero)) + 1 }
func (h *hall) Time(i model.Instant) time.Time { return h.zero.Add(time.Duration(i)) }
func (h *hall) Lateness() *heart.Lateness      { return &h.late }
func (h *hall) Publish(e model.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// told are the changes that were published, in short, and forgets them.
func (h *hall) told() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var words []string
	for _, e := range h.events {
		if e.Type != model.ServiceChanged || e.Service.State != e.To || len(e.Service.Changes) == 0 {
			return fmt.Sprintf("a strange event: %+v", e)
		}
		words = append(words, e.Service.ID+" "+e.To.String())
	}
	h.events = nil
	return strings.Join(words, ", ")
}

// open makes a registry.
func open(log *bytes.Buffer) (*Registry, *hall) {
	h := &hall{zero: time.Now()}
	return New(Options{}.WithDefaults(), heart.DefaultRhythm(), time.Minute, h, slog.New(slog.NewTextHandler(log, nil))), h
}

// inBubble runs a registry, and then a test beside it, in a time of its own.
func inBubble(t *testing.T, prepare func(r *Registry), test func(t *testing.T, r *Registry, h *hall)) {
	synctest.Test(t, func(t *testing.T) {
		r, h := open(new(bytes.Buffer))
		if prepare != nil {
			prepare(r)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		test(t, r, h)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func mustHear(t *testing.T, r *Registry, b model.Heartbeat) model.Service {
	t.Helper()
	s, err := r.Heartbeat(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func expect(t *testing.T, h *hall, want string) {
	t.Helper()
	if got := h.told(); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func TestReportsEndToEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *Registry, h *hall) {
		for range 5 {
			mustHear(t, r, model.Heartbeat{ID: "api"})
			time.Sleep(5 * time.Second)
		}
		expect(t, h, "api normal")
		time.Sleep(2 * time.Second)
		expect(t, h, "api suspect")
		time.Sleep(10 * time.Second)
		expect(t, h, "api failed")
		mustHear(t, r, model.Heartbeat{ID: "api", Status: "back"})
		expect(t, h, "api normal")
		if s, err := r.Goodbye("api"); err != nil || s.State != model.Closed {
			t.Errorf("%+v, %v", s, err)
		}
		expect(t, h, "api closed")
		time.Sleep(50 * time.Second)
		s := mustHear(t, r, model.Heartbeat{ID: "api"})
		expect(t, h, "api normal")
		if len(s.Changes) != 6 || s.Changes[5].From != model.Closed {
			t.Errorf("its past is forgotten: %+v", s.Changes)
		}
		r.Goodbye("api")
		time.Sleep(61 * time.Second)
		if _, _, err := r.Service("api"); model.ErrorCode(err) != model.NotFound {
			t.Errorf("a minute after its goodbye: %v", err)
		}
		if _, err := r.Goodbye("api"); model.ErrorCode(err) != model.NotFound {
			t.Errorf("a goodbye of one that is gone: %v", err)
		}
	})
}

// One that has failed stays on the list for an hour, and no longer.
func TestFailedIsForgottenAtLast(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *Registry, h *hall) {
		mustHear(t, r, model.Heartbeat{ID: "api"})
		time.Sleep(time.Hour)
		if _, _, err := r.Service("api"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if all, _ := r.Snapshot(); len(all) != 0 {
			t.Errorf("%+v", all)
		}
		expect(t, h, "api normal, api suspect, api failed")
	})
}

// checker answers as it is told.
type checker struct {
	mu     sync.Mutex
	why    model.Diagnosis
	hangs  bool
	takes  time.Duration
	checks int
}

func (c *checker) set(why model.Cause, hangs bool, takes time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.why, c.hangs, c.takes = model.Diagnosis{Cause: why, Detail: "evidence"}, hangs, takes
	if why == "" {
		c.why = model.Diagnosis{}
	}
}

func (c *checker) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.checks
}

func (c *checker) Check(ctx context.Context) health.Result {
	c.mu.Lock()
	why, hangs, takes := c.why, c.hangs, c.takes
	c.checks++
	c.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return health.Result{Why: model.Diagnosis{Cause: model.CauseTimedOut, Detail: "no answer came in time"}}
	}
	time.Sleep(takes)
	return health.Result{Why: why, Status: "200"}
}

func TestProbesEndToEnd(t *testing.T) {
	c := new(checker)
	watch := func(r *Registry) {
		if err := r.Watch("api", "http://api/", model.Probed, c); err != nil {
			t.Fatal(err)
		}
		if err := r.Watch("api", "http://other/", model.Probed, c); err == nil {
			t.Error("two services have one name")
		}
		if err := r.Watch("\n", "", model.Probed, c); err == nil {
			t.Error("a name that cannot be seen is accepted")
		}
	}
	inBubble(t, watch, func(t *testing.T, r *Registry, h *hall) {
		c.set("", false, 10*time.Millisecond)
		time.Sleep(time.Minute)
		expect(t, h, "api normal")
		if n := c.count(); n < 10 || n > 14 {
			t.Errorf("%d checks in a minute", n)
		}
		c.set(model.CauseRefused, false, 0)
		time.Sleep(20 * time.Second)
		expect(t, h, "api suspect, api failed")
		c.set("", false, 10*time.Millisecond)
		time.Sleep(6 * time.Second)
		expect(t, h, "api normal")
		c.set("", true, 0)
		time.Sleep(6 * time.Second)
		expect(t, h, "api suspect")
		time.Sleep(15 * time.Second)
		expect(t, h, "api failed")
		s, beats, err := r.Service("api")
		if err != nil || len(beats) < 10 || s.Diagnosis.Cause != model.CauseTimedOut || s.Kind != model.Probed || s.Target != "http://api/" {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := r.Heartbeat(model.Heartbeat{ID: "api"}); model.ErrorCode(err) != model.Invalid {
			t.Errorf("one that is asked may report: %v", err)
		}
		if _, err := r.Goodbye("api"); model.ErrorCode(err) != model.Invalid {
			t.Errorf("one that is asked may say goodbye: %v", err)
		}
	})
}

// Run ends with its context, while a check hangs.
func TestRunEnds(t *testing.T) {
	c := new(checker)
	c.set("", true, 0)
	inBubble(t, func(r *Registry) { r.Watch("api", "", model.Probed, c) }, func(*testing.T, *Registry, *hall) {
		time.Sleep(1500 * time.Millisecond)
	})
}

func TestStrangeHeartbeats(t *testing.T) {
	var log bytes.Buffer
	r, _ := open(&log)
	ms := time.Millisecond
	for name, b := range map[string]model.Heartbeat{
		"no name":         {ID: ""},
		"a long name":     {ID: strings.Repeat("x", model.MaxServiceID+1)},
		"an escape":       {ID: "a\x1b[2J"},
		"not UTF-8":       {ID: "a\xff"},
		"too fast":        {ID: "a", Interval: ms},
		"too slow":        {ID: "a", Interval: 48 * time.Hour},
		"dead at once":    {ID: "a", Interval: time.Second, TTL: time.Second},
		"nearly immortal": {ID: "a", TTL: 10 * 24 * time.Hour},
		"longest":         {ID: "a", Interval: math.MaxInt64, TTL: math.MaxInt64},
	} {
		if _, err := r.Heartbeat(b); model.ErrorCode(err) != model.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, _ := r.Snapshot(); len(all) != 0 {
		t.Errorf("they are on the list: %+v", all)
	}
	now := float64(time.Now().Unix())
	for _, tt := range []struct {
		name      string
		timestamp float64
		least     time.Duration
		most      time.Duration
	}{
		{"now", now, 0, 0},
		{"late", now - 100, -101 * time.Second, -99 * time.Second},
		{"future", now + 86400, 86399 * time.Second, 86401 * time.Second},
		{"milliseconds", now * 1000, mostClock * time.Second, mostClock * time.Second},
		{"zero", 0, -mostClock * time.Second, -mostClock * time.Second},
		{"endless", math.Inf(1), mostClock * time.Second, mostClock * time.Second},
		{"none at all", math.NaN(), 0, 0},
	} {
		s := mustHear(t, r, model.Heartbeat{ID: "a", Timestamp: &tt.timestamp, Status: strings.Repeat("é\n", 500)})
		if s.Clock < tt.least || s.Clock > tt.most || s.State != model.Normal {
			t.Errorf("%s: the clock is off by %v, the state %s", tt.name, s.Clock, s.State)
		}
		if len(s.Status) > longestWord || strings.Contains(s.Status, "\n") {
			t.Errorf("status %q", s.Status)
		}
	}
	if s := mustHear(t, r, model.Heartbeat{ID: "a"}); s.Clock != 0 {
		t.Errorf("without a time the clock is off by %v", s.Clock)
	}
}

// A status that is too long is cut, and ends as a text for people does.
func TestLongStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, h := open(new(bytes.Buffer))
		s := mustHear(t, r, model.Heartbeat{ID: "a", Status: strings.Repeat("s", 65)})
		if s.Status != strings.Repeat("s", 61)+"…" {
			t.Errorf("the status is %q", s.Status)
		}
		h.told()
	})
}

// A thousand names are all that there is room for. One more gets the place of the one that is dead for the longest time; if
// none is, it is turned away, which is counted and in the log once.
func TestListIsFull(t *testing.T) {
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		r, h := open(&log)
		for i := range model.MaxServices {
			mustHear(t, r, model.Heartbeat{ID: fmt.Sprintf("s%04d", i)})
		}
		for range 50 {
			if _, err := r.Heartbeat(model.Heartbeat{ID: "another"}); model.ErrorCode(err) != model.Unavailable {
				t.Fatalf("the list is full: %v", err)
			}
		}
		if all, beyond := r.Snapshot(); len(all) != model.MaxServices || beyond != 50 {
			t.Errorf("%d services, %d turned away", len(all), beyond)
		}
		if n := strings.Count(log.String(), "turned away"); n != 1 {
			t.Errorf("the log says it %d times:\n%s", n, &log)
		}
		mustHear(t, r, model.Heartbeat{ID: "s0007"}) // those on the list go on
		r.Goodbye("s0500")
		time.Sleep(time.Second)
		r.Goodbye("s0100")
		mustHear(t, r, model.Heartbeat{ID: "another"})
		all, _ := r.Snapshot()
		if _, _, err := r.Service("s0500"); err == nil || len(all) != model.MaxServices || all[0].ID != "another" {
			t.Errorf("the one that was gone first is still there, or the order is wrong: %d, %s", len(all), all[0].ID)
		}
		for i := 1; i < len(all); i++ {
			if all[i-1].ID >= all[i].ID {
				t.Fatal("the list is not by id")
			}
		}
		h.told()
	})
}

func TestOptions(t *testing.T) {
	good := Options{}.WithDefaults()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Options){
		"--health-every":     func(o *Options) { o.HealthEvery = time.Millisecond },
		"--health-timeout":   func(o *Options) { o.HealthTimeout = -1 },
		"--health-threshold": func(o *Options) { o.HealthThreshold = -1 },
		"--service-interval": func(o *Options) { o.ServiceInterval = -1 },
		"--service-ttl":      func(o *Options) { o.ServiceTTL = time.Second },
	} {
		o := good
		if change(&o); o.Validate() == nil || !strings.Contains(o.Validate().Error(), name) {
			t.Errorf("%s: %v", name, o.Validate())
		}
	}
}

// crowd is a registry with a thousand services that report.
func crowd(b *testing.B) *Registry {
	r, _ := open(new(bytes.Buffer))
	for i := range model.MaxServices {
		if _, err := r.Heartbeat(model.Heartbeat{ID: fmt.Sprintf("s%04d", i)}); err != nil {
			b.Fatal(err)
		}
	}
	return r
}

func BenchmarkHeartbeat(b *testing.B) {
	r := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Heartbeat(model.Heartbeat{ID: "s0500"})
	}
}

func BenchmarkTick(b *testing.B) {
	r := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		r.tick()
	}
}

func BenchmarkSnapshot(b *testing.B) {
	r := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Snapshot()
	}
}
