package heart

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"holter/model"
)

// quietPeer is a Peer whose last byte came at an instant.
type quietPeer struct {
	heard  model.Instant
	unread bool
	rto    time.Duration
}

func (p *quietPeer) Heard() model.Instant { return p.heard }
func (p *quietPeer) Unread() bool         { return p.unread }

func (p *quietPeer) Timing() (rto, rtt time.Duration) { return p.rto, 0 }

func (p *quietPeer) Kernel() model.Kernel { return model.Kernel{} }

func (p *quietPeer) Untaken(model.Instant, bool) model.Instant { return 0 }

func (p *quietPeer) Beyond(model.Instant) time.Duration { return 0 }

func (p *quietPeer) Backlog(model.Instant) model.Backlog { return model.Backlog{} }

func (p *quietPeer) MayBeat(_, _ model.Instant) bool { return true }

// at converts seconds to an Instant.
func at(seconds float64) model.Instant { return model.Instant(seconds * float64(time.Second)) }

// newborn returns a heart after its first round trip, which is not a sample: 10 ms for ping 1, at one second.
func newborn(t testing.TB, r *Rhythm) (*Heart, *Lateness, *quietPeer) {
	t.Helper()
	h, late, p := New(r, 0, 0, 1), new(Lateness), new(quietPeer)
	beat(t, h, late, p, at(1), 10*ms)
	return h, late, p
}

// beat lets h ask for a ping at an instant, and answers that.
func beat(t testing.TB, h *Heart, late *Lateness, p *quietPeer, now model.Instant, rtt time.Duration) {
	t.Helper()
	a := h.Tick(now, late, p)
	if a.Ping == 0 {
		t.Fatalf("no ping at %v", time.Duration(now))
	}
	h.Sent(a.Ping, now)
	p.heard = now + model.Instant(rtt)
	h.Pong(a.Ping, p.heard, true, late)
}

func TestHeartsAreSmall(t *testing.T) {
	for name, test := range map[string]struct{ size, class uintptr }{ // of the allocator
		"Heart":     {unsafe.Sizeof(Heart{}), 416},
		"deviation": {unsafe.Sizeof(deviation{}), 352},
		"phi":       {unsafe.Sizeof(phi{}), 352},
	} {
		if test.size > test.class {
			t.Errorf("%s takes %d bytes, want at most %d: there are thousands", name, test.size, test.class)
		}
	}
}

func TestHeartsAreSpread(t *testing.T) {
	tests := []struct {
		random          float64
		among           int
		first, interval time.Duration
	}{
		{0, 1, 1, 4500 * ms},
		{0.5, 1, 500*ms + 1, 5 * time.Second},
		{1 - 1.0/1024, 500, time.Second - time.Second/1024 + 1, 5500*ms - time.Second/1024},
		{0.5, 750, time.Second, 5 * time.Second},
		{0, 1500, time.Second, 4500 * ms},
		{0.5, 1500, 2 * time.Second, 5 * time.Second},
		{0.5, 1_000_000, 3 * time.Second, 5 * time.Second},
	}
	for _, test := range tests {
		h := New(&usual, at(3), test.random, test.among)
		a := h.Tick(at(3), new(Lateness), &quietPeer{heard: at(3)})
		if first := time.Duration(a.Next - at(3)); a.Ping != 0 || (first-test.first).Abs() > time.Microsecond {
			t.Errorf("random %v among %d: ping %d, first beat after %v, want %v", test.random, test.among, a.Ping, first, test.first)
		}
		if (h.Interval() - test.interval).Abs() > ms {
			t.Errorf("random %v: interval %v, want %v", test.random, h.Interval(), test.interval)
		}
	}
}

func TestFirstRoundTripIsShownButIsNotASample(t *testing.T) {
	h, late, p := newborn(t, &usual)
	if h.RTT() != 10*ms || h.Mean() != 0 || len(h.Samples(time.Time{})) != 1 {
		t.Errorf("rtt %v, mean %v, %d in the history", h.RTT(), h.Mean(), len(h.Samples(time.Time{})))
	}
	beat(t, h, late, p, at(10), 20*ms)
	if h.RTT() != 20*ms || h.Mean() != 20*ms || h.Deviation() != 0 {
		t.Errorf("rtt %v, mean %v, deviation %v", h.RTT(), h.Mean(), h.Deviation())
	}
}

