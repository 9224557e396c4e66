package heart

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// patient is a simulated connection with its heart, in simulated time. The simulation calls Tick exactly when
// Action.Next says so, as the scheduler does.
type patient struct {
	kernel model.Kernel
	t      *testing.T
	heart  *Heart
	late   Lateness
	now    model.Instant
	next   model.Instant // Tick

	// How the peer and the socket behave.
	rtt    func(at model.Instant) time.Duration // negative: never answered
	frozen func(at model.Instant) bool          // holter's own process
	unread func(at model.Instant) bool
	full   func(at model.Instant) bool // our send queue

	untaken model.Instant                         // since when the peer has taken nothing, 0 for no such thing
	held    model.Instant                         // since when its bytes wait because the other side takes nothing, 0 for no such thing
	mayBeat func(now model.Instant) bool          // nil for always
	backlog func(now model.Instant) model.Backlog // nil for none

	heard   model.Instant
	note    uint32 // a ping that waits for the socket
	pings   []model.Instant
	pending []arrival
	changes []change
}

// arrival is something that comes in: a pong, or data if seq is 0.
type arrival struct {
	at  model.Instant
	seq uint32
	do  func(at model.Instant)
}

type change struct {
	at model.Instant
	to model.State
}

// tickOfWorld is the step of the simulation, and so its shortest round trip.
const tickOfWorld = model.Instant(5 * time.Millisecond)

func admit(t *testing.T, r Rhythm) *patient {
	t.Helper()
	if r.Detector == "" {
		r.Detector = "deviation"
	}
	r.MinTimeout, r.MaxTimeout = 500*time.Millisecond, 4*time.Second
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	no := func(model.Instant) bool { return false }
	p := &patient{t: t, now: second, frozen: no, unread: no, full: no}
	p.heart = New(&r, p.now, 0.5, 1)
	p.heard, p.next = p.now, p.now
	p.rtt = func(model.Instant) time.Duration { return time.Millisecond }
	return p
}

const second = model.Instant(time.Second)

func (p *patient) Heard() model.Instant { return p.heard }
func (p *patient) Unread() bool         { return p.unread(p.now) }

func (p *patient) Timing() (rto, rtt time.Duration) { return 0, 0 }

func (p *patient) Kernel() model.Kernel { return p.kernel }

func (p *patient) Untaken(now model.Instant, doubt bool) model.Instant { return min(p.untaken, now) }

func (p *patient) Beyond(now model.Instant) time.Duration {
	if p.held == 0 {
		return 0
	}
	return time.Duration(now - p.held)
}

func (p *patient) Backlog(now model.Instant) model.Backlog {
	if p.backlog == nil {
		return model.Backlog{}
	}
	return p.backlog(now)
}

func (p *patient) MayBeat(now, _ model.Instant) bool { return p.mayBeat == nil || p.mayBeat(now) }

// run advances the time.
func (p *patient) run(d time.Duration) {
	p.t.Helper()
	for end := p.now + model.Instant(d); p.now < end; p.now += tickOfWorld {
		if p.frozen(p.now) {
			continue
		}
		p.late.Observe(p.now, 0)
		p.read()
		if p.note != 0 && !p.full(p.now) {
			p.write(p.note)
			p.note = 0
		}
		if p.now >= p.next {
			p.tick()
		}
	}
}

func (p *patient) tick() {
	p.t.Helper()
	a := p.heart.Tick(p.now, &p.late, p)
	if a.Next <= p.now || a.Next > p.now+model.Instant(p.heart.interval) {
		p.t.Fatalf("at %v: Next is %v away", time.Duration(p.now), time.Duration(a.Next-p.now))
	}
	p.next = a.Next
	p.changed(a.From, a.To, a.Changed)
	switch {
	case a.Ping == 0:
	case p.full(p.now):
		p.note = a.Ping
	default:
		p.write(a.Ping)
	}
}

