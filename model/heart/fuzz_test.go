package heart

import (
	"math/rand/v2"
	"testing"
	"time"

	"holter/model"
)

// FuzzHeart calls the methods of a heart as the bytes say, in any order and at any time, and checks what must always
// hold.
func FuzzHeart(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 8 {
		script := make([]byte, 400)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(byte(r.Uint32()), script)
	}
	f.Fuzz(func(t *testing.T, how byte, script []byte) {
		w := newWild(t, how)
		for len(script) >= 2 {
			w.do(script[0], script[1])
			w.check()
			script = script[2:]
		}
	})
}

// wild is a heart that is called in a random order.
type wild struct {
	t     *testing.T
	h     *Heart
	late  Lateness
	peer  quietPeer
	now   model.Instant
	state model.State // as the calls told of it
}

func newWild(t *testing.T, how byte) *wild {
	schemes := [...]model.Scheme{model.SchemeBoth, model.SchemeServer, model.SchemeClient, model.SchemeNone}
	r := usual
	r.Scheme = schemes[how%4]
	r.Detector = Detectors[how/4%3]
	r.Interval = []time.Duration{shortestInterval, time.Second, time.Minute}[how/16%3]
	w := &wild{t: t, now: at(60)} // no event is set back to before the clock's zero, when no lateness could have been
	w.peer.heard = w.now
	w.h = New(&r, w.now, float64(how)/256, int(how)*10)
	return w
}

func (w *wild) do(what, howMuch byte) {
	h, span := w.h, model.Instant(howMuch)*model.Instant(howMuch)*model.Instant(ms)
	switch what % 16 {
	default:
		w.now += span
	case 0, 1, 2, 3:
		w.tick()
	case 4, 5:
		h.Sent(h.asked-uint32(howMuch%2), w.now-span/8)
	case 6, 7:
		w.told(h.Pong(h.written-uint32(howMuch%4)+1, w.now-span/8, howMuch%2 == 0, &w.late))
	case 8:
		w.peer.heard = w.now
		w.told(h.Heard(w.now))
	case 9:
		w.peer.heard = w.now - span/8
	case 10:
		h.PeerBeat(w.now-span/8, howMuch%2 == 0)
	case 11:
		w.late.Observe(w.now, time.Duration(span)/4)
	case 12:
		w.peer.unread = howMuch%2 == 0
	case 13:
		h.RoundTrip(time.Duration(span) - time.Second)
	case 14:
		if howMuch > 250 {
			w.told(h.End([]model.Trigger{model.Ended, model.Reaped}[howMuch%2]))
		}
	}
}

func (w *wild) tick() {
	written := w.h.written == w.h.asked
	a := w.h.Tick(w.now, &w.late, &w.peer)
	w.told(a.From, a.To, a.Changed)
	if a.Next <= w.now || a.Next > w.now+model.Instant(w.h.interval) {
		w.t.Fatalf("next in %v at an interval of %v", time.Duration(a.Next-w.now), w.h.interval)
	}
	if a.Ping != 0 && (!written || a.Ping != w.h.asked || !w.h.rhythm.Scheme.ServerBeats()) {
		w.t.Fatalf("asked for ping %d, but %d is not written yet", a.Ping, w.h.asked)
	}
	if w.peer.unread && a.Changed && a.To != model.Normal {
		w.t.Fatalf("%v while bytes wait unread", a.To)
	}
	if again := w.h.Tick(w.now, &w.late, &w.peer); again.Ping != 0 || again.Changed {
		w.t.Fatalf("a second tick at once: %+v", again)
	}
}

// told checks that each change of state begins with the last state, and that the state machine has it.
func (w *wild) told(from, to model.State, changed bool) {
	if from != w.state || changed != (from != to) || to != w.h.state {
		w.t.Fatalf("told of %v → %v (%v), was %v, is %v", from, to, changed, w.state, w.h.state)
	}
	w.state = to
}

func (w *wild) check() {
	h := w.h
	if h.written > h.asked || h.asked > h.written+1 || h.answered > h.asked || h.waiting && h.answered >= h.written {
		w.t.Fatalf("asked %d, written %d, answered %d, waiting %v", h.asked, h.written, h.answered, h.waiting)
	}
	if h.probe > probes || h.state == model.Suspect && h.rhythm.Scheme.ServerBeats() && h.probe == 0 {
		w.t.Fatalf("probe %d while %v", h.probe, h.state)
	}
	if h.rhythm.Scheme == model.SchemeNone && h.state != model.Normal && h.state != model.Closed {
		w.t.Fatalf("%v although neither end beats", h.state)
	}
	if (h.state == model.Suspect || h.state == model.Failed) && h.Diagnosis().Cause == "" {
		w.t.Fatalf("%v without a cause", h.state)
	}
	if h.Timeout() < 0 || h.Mean() < 0 || h.Deviation() < 0 || h.RTT() < 0 || len(h.Samples(time.Time{})) > windowSize {
		w.t.Fatalf("timeout %v, mean %v, deviation %v", h.Timeout(), h.Mean(), h.Deviation())
	}
}
