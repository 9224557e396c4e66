package compare

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"holter/model"
	"holter/model/heart"
	"holter/server"
)

// newMonitor is the monitor that main gives to a comparison.
func newMonitor(s Settings) Monitor {
	m := server.New(server.Options{Scheme: s.Scheme, Interval: s.Interval, OnFail: model.OnFailClose, Logger: slog.New(slog.DiscardHandler)})
	return Monitor{Wrap: m.Wrap, Run: m.Run, Events: m.Source().Events}
}

// small is a comparison of a few seconds. Its beats are as fast as a client's rhythm can be told.
func small() *scale {
	const interval = 500 * time.Millisecond
	s := &scale{
		schemes: append(schemesAt(interval)[:3], scheme{name: "fixed .5s/1s", ping: interval, dead: time.Second}),
		few:     2, many: 2, life: 2500 * time.Millisecond, ramp: 50 * time.Millisecond, patience: 7 * time.Second, cutAll: true,
		cost: costScale{connections: 30, span: 200 * time.Millisecond},
	}
	for i := range s.schemes {
		s.schemes[i].limit = s.patience
	}
	return s
}

// It is not parallel: what other tests allocate would count as the schemes' memory.
func TestSmallComparison(t *testing.T) {
	scale := small()
	var lines atomic.Int64
	report, err := run(t.Context(), scale, Options{Seed: 1, Monitor: newMonitor, Progress: func(string) { lines.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	if lines.Load() < 5 {
		t.Errorf("%d lines of progress", lines.Load())
	}
	if n := report.connections(); n != len(scale.schemes)*len(faults)*2 {
		t.Errorf("%d connections", n)
	}
	if report.LateOften > 0 {
		t.Skipf("this machine is busy: the test ran late %d times, by %.0f ms at worst, and hearts wait longer then", report.LateOften, report.LateMS)
	}
	for i := range scale.schemes {
		s := &scale.schemes[i]
		t.Run(s.name, func(t *testing.T) {
			checkEnds(t, report, s)
			checkSilence(t, report, s, halfOpen)
			checkSilence(t, report, s, "frozen peer")
			checkCosts(t, report.scheme(s.name), s)
		})
	}
}

// checkEnds fails the test unless both ends notice at once that a connection was closed or reset.
func checkEnds(t *testing.T, r *Report, s *scheme) {
	for _, fault := range []string{"clean close", "reset"} {
		c := r.cell(s.name, fault)
		for side, sight := range map[string]*Sight{"server": &c.Server, "client": &c.Client} {
			if sight.Struck == 0 || sight.Over.Count != sight.Struck || sight.Over.WorstMS > 2000 {
				t.Errorf("%s at the %s: %+v", fault, side, sight)
			}
		}
	}
}

// checkSilence fails the test unless an end that beats notices silence within the limits of its scheme, and no
// other end does.
func checkSilence(t *testing.T, r *Report, s *scheme, fault string) {
	c := r.cell(s.name, fault)
	least, most := limits(s)
	server := &c.Server
	if server.Struck == 0 || server.Over.Count != server.Struck || server.Suspected.MeanMS > server.Over.MeanMS {
		t.Fatalf("%s: %+v", fault, server)
	}
	if mean, worst := server.Over.MeanMS, server.Over.WorstMS; mean < millis(least) || worst > millis(most) {
		t.Errorf("%s: given up after %.0f ms on average, %.0f at worst, want %v to %v", fault, mean, worst, least, most)
	}
	looks := !s.fixed() && s.who.ClientBeats()
	if c.Client.Struck == 0 || looks != (c.Client.Over.Count > 0) {
		t.Errorf("%s: the client that looks (%t) saw %+v", fault, looks, c.Client)
	}
	if c.Server.FalseFailures+c.Client.FalseFailures > 0 {
		t.Errorf("%s: given up before anything happened: %+v", fault, c)
	}
}

// limits are the least mean and the greatest time after which a scheme gives a silent server or client up. They
// leave some seconds for a busy machine.
func limits(s *scheme) (least, most time.Duration) {
	const (
		grace  = 3 * time.Second
		probes = 3500 * time.Millisecond // of 0.5, 1 and 2 s
	)
	switch {
	case s.fixed():
		return s.dead - s.ping, s.dead + grace
	case s.who.ServerBeats(): // the ping that is due, or a timeout of a second, and the probes
		return probes, s.ping*11/10 + time.Second + probes + grace
	}
	return probes, 4*s.ping + probes + grace // a client's rhythm that is hardly known
}

// checkCosts fails the test unless the costs are possible, and the bytes of a fixed scheme about right: an empty
// ping has two, its masked pong six. A busy machine may move some to the wrong side of the count.
func checkCosts(t *testing.T, r *SchemeReport, s *scheme) {
	if want := 8 * 60 / s.ping.Seconds(); s.fixed() && math.Abs(r.Bytes-want) > want/4 {
		t.Errorf("%.2f bytes a minute, want %.2f", r.Bytes, want)
	}
	if r.Bytes <= 0 || r.MemoryBytes < 1024 || r.MemoryBytes > 64*1024 {
		t.Errorf("costs %+v", r)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	small := func(ctx context.Context, o Options) (*Report, error) { return run(ctx, small(), o) }
	for _, tc := range []struct {
		run   func(ctx context.Context, o Options) (*Report, error)
		quick bool
		at    string
	}{
		{Run, false, "measuring memory"},
		{Run, true, "measuring memory"},
		{small, false, "measuring the processor time of holter client"},
		{small, false, "connections done"},
	} {
		ctx, stop := context.WithCancel(t.Context())
		_, err := tc.run(ctx, Options{Quick: tc.quick, Monitor: newMonitor, Progress: func(line string) {
			if strings.Contains(line, tc.at) {
				stop()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped at %s: %v", tc.at, err)
		}
	}
}

// broken is a monitor of which a part is replaced.
func broken(change func(*Monitor)) NewMonitor {
	return func(s Settings) Monitor {
		m := newMonitor(s)
		change(&m)
		return m
	}
}

func TestMonitorThatFails(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("broken")
	events := func(events []model.Event, err error) func(*Monitor) {
		return func(m *Monitor) {
			m.Events = func(context.Context, uint64) ([]model.Event, error) { return events, err }
		}
	}
	for name, tc := range map[string]struct {
		change func(*Monitor)
		want   string
	}{
		"run":         {func(m *Monitor) { m.Run = func(context.Context) error { return errBroken } }, "broken"},
		"events":      {events(nil, errBroken), "broken"},
		"events lost": {events([]model.Event{{Seq: 9, Type: model.Dropped, Count: 9}}, nil), errEventsLost.Error()},
		"refuses": {func(m *Monitor) {
			m.Wrap = func(http.Handler) http.Handler { return http.NotFoundHandler() }
		}, "handshake over loopback"},
	} {
		t.Run(name, func(t *testing.T) {
			scale := small()
			trials := draw(scale, Options{})
			err := observe(t.Context(), scale.schemes, trials, newReport(Options{}, scale.schemes), Options{Monitor: broken(tc.change)})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("observing: %v", err)
			}
			if _, err := run(t.Context(), small(), Options{Monitor: broken(tc.change)}); err == nil {
				t.Error("the comparison had something to tell")
			}
		})
	}
}

func TestUnexpectedGuest(t *testing.T) {
	l, _, err := openLab(t.Context(), small().schemes, newMonitor)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, target := range []string{"/", "/?client=17", "/?client=no"} {
		r, err := http.Get("http://" + l.address + target)
		if err != nil {
			t.Fatal(err)
		}
		if r.Body.Close(); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, r.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestNoSocket(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := run(ctx, small(), Options{Monitor: newMonitor}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRecord(t *testing.T) {
	begin := time.Now()
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	const sec = time.Second
	for name, tc := range map[string]struct {
		do                   func(r *record)
		suspicions, failures int
		struck               int
		suspected, over      time.Duration
	}{
		"nothing":           {func(*record) {}, 0, 0, 1, never, never},
		"a mistake":         {func(r *record) { r.believe(model.Suspect, at(1)); r.believe(model.Normal, at(2)) }, 1, 0, 3, never, never},
		"noticed":           {func(r *record) { r.believe(model.Suspect, at(5)); r.over(at(8), true) }, 1, 1, 4, sec, 4 * sec},
		"without suspicion": {func(r *record) { r.over(at(8), true) }, 1, 1, 4, 4 * sec, 4 * sec},
		"an end":            {func(r *record) { r.over(at(8), false) }, 0, 0, 4, 4 * sec, 4 * sec},
		"suspected before":  {func(r *record) { r.believe(model.Suspect, at(1)); r.over(at(8), true) }, 1, 1, 4, 0, 4 * sec},
		"ended before":      {func(r *record) { r.over(at(1), false) }, 0, 0, 4, 0, 0},
		"ended twice":       {func(r *record) { r.over(at(6), false); r.over(at(9), true) }, 0, 0, 4, 2 * sec, 2 * sec},
		"failed": {func(r *record) {
			for i, to := range []model.State{model.Suspect, model.Failed} {
				r.event(&model.Event{Type: model.StateChanged, To: to, Time: at(5 + i)})
			}
			r.event(&model.Event{Type: model.ConnectionClosed, Connection: &model.Connection{Close: &model.Close{By: model.ByHolter, At: at(7)}}})
		}, 1, 1, 4, sec, 3 * sec},
		"closed by the peer": {func(r *record) {
			r.event(&model.Event{Type: model.ConnectionOpened})
			r.event(&model.Event{Type: model.ConnectionClosed, Connection: &model.Connection{Close: &model.Close{By: model.ByPeer, At: at(7)}}})
		}, 0, 0, 4, 3 * sec, 3 * sec},
	} {
		r := record{done: make(chan struct{})}
		tc.do(&r)
		suspicions, failures := r.mistakes()
		suspected, over := r.noticed(at(tc.struck))
		if suspicions != tc.suspicions || failures != tc.failures || suspected != tc.suspected || over != tc.over {
			t.Errorf("%s: %d suspicions, %d failures, suspected after %v, over after %v", name, suspicions, failures, suspected, over)
		}
	}
}

// A quick comparison compresses the fixed schemes' times, where the fault has none of its own, and no monitor's.
func TestQuickPlans(t *testing.T) {
	for _, trial := range draw(quickScale(), Options{Seed: 1}) {
		p, s, f := &trial.plan, trial.scheme, trial.fault
		if compressed := s.fixed() && !f.ownTime; compressed != (p.pace > 1) {
			t.Errorf("%s under %s runs %v times as fast", s.name, f.name, p.pace)
		}
		if real := p.pace.real(p.life); real > quickLife || real < quickLife/10 {
			t.Errorf("%s under %s lives for %v", s.name, f.name, real)
		}
		if want := f.strike != nil && !f.many; p.cut != want {
			t.Errorf("%s under %s is struck: %t", s.name, f.name, p.cut)
		}
	}
}

func TestPhases(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n = 10
	for turn := range n {
		part := turn / 2
		if p := phase(turn, n, random); p < float64(part)/5 || p >= float64(part+1)/5 {
			t.Errorf("turn %d is struck at %.3f", turn, p)
		}
	}
}

func TestSameSeedSamePlans(t *testing.T) {
	plans := func(seed uint64) (all []plan) {
		for _, trial := range draw(fullScale(), Options{Seed: seed}) {
			all = append(all, trial.plan)
		}
		return all
	}
	one, again, other := plans(1), plans(1), plans(2)
	same := 0
	for i := range one {
		if one[i] != again[i] {
			t.Fatalf("trial %d: %+v, then %+v", i, one[i], again[i])
		}
		if one[i] == other[i] {
			same++
		}
		if one[i].pace != 1 {
			t.Fatalf("trial %d is compressed", i)
		}
	}
	if same > 0 {
		t.Errorf("%d plans do not depend on the seed", same)
	}
}

// sample is a report with everything that a table may have to show.
func sample(quick bool) *Report {
	interval := heart.DefaultRhythm().Interval
	if quick {
		interval = quickInterval
	}
	schemes := schemesAt(interval)
	r := newReport(Options{Seed: 7, Quick: quick}, schemes)
	r.TookMS, r.LateMS = 160_400, 12
	for i := range r.Schemes {
		s := &r.Schemes[i]
		s.Bytes, s.Packets, s.CPUMS, s.MemoryBytes = 384.4, 48.25, 27.4, 9500
	}
	r.Schemes[5].Packets, r.Schemes[5].CPUMS = 0, 0
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Compression, c.Connections, c.Hours = 1, 24, 0.5
		if s := &schemes[i/len(faults)]; quick && s.fixed() {
			c.Compression = float64(s.hurry)
		}
		c.Server = Sight{Struck: 24, Suspected: Spread{24, 3052, 5611}, Over: Spread{24, 6551, 9104}}
		c.Client = Sight{Struck: 24, Suspected: Spread{24, .3, 4}, Over: Spread{23, 33_012, 59_996}}
	}
	*r.cell("holter server", halfOpen) = Cell{
		Scheme: "holter server", Fault: halfOpen, Compression: 1, Connections: 24, Hours: 0.5,
		Client: Sight{Struck: 24},
	}
	r.cell("holter both", latePongs).Server.FalseSuspicions = 3
	r.cell("holter both", loss).Client.FalseFailures = 1
	return r
}

func TestTables(t *testing.T) {
	for name, quick := range map[string]bool{"true scale": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			r := sample(quick)
			if quick {
				r.LateMS, r.LateOften = 332, 5
			}
			if err := r.WriteText(&b); err != nil {
				t.Fatal(err)
			}
			golden.RequireEqual(t, []byte(b.String()))
		})
	}
	t.Run("markdown", func(t *testing.T) {
		var b strings.Builder
		if err := sample(false).WriteMarkdown(&b); err != nil {
			t.Fatal(err)
		}
		golden.RequireEqual(t, []byte(b.String()))
	})
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	want := sample(false)
	if err := want.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.cell("holter both", latePongs); *c != *want.cell("holter both", latePongs) || len(got.Cells) != len(want.Cells) {
		t.Errorf("read back %+v", c)
	}
}
