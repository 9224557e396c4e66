package model

import (
	"cmp"
	"slices"
	"testing"
	"time"
)

// patient is a simulated connection with its heart, stepped through virtual time. The world calls
// Tick exactly when Action.Next says so, as the scheduler does.
type patient struct {
	t     *testing.T
	heart *Heart
	late  Lateness
	now   Instant
	next  Instant // Tick
	ran   Instant // the scheduler

	// How the peer and the socket behave.
	rtt    func(at Instant) time.Duration // negative: never answered
	frozen func(at Instant) bool          // holter's own process
	unread func(at Instant) bool
	full   func(at Instant) bool // our send queue

	heard   Instant
	note    uint32 // a ping that waits for the socket
	pings   []Instant
	pending []arrival
	changes []change
}

// arrival is something that comes in: a pong, or data if seq is 0.
type arrival struct {
	at  Instant
	seq uint32
	do  func(at Instant)
}

type change struct {
	at Instant
	to State
}

const tickOfWorld = Instant(5 * time.Millisecond)

func admit(t *testing.T, r Rhythm) *patient {
	t.Helper()
	if r.Detector == "" {
		r.Detector = "deviation"
	}
	r.MinTimeout, r.MaxTimeout = 500*time.Millisecond, 4*time.Second
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	no := func(Instant) bool { return false }
	p := &patient{t: t, now: second, frozen: no, unread: no, full: no}
	p.heart = NewHeart(&r, p.now, 0.5)
	p.heard, p.next = p.now, p.now
	p.rtt = func(Instant) time.Duration { return time.Millisecond }
	return p
}

const second = Instant(time.Second)

func (p *patient) Heard() Instant { return p.heard }
func (p *patient) Unread() bool   { return p.unread(p.now) }

// run lets the time pass.
func (p *patient) run(d time.Duration) {
	p.t.Helper()
	for end := p.now + Instant(d); p.now < end; p.now += tickOfWorld {
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
	if a.Next <= p.now || a.Next > p.now+Instant(p.heart.interval) {
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
	p.next = p.heart.Sent(seq, p.now, 0, 0)
	p.pings = append(p.pings, p.now)
	if rtt := p.rtt(p.now); rtt >= 0 {
		p.arrive(p.now+Instant(rtt), seq, nil)
	}
}

// arrive puts something on its way to us. What left first comes in first.
func (p *patient) arrive(at Instant, seq uint32, do func(Instant)) {
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

// read takes in what has come, unless it still waits in our socket.
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

// every brings data in at a steady pace for a while.
func (p *patient) every(pace, until time.Duration, do func(Instant)) {
	for at := pace; at <= until; at += pace {
		p.arrive(p.now+Instant(at), 0, do)
	}
}

func (p *patient) changed(_, to State, changed bool) {
	if changed {
		p.changes = append(p.changes, change{p.now, to})
	}
}

// expect checks the states since the start and forgets them.
func (p *patient) expect(want ...State) {
	p.t.Helper()
	var got []State
	for _, c := range p.changes {
		got = append(got, c.to)
	}
	if !slices.Equal(got, want) {
		p.t.Errorf("states are %v, want %v", got, want)
	}
	p.changes = nil
}

func between(from, to Instant) func(Instant) bool {
	return func(at Instant) bool { return from <= at && at < to }
}

func unanswered(Instant) time.Duration { return -1 }

func TestSteadyPeerStaysNormal(t *testing.T) {
	p := admit(t, Rhythm{Scheme: SchemeBoth, Interval: 5 * time.Second})
	p.run(10 * time.Minute)
	p.expect()
	if n := len(p.pings); n < 119 || n > 121 {
		t.Errorf("%d pings in 10 minutes at 5 s", n)
	}
	if h := p.heart; h.Missed() != 0 || h.Diagnosis() != (Diagnosis{}) || len(h.Samples()) != windowSize {
		t.Errorf("missed %d, %+v, %d samples", h.Missed(), h.Diagnosis(), len(h.Samples()))
	}
}

func TestFrozenPeerFailsInTime(t *testing.T) {
	p := admit(t, Rhythm{Scheme: SchemeBoth, Interval: time.Second})
	p.run(time.Minute)
	p.rtt = unanswered
	freeze := p.now
	p.run(6 * time.Second)
	if len(p.changes) != 2 {
		t.Fatalf("changes: %v", p.changes)
	}
	suspected, failed := p.changes[0].at-freeze, p.changes[1].at-freeze
	p.expect(Suspect, Failed)
	if suspected > Instant(1610*time.Millisecond) || failed > Instant(5200*time.Millisecond) {
		t.Errorf("suspect after %v, failed after %v", time.Duration(suspected), time.Duration(failed))
	}
	t.Logf("%v %v %+v", time.Duration(suspected), time.Duration(failed), p.heart.Diagnosis())
}