func TestTickAsksOnce(t *testing.T) {
	h, late, p := newborn(t, &usual)
	a := h.Tick(at(10), late, p)
	if a.Ping != 2 {
		t.Fatalf("ping %d", a.Ping)
	}
	for now := at(10); now < at(100); now += at(0.5) {
		if a := h.Tick(now, late, p); a.Ping != 0 || a.Changed || a.Next > now+model.Instant(h.interval) {
			t.Fatalf("%+v while ping 2 waits to be written", a)
		}
	}
	next := h.Sent(2, at(100))
	if want := at(101); next != want { // fewer than eight samples: a second
		t.Errorf("next at %v, want %v", time.Duration(next), time.Duration(want))
	}
	if a := h.Tick(at(100.5), late, p); a.Ping != 0 || a.Changed || a.Next != next {
		t.Errorf("%+v on an early tick", a)
	}
	if a := h.Tick(next, late, p); !a.Changed || a.From != model.Normal || a.To != model.Suspect || a.Ping != 3 {
		t.Errorf("%+v when the beat is overdue", a)
	}
}

func TestSentOfAnotherPingIsIgnored(t *testing.T) {
	h, late, p := newborn(t, &usual)
	before := *h
	for _, seq := range []uint32{0, 1, 2, 1000} { // nothing is asked for
		h.Sent(seq, at(9))
	}
	if *h != before {
		t.Errorf("%+v", *h)
	}
	h.Sent(h.Tick(at(10), late, p).Ping, at(10))
	h.Sent(2, at(11)) // twice
	if h.sent != at(10) {
		t.Errorf("sent at %v", time.Duration(h.sent))
	}
}

func TestKernelsTimeoutCounts(t *testing.T) {
	h, late, p := newborn(t, &usual)
	for i := range startSamples {
		beat(t, h, late, p, at(10+10*float64(i)), 20*ms)
	}
	p.rto = 800 * ms
	next := h.Sent(h.Tick(at(200), late, p).Ping, at(200))
	if got := h.Timeout(); got != 540*ms {
		t.Errorf("timeout %v before the kernel is asked, want 0.5 s + 2 means", got)
	}
	if a := h.Tick(next, late, p); a.Changed || a.Next != at(200.92) || h.Timeout() != 920*ms {
		t.Errorf("%+v, timeout %v, want rto + mean + 0.1 s", a, h.Timeout())
	}
	p.rto = 10 * time.Second // it is asked once
	if a := h.Tick(at(200.92), late, p); a.To != model.Suspect {
		t.Errorf("%+v when that is over", a)
	}
}

// Each test sends pings 2 and 3, a second apart and both without an answer, and then answers.
func TestPongs(t *testing.T) {
	type pong struct {
		seq   uint32
		at    float64
		exact bool
	}
	tests := []struct {
		name   string
		pongs  []pong
		rtt    time.Duration // the last one seen; ping 1 took 10 ms
		mean   time.Duration // of the samples, each clipped to a second
		missed int
	}{
		{"nothing", nil, 10 * ms, 0, 1},
		{"in order, bunched: the oldest alone", []pong{{2, 101.3, true}, {3, 101.3, true}}, 1300 * ms, time.Second, 0},
		{"only the newest", []pong{{3, 101.4, true}}, 1400 * ms, time.Second, 0},
		{"backwards", []pong{{3, 101.4, true}, {2, 101.5, true}}, 1400 * ms, time.Second, 0},
		{"twice", []pong{{3, 101.4, true}, {3, 101.6, true}}, 1400 * ms, time.Second, 0},
		{"an old one", []pong{{1, 101.2, true}}, 10 * ms, 0, 1},
		{"one that is not out", []pong{{4, 101.2, true}, {1 << 31, 101.2, true}, {0, 101.2, true}}, 10 * ms, 0, 1},
		{"upper bound", []pong{{2, 101.3, false}}, 10 * ms, 0, 0},
		{"upper bound, then exact", []pong{{2, 101.3, false}, {3, 101.3, true}}, 10 * ms, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, late, p := newborn(t, &usual)
			h.Sent(h.Tick(at(100), late, p).Ping, at(100))
			h.Sent(h.Tick(at(101), late, p).Ping, at(101)) // overdue after a second: a probe
			for _, pong := range test.pongs {
				h.Pong(pong.seq, at(pong.at), pong.exact, late)
			}
			if (h.RTT()-test.rtt).Abs() > time.Microsecond || h.Mean() != test.mean || h.Missed() != test.missed {
				t.Errorf("rtt %v, mean %v, missed %d", h.RTT(), h.Mean(), h.Missed())
			}
			if want := test.missed > 0; h.Alert() != want {
				t.Errorf("state %v", h.State())
			}
		})
	}
}