func (p *patient) write(seq uint32) {
	p.next = p.heart.Sent(seq, p.now)
	p.pings = append(p.pings, p.now)
	if rtt := p.rtt(p.now); rtt >= 0 {
		p.arrive(p.now+model.Instant(rtt), seq, nil)
	}
}

// arrive puts something on its way to us. Everything arrives in the order in which it was sent.
func (p *patient) arrive(at model.Instant, seq uint32, do func(model.Instant)) {
	if n := len(p.pending); n > 0 && seq != 0 {
		for _, a := range p.pending {
			if a.seq != 0 {
				at = max(at, a.at)
			}
		}
	}
	p.pending = append(p.pending, arrival{at, seq, do})
	slices.SortStableFunc(p.pending, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
}

// read reads what has arrived, unless it is to wait in our socket.
func (p *patient) read() {
	for len(p.pending) > 0 && p.pending[0].at <= p.now && !p.unread(p.now) {
		a := p.pending[0]
		p.pending = p.pending[1:]
		p.heard = p.now
		if p.heart.Alert() {
			p.changed(p.heart.Heard(p.now))
		}
		if a.seq != 0 {
			p.changed(p.heart.Pong(a.seq, p.now, true, &p.late))
		}
		if a.do != nil {
			a.do(p.now)
		}
	}
}

// every sends data to us at a steady rate for a while.
func (p *patient) every(pace, until time.Duration, do func(model.Instant)) {
	for at := pace; at <= until; at += pace {
		p.arrive(p.now+model.Instant(at), 0, do)
	}
}

func (p *patient) changed(_, to model.State, changed bool) {
	if changed {
		p.changes = append(p.changes, change{p.now, to})
	}
}

// expect checks the changes of state since the last call.
func (p *patient) expect(want ...model.State) {
	p.t.Helper()
	var got []model.State
	for _, c := range p.changes {
		got = append(got, c.to)
	}
	if !slices.Equal(got, want) {
		p.t.Errorf("states are %v, want %v", got, want)
	}
	p.changes = nil
}

// during returns a function that is true from one moment to another, in seconds since the start.
func during(from, to float64) func(model.Instant) bool {
	return func(at model.Instant) bool {
		since := time.Duration(at - second).Seconds()
		return from <= since && since < to
	}
}

func unanswered(model.Instant) time.Duration { return -1 }

// after returns how long after an instant something happened.
func (c change) after(began model.Instant) time.Duration { return time.Duration(c.at - began) }

var everySecond = Rhythm{Scheme: model.SchemeBoth, Interval: time.Second}

func TestSteadyPeerStaysNormal(t *testing.T) {
	for _, detector := range Detectors {
		p := admit(t, Rhythm{Scheme: model.SchemeBoth, Interval: 5 * time.Second, Detector: detector})
		p.run(10 * time.Minute)
		p.expect()
		if n := len(p.pings); n < 119 || n > 121 {
			t.Errorf("%s: %d pings in 10 minutes at 5 s", detector, n)
		}
		h := p.heart
		if h.Missed() != 0 || h.Diagnosis() != (model.Diagnosis{}) || len(h.Samples(time.Time{})) != windowSize || h.Timeout() > 600*ms {
			t.Errorf("%s: missed %d, %+v, %d samples, timeout %v", detector, h.Missed(), h.Diagnosis(), len(h.Samples(time.Time{})), h.Timeout())
		}
	}
}

func TestStoppedPeerFailsInTime(t *testing.T) {
	for phase := range 20 { // of the beat in which the peer stops
		p := admit(t, everySecond)
		p.run(time.Minute + time.Duration(phase)*50*ms)
		p.rtt = unanswered
		stopped := p.now
		p.run(6 * time.Second)
		changes := p.changes
		p.expect(model.Suspect, model.Failed)
		if t.Failed() {
			return
		}
		if suspect, failed := changes[0].after(stopped), changes[1].after(stopped); suspect > 1650*ms || failed > 5200*ms {
			t.Errorf("suspect after %v, failed after %v", suspect, failed)
		}
		if d := p.heart.Diagnosis(); d.Cause != model.CauseUnknown || !strings.Contains(d.Detail, "nor to 3 probes") {
			t.Errorf("diagnosis %+v", d)
		}
	}
}

func TestFailedConnectionGoesOnBeatingAndComesBack(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.rtt = unanswered
	p.run(30 * time.Second)
	p.expect(model.Suspect, model.Failed)
	before, missed := len(p.pings), p.heart.Missed()
	p.run(10 * time.Second)
	if n := len(p.pings) - before; n < 9 || n > 11 {
		t.Errorf("%d pings in 10 s at 1 s while failed", n)
	}
	if n := p.heart.Missed() - missed; n < 9 || n > 11 {
		t.Errorf("%d of them missed", n)
	}
	p.rtt = func(model.Instant) time.Duration { return ms }
	p.run(2 * time.Second)
	p.expect(model.Normal)
	if h := p.heart; h.Missed() != 0 || h.Diagnosis().Cause != model.CauseJitter || h.Mean() > 500*ms {
		t.Errorf("missed %d, mean %v, %+v", h.Missed(), h.Mean(), h.Diagnosis())
	}
	p.run(calmBeats * 1200 * ms)
	if d := p.heart.Diagnosis(); d != (model.Diagnosis{}) {
		t.Errorf("still %+v after a dozen good beats", d)
	}
}

func TestAnyByteEndsASuspicion(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.rtt = unanswered
	p.arrive(p.now+model.Instant(2500*ms), 0, nil)
	p.run(2600 * ms)
	p.expect(model.Suspect, model.Normal)
	if d := p.heart.Diagnosis(); d.Cause != model.CauseJitter {
		t.Errorf("diagnosis %+v", d)
	}
	p.run(10 * time.Second)
	p.expect(model.Suspect, model.Failed)
}

// A peer that stalls for a second then answers all pings at once.
func TestStallIsOneSampleAndJitter(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	began := p.now
	p.rtt = func(at model.Instant) time.Duration { return max(time.Duration(began+2*second-at), ms) }
	before := p.heart.detector.(*deviation).n
	p.run(1999 * ms)
	p.expect(model.Suspect)
	asked := p.heart.written - p.heart.answered
	p.run(100 * ms)
	p.expect(model.Normal)
	if got := p.heart.detector.(*deviation).n - before; asked < 2 || got != 1 {
		t.Errorf("%d samples of %d bunched pongs", got, asked)
	}
	d := p.heart.Diagnosis()
	if d.Cause != model.CauseJitter || !strings.HasPrefix(d.Detail, "An answer took 1.") {
		t.Errorf("diagnosis %+v", d)
	}
	samples := slices.DeleteFunc(p.heart.Samples(time.Time{}), func(s model.Sample) bool { return s.Probe })
	if last := samples[len(samples)-1]; !last.Missed || last.RTT < time.Second || last.RTT > 2*time.Second {
		t.Errorf("the history has %+v", last)
	}
	if got := p.heart.Mean(); got > 100*ms {
		t.Errorf("mean %v: the stall was not clipped", got)
	}
}

func TestStepInRoundTripIsLearntInAFewBeats(t *testing.T) {
	p := admit(t, everySecond)
	p.run(2 * time.Minute)
	p.rtt = func(model.Instant) time.Duration { return 900 * ms }
	p.run(5 * time.Second)
	p.changes = nil
	p.run(2 * time.Minute)
	p.expect()
}

func TestJitteryPeerIsNeverSuspected(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, detector := range Detectors {
		p := admit(t, Rhythm{Scheme: model.SchemeBoth, Interval: time.Second, Detector: detector})
		p.rtt = func(model.Instant) time.Duration { return time.Duration(r.Int64N(int64(400 * ms))) }
		p.run(20 * time.Minute)
		p.expect()
	}
}

// holter is stopped for five seconds, as by SIGSTOP. Everything that came in meanwhile is read late.
func TestLateHolterSuspectsNoPeer(t *testing.T) {
	for phase := range 20 {
		p := admit(t, everySecond)
		stop := 30 + float64(phase)/20
		p.frozen = during(stop, stop+5)
		p.rtt = func(model.Instant) time.Duration { return 30 * ms }
		p.run(40 * time.Second)
		p.expect()
		if h := p.heart; h.Mean() != 30*ms || h.RTT() != 30*ms || h.Missed() != 0 {
			t.Errorf("mean %v, rtt %v, missed %d", h.Mean(), h.RTT(), h.Missed())
		}
	}
}

// For a timeout after holter was late no peer is suspected. After that, peers are suspected as usual.
func TestPeerThatStoppedWhileHolterWasLate(t *testing.T) {
	p := admit(t, everySecond)
	p.run(30 * time.Second)
	p.rtt = unanswered
	p.run(700 * ms)
	p.frozen = during(30.7, 35.7)
	p.run(5 * time.Second)
	awake := p.now
	p.run(2 * time.Second)
	changes := p.changes
	p.expect(model.Suspect)
	if after := changes[0].after(awake); after < 500*ms {
		t.Errorf("suspect %v after holter woke", after)
	}
	p.run(4 * time.Second)
	p.expect(model.Failed)
}

// A peer that dies after holter was stopped again and again is called failed within three times the usual time.
func TestPeerThatDiesAfterHolterWasLateOften(t *testing.T) {
	for phase := range 20 {
		p := admit(t, everySecond)
		p.run(30 * time.Second)
		p.frozen = func(at model.Instant) bool { // for 5 s, and then five times for 0.4 s
			since := time.Duration(at-second) - 30*time.Second
			return since < 5*time.Second || since < 8500*ms && since%(700*ms) < 400*ms
		}
		p.run(8500*ms + time.Duration(phase)*50*ms)
		p.expect()
		p.rtt = unanswered
		died := p.now
		const usual = time.Second + 500*ms + 3500*ms // interval, timeout, probes
		p.run(3 * usual)
		changes := p.changes
		p.expect(model.Suspect, model.Failed)
		if t.Failed() {
			return
		}
		if after := changes[1].after(died); after > 2*usual {
			t.Errorf("failed after %v", after)
		}
	}
}

// Probes that were out while holter was late do not make a suspect fail: they begin anew.
func TestLatenessVoidsProbes(t *testing.T) {
	p := admit(t, everySecond)
	p.run(30 * time.Second)
	p.rtt = unanswered
	p.run(3 * time.Second)
	p.expect(model.Suspect)
	p.frozen = during(33, 38)
	p.run(5*time.Second + 10*ms)
	awake := p.now
	if d := p.heart.Diagnosis(); d.Cause != model.CauseHostBusy || !strings.Contains(d.Detail, "late by 4.9 s") && !strings.Contains(d.Detail, "late by 5.0 s") {
		t.Errorf("diagnosis %+v", d)
	}
	p.run(4 * time.Second)
	changes := p.changes
	p.expect(model.Failed)
	if len(changes) == 1 && changes[0].after(awake) < 3400*ms {
		t.Errorf("failed %v after holter woke, in less than three probes take", changes[0].after(awake))
	}
}

// A machine that is always late must not beat more because of that.
func TestBusyHostBeatsNoFaster(t *testing.T) {
	p := admit(t, everySecond)
	p.rtt = func(model.Instant) time.Duration { return 900 * ms }
	p.frozen = func(at model.Instant) bool { return at%model.Instant(200*ms) != 0 }
	p.run(time.Minute)
	p.expect()
	if n := len(p.pings); n > 70 {
		t.Errorf("%d pings in a minute at 1 s", n)
	}
}

func TestPeerThatNeverPongsButSendsDataIsNormal(t *testing.T) {
	p := admit(t, everySecond)
	p.rtt = unanswered
	p.every(200*ms, time.Minute, nil)
	p.run(2500 * ms)
	if d := p.heart.Diagnosis(); d != (model.Diagnosis{}) {
		t.Errorf("diagnosis after two beats %+v", d)
	}
	p.run(57 * time.Second)
	p.expect()
	if h := p.heart; h.Diagnosis().Cause != model.CauseNoPong || h.Missed() < 50 {
		t.Errorf("missed %d, %+v", h.Missed(), h.Diagnosis())
	}
	p.run(10 * time.Second) // without data
	p.expect()
	p.kernel = model.Kernel{Known: true, Unacked: 2, RTO: 200 * ms}
	p.run(10 * time.Second)
	p.expect(model.Suspect, model.Failed)
}

// A charger that answers no pings reports every eight seconds. It is suspected once, before its first report;
// from then on holter knows.
func TestPeerThatNeverPongsAndSeldomSendsIsSuspectedOnce(t *testing.T) {
	p := admit(t, everySecond)
	p.rtt = unanswered
	p.kernel = model.Kernel{Known: true, RTO: 200 * ms}
	p.every(8*time.Second, 2*time.Minute, nil)
	p.run(110 * time.Second)
	p.expect(model.Suspect, model.Failed, model.Normal)
	if d := p.heart.Diagnosis(); d.Cause != model.CauseNoPong || !strings.Contains(d.Detail, "ever answered") || !p.heart.Mute() {
		t.Errorf("mute %t, %+v", p.heart.Mute(), d)
	}
	p.rtt = func(model.Instant) time.Duration { return 5 * ms }
	p.run(10 * time.Second)
	if p.heart.Mute() {
		t.Error("it answers, and still counts as one that does not")
	}
}

// A heart that has nothing to vouch for sends nothing and judges nobody. It beats again at once when it may.
func TestRestingHeart(t *testing.T) {
	p := admit(t, everySecond)
	p.every(time.Second, 20*time.Second, func(at model.Instant) { p.heart.PeerBeat(at, false) })
	p.run(20 * time.Second)
	p.mayBeat = during(60, 1e9)
	n := len(p.pings)
	p.run(40 * time.Second) // the peer's own rhythm has ended too
	p.expect()
	if len(p.pings) > n {
		t.Errorf("%d pings while it rests", len(p.pings)-n)
	}
	p.run(2 * time.Second)
	if len(p.pings) == n {
		t.Error("no ping after its rest")
	}
	p.run(10 * time.Second)
	p.expect()
	p.rtt = unanswered
	p.run(10 * time.Second)
	p.expect(model.Suspect, model.Failed)
}

// While bytes wait in our own socket, the answer may be among them.
func TestUnreadBytesAreNoEvidence(t *testing.T) {
	p := admit(t, everySecond)
	p.unread = during(20, 60)
	p.run(59 * time.Second)
	p.expect()
	if n := len(p.pings); n > 22 {
		t.Errorf("%d pings: they went on although the answers are not read", n)
	}
	if e := p.heart.Evidence(p.now, &p.late, p); !e.Unread || e.PingAge < 38*time.Second || e.Unanswered != 1 {
		t.Errorf("evidence %+v", e)
	}
	p.run(10 * time.Second)
	p.expect()
	p.rtt = unanswered
	p.run(6 * time.Second)
	p.expect(model.Suspect, model.Failed)
}

// A ping that waits in our own queue says nothing about the peer.
func TestUnwrittenPingIsNoEvidence(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeServer, Interval: time.Second})
	p.full = during(20, 60)
	p.run(59 * time.Second)
	p.expect()
	if h := p.heart; h.asked != h.written+1 || h.RTT() != 5*ms {
		t.Errorf("asked for %d, wrote %d, rtt %v", h.asked, h.written, h.RTT())
	}
	p.run(20 * time.Second)
	p.expect()
	if got := p.heart.Mean(); got != 5*ms {
		t.Errorf("mean %v: the wait in the queue was taken for the peer's", got)
	}
}

func TestUnwrittenProbeIsNoEvidence(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeServer, Interval: time.Second})
	p.run(20 * time.Second)
	p.rtt = unanswered
	p.full = during(22, 40)
	p.run(19 * time.Second)
	p.expect(model.Suspect)
	p.run(6 * time.Second)
	p.expect(model.Failed)
}

func TestClientSchemeJudgesByThePeersOwnRhythm(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeClient, Interval: 5 * time.Second})
	p.every(5*time.Second, 5*time.Minute, func(at model.Instant) { p.heart.PeerBeat(at, false) })
	p.run(5*time.Minute + 10*ms)
	p.expect()
	if h := p.heart; len(p.pings) != 0 || h.Interval() != 5*time.Second || h.Timeout() != 8*time.Second {
		t.Errorf("%d pings, interval %v, timeout %v", len(p.pings), h.Interval(), h.Timeout())
	}
	stopped := p.heard
	p.run(20 * time.Second)
	changes := p.changes
	p.expect(model.Suspect, model.Failed)
	if t.Failed() {
		return
	}
	if suspect, failed := changes[0].after(stopped), changes[1].after(stopped); suspect.Round(10*ms) != 8*time.Second || failed.Round(10*ms) != 13*time.Second {
		t.Errorf("suspect after %v, failed after %v", suspect, failed)
	}
	if d := p.heart.Diagnosis(); d.Detail != "Nothing had come in for 13.0 s; its own beats used to come every 5.0 s." {
		t.Errorf("diagnosis %+v", d)
	}
	p.arrive(p.now+second, 0, nil)
	p.run(2 * time.Second)
	p.expect(model.Normal)
}