func TestPongMayComeBeforeSent(t *testing.T) {
	h, late, p := newborn(t, &usual)
	a := h.Tick(at(10), late, p)
	h.Pong(a.Ping, at(10.001), true, late) // the writer was held up before it could call Sent
	next := h.Sent(a.Ping, at(10))
	if h.waiting || h.Mean() != ms || next != at(14.5) {
		t.Errorf("waiting %v, mean %v, next %v", h.waiting, h.Mean(), time.Duration(next))
	}
	if e := h.Evidence(at(12), late, p); e.Unanswered != 0 || e.PingAge != 0 {
		t.Errorf("evidence %+v", e)
	}
	beat(t, h, late, p, at(20), 21*ms)
	if h.Mean() != 11*ms {
		t.Errorf("mean %v", h.Mean())
	}
}

func TestVoidPingProvesLifeButIsNotASample(t *testing.T) {
	h, late, p := newborn(t, &usual)
	h.Sent(h.Tick(at(10), late, p).Ping, at(10))
	late.Observe(at(10.2), 150*ms)
	h.Pong(2, at(10.3), true, late)
	if h.Mean() != 0 || h.RTT() != 10*ms || h.answered != 2 || h.waiting {
		t.Errorf("mean %v, rtt %v, answered %d", h.Mean(), h.RTT(), h.answered)
	}
	for now := at(10.2); now < at(20); now += at(0.05) {
		late.Observe(now, 0)
	}
	beat(t, h, late, p, at(20), 20*ms)
	if h.Mean() != 20*ms {
		t.Errorf("mean %v of the next beat", h.Mean())
	}
}

func TestTimeoutIsStretchedByLateness(t *testing.T) {
	h, late, p := newborn(t, &usual)
	for i := range 3 {
		late.Observe(at(2+float64(i)/10), 101*ms)
	}
	h.Sent(h.Tick(at(10), late, p).Ping, at(10))
	if got := h.Timeout(); got != 3*time.Second {
		t.Errorf("timeout %v, want three times a second", got)
	}
}

func TestApplicationsPingsAreFreeSamples(t *testing.T) {
	h := New(&usual, 0, 0, 1)
	h.RoundTrip(500 * ms) // cold
	h.RoundTrip(30 * ms)
	h.RoundTrip(-ms)
	h.RoundTrip(time.Hour) // clipped to the second of the start
	if h.RTT() != time.Hour || h.Mean() != 1030*ms/3 && h.Mean().Round(ms) != 343*ms {
		t.Errorf("rtt %v, mean %v", h.RTT(), h.Mean())
	}
	if len(h.Samples(time.Time{})) != 0 {
		t.Error("they count as beats of holter's")
	}
}

func TestEnd(t *testing.T) {
	tests := []struct {
		state   model.State
		trigger model.Trigger
		want    model.State
	}{
		{model.Normal, model.Ended, model.Closed},
		{model.Suspect, model.Ended, model.Closed},
		{model.Failed, model.Ended, model.Closed},
		{model.Failed, model.Reaped, model.Failed},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.state, " ", test.trigger), func(t *testing.T) {
			h, late, p := newborn(t, &usual)
			h.state = test.state
			from, to, changed := h.End(test.trigger)
			if from != test.state || to != test.want || changed != (from != to) {
				t.Errorf("%v → %v, changed %v", from, to, changed)
			}
			h.PeerBeat(at(9), false)
			for now := at(10); now < at(100); now += at(1) {
				a := h.Tick(now, late, p)
				h.Pong(1, now, true, late)
				if _, _, again := h.Heard(now); again || a.Changed || a.Ping != 0 || a.Next <= now {
					t.Fatalf("%+v after the end", a)
				}
			}
			if _, _, again := h.End(model.Ended); again || h.State() != test.want || h.Alert() {
				t.Errorf("ended twice: %v", h.State())
			}
		})
	}
}