func TestClientSchemeIsPatientWithPagesAndNewcomers(t *testing.T) {
	for _, page := range []bool{false, true} {
		p := admit(t, Rhythm{Scheme: model.SchemeClient, Interval: 5 * time.Second})
		if page {
			p.every(25*time.Second, 100*time.Second, func(at model.Instant) { p.heart.PeerBeat(at, true) })
			p.run(100*time.Second + 10*ms)
		}
		p.run(69 * time.Second)
		p.expect()
		p.run(2 * time.Minute)
		p.expect(model.Suspect, model.Failed)
	}
}

// In scheme both, a peer that stops its own beats but answers ours is well. The same silence between our rare
// beats is a reason to probe.
func TestBothRulesTogether(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeBoth, Interval: time.Minute})
	p.every(2*time.Second, 5*time.Minute, func(at model.Instant) { p.heart.PeerBeat(at, false) })
	p.run(5*time.Minute + 20*time.Second)
	p.expect(model.Suspect, model.Normal) // once: the first probe is answered, and its own rhythm counts no more
	p.every(2*time.Second, 10*time.Second, func(at model.Instant) { p.heart.PeerBeat(at, false) })
	p.run(10 * time.Second)
	p.expect()
	p.rtt = unanswered
	p.run(10 * time.Second)
	p.expect(model.Suspect, model.Failed)
}

func TestBothExpectsNoRhythmOfAPeerThatHasShownNone(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeBoth, Interval: 3 * time.Minute})
	p.run(30 * time.Minute)
	p.expect()
}

func TestNoneOnlyWatches(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeNone, Interval: 5 * time.Second})
	p.run(10 * time.Minute)
	p.expect()
	if h := p.heart; len(p.pings) != 0 || h.Timeout() != 0 || h.Interval() != 0 {
		t.Errorf("%d pings, timeout %v, interval %v", len(p.pings), h.Timeout(), h.Interval())
	}
}

func TestServerSchemeOnlyCountsThePeersBeats(t *testing.T) {
	p := admit(t, Rhythm{Scheme: model.SchemeServer, Interval: time.Minute})
	p.every(time.Second, 90*time.Second, func(at model.Instant) { p.heart.PeerBeat(at, false) })
	p.run(110 * time.Second)
	p.expect()
}