func BenchmarkBeat(b *testing.B) {
	for _, detector := range Detectors {
		b.Run(detector, func(b *testing.B) {
			r := usual
			r.Detector = detector
			h, late, p := newborn(b, &r)
			now := at(10)
			b.ReportAllocs()
			for b.Loop() {
				beat(b, h, late, p, now, 200*time.Microsecond)
				now += at(6)
			}
		})
	}
}

func TestLatenessIsEvidenceOnlyForBeatsThatWereOpen(t *testing.T) {
	late, p := new(Lateness), new(quietPeer)
	early := New(&usual, at(1), 0, 1)
	late.Observe(at(5), 300*ms)
	young := New(&usual, at(6), 0, 1)
	if got := early.Evidence(at(7), late, p).Late; got != 300*ms {
		t.Errorf("late by %v, want 300ms", got)
	}
	if got := young.Evidence(at(7), late, p).Late; got != 0 {
		t.Errorf("late by %v before it was there", got)
	}
}

// Where frames are lost a heart judges no more, not even a beat that is open.
func TestLostFramesAreNotJudged(t *testing.T) {
	for _, scheme := range []model.Scheme{model.SchemeBoth, model.SchemeServer, model.SchemeClient, model.SchemeNone} {
		for name, open := range map[string]func(h *Heart, a Action){
			"between beats": func(*Heart, Action) {},
			"open beat":     func(h *Heart, a Action) { h.Sent(a.Ping, at(10)) },
			"late writer":   func(h *Heart, a Action) { h.Lose(false, true); h.Sent(a.Ping, at(10)) },
		} {
			r := usual
			r.Scheme = scheme
			h, late, p := New(&r, 0, 0, 1), new(Lateness), new(quietPeer)
			for i := range 5 {
				h.PeerBeat(at(2*float64(i)), false)
			}
			a := h.Tick(at(10), late, p)
			open(h, a)
			h.Lose(true, true)
			want := h.Diagnosis()
			for now := at(10); now < at(3600); {
				a := h.Tick(now, late, p)
				if a.Ping != 0 || a.Changed || a.Next < now+at(1) && a.Next < at(3600) && r.Scheme != model.SchemeNone {
					t.Fatalf("%v, %s: %+v at %v", scheme, name, a, time.Duration(now))
				}
				now = a.Next
			}
			if h.Missed() != 0 || h.Interval() != 0 || h.Timeout() != 0 || h.Diagnosis() != want || want.Cause != model.CauseFramesLost || r.Scheme != scheme {
				t.Errorf("%v, %s: %d missed, interval %v, timeout %v, %+v", scheme, name, h.Missed(), h.Interval(), h.Timeout(), h.Diagnosis())
			}
		}
	}
}

// A peer that answers again after many beats has not needed all that time for one answer.
func TestPongsThatComeBackAreNotLate(t *testing.T) {
	h, late, p := newborn(t, &usual)
	for i := range startSamples {
		beat(t, h, late, p, at(10+5*float64(i)), 20*ms)
	}
	now := at(100)
	for h.Missed() < 9 {
		p.heard = now // data
		a := h.Tick(now, late, p)
		if a.Changed {
			t.Fatalf("%v at %v", a.To, time.Duration(now))
		}
		if now = a.Next; a.Ping != 0 {
			now = h.Sent(a.Ping, p.heard)
		}
	}
	if d := h.Diagnosis(); d.Cause != model.CauseNoPong || d.Detail != "Data came in, but none of 9 pings since the last pong was answered." {
		t.Errorf("%+v", d)
	}
	beat(t, h, late, p, h.due, 30*ms)
	if d := h.Diagnosis(); d.Cause != model.CauseJitter || d.Detail != "9 beats in a row had no answer, while data came in; the pongs came back by themselves." {
		t.Errorf("%+v", d)
	}
	samples := h.Samples(time.Time{})
	if last := samples[len(samples)-1]; h.RTT() != 30*ms || h.Mean() > 30*ms || last.Missed || h.Missed() != 0 {
		t.Errorf("rtt %v, mean %v, %d missed, %+v", h.RTT(), h.Mean(), h.Missed(), last)
	}
}
