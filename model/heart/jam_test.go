package heart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// shut makes the peer take nothing from now on.
func (p *patient) shut() {
	p.untaken, p.rtt = p.now, unanswered
	p.kernel = model.Kernel{Known: true, WindowShut: true, NotSent: 3_500_000, RTO: 200 * ms, Writing: true}
}

// open makes it take everything.
func (p *patient) open() {
	p.untaken, p.kernel = 0, model.Kernel{Known: true, RTO: 200 * ms}
	p.rtt = func(model.Instant) time.Duration { return 5 * ms }
}

// A peer that takes nothing for its timeout is suspect, with a cause, and stays so: no probe makes it fail, and no byte
// from it ends the suspicion. It is well once it takes again what waits for it.
func TestPeerThatTakesNothing(t *testing.T) {
	for phase := range 10 {
		p := admit(t, everySecond)
		p.run(20*time.Second + time.Duration(phase)*100*ms)
		p.shut()
		p.every(300*ms, 30*time.Second, nil)
		began, pings := p.now, len(p.pings)
		p.run(30 * time.Second)
		changes := p.changes
		p.expect(model.Suspect)
		if t.Failed() {
			return
		}
		if after := changes[0].after(began); after < 500*ms || after > 1800*ms {
			t.Errorf("suspect after %v", after)
		}
		if d := p.heart.Diagnosis(); d.Cause != model.CauseBackpressure || !strings.HasSuffix(d.Detail, "its window is shut, 3.5 MB wait to be sent, and a write of the application waits.") ||
			!strings.HasPrefix(d.Detail, "The peer has taken nothing for 29.") && !strings.HasPrefix(d.Detail, "The peer has taken nothing for 30.") {
			t.Errorf("%+v", d) // and what it says is not of when the suspicion began
		}
		if n := len(p.pings) - pings; n > 2 {
			t.Errorf("%d pings into a full queue", n)
		}
		p.open()
		p.run(2 * time.Second)
		p.expect(model.Normal)
		if d := p.heart.Diagnosis(); d.Cause != model.CauseJitter || !strings.HasPrefix(d.Detail, "The peer took nothing for 3") {
			t.Errorf("%+v", d)
		}
		p.run(20 * time.Second)
		p.expect()
		if mean := p.heart.Mean(); mean > 10*ms {
			t.Errorf("mean %v: the wait in the queue was taken for the path's", mean)
		}
		p.rtt = unanswered
		p.run(8 * time.Second)
		p.expect(model.Suspect, model.Failed)
	}
}

// A peer that takes something from time to time, but less often than its timeout, is suspected once. One that goes on
// taking is never suspected, however long a write waits.
func TestPeerThatTakesLittle(t *testing.T) {
	for _, test := range []struct {
		every time.Duration
		want  []model.State
	}{
		{2 * time.Second, []model.State{model.Suspect}},
		{200 * ms, nil},
	} {
		p := admit(t, everySecond)
		p.run(20 * time.Second)
		p.shut()
		for end := p.now + 30*second; p.now < end; p.untaken = p.now {
			p.run(test.every)
		}
		p.expect(test.want...)
	}
}

// A peer that took nothing and then vanishes is found by the kernel's own probes of its window: ours cannot go out.
func TestPeerThatVanishesWhileItTakesNothing(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.shut()
	p.run(10 * time.Second)
	p.kernel.WindowProbes, p.kernel.LastAck = 2, 3*time.Second
	p.run(2 * time.Second)
	p.expect(model.Suspect)
	p.kernel.WindowProbes, p.kernel.LastAck = 3, 6*time.Second
	p.run(2 * time.Second)
	p.expect(model.Failed)
	if d := p.heart.Diagnosis(); d.Cause != model.CausePathDown || !strings.Contains(d.Detail, "3 probes that our kernel sent to the peer's kernel went unanswered; by then nothing had come from that kernel for 6.0 s") {
		t.Errorf("%+v", d)
	}
	p.open()
	p.arrive(p.now, 0, nil)
	p.run(time.Second)
	p.expect(model.Normal)
}

// On a dead path bytes pile up too. That is no backpressure.
func TestDeadPathIsNotTakenForBackpressure(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.shut()
	p.kernel = model.Kernel{Known: true, Unacked: 10, NotSent: 3_500_000, RTO: 200 * ms, Writing: true}
	p.run(8 * time.Second)
	p.expect(model.Suspect, model.Failed)
	if d := p.heart.Diagnosis(); d.Cause != model.CausePathDown {
		t.Errorf("%+v", d)
	}
}

// A peer that is suspect already stays so for what it was suspected of.
func TestSuspicionKeepsItsCauseWhenTheQueueFills(t *testing.T) {
	p := admit(t, everySecond)
	p.kernel = model.Kernel{Known: true, RTO: 200 * ms}
	p.run(20 * time.Second)
	p.rtt = unanswered
	p.run(1800 * ms)
	p.shut()
	p.run(10 * time.Second)
	p.expect(model.Suspect, model.Failed)
	if d := p.heart.Diagnosis(); d.Cause == model.CauseBackpressure {
		t.Errorf("%+v", d)
	}
}

// The side of a proxy that takes nothing is named, and the other side says whom it waits for.
func TestSideThatTakesNothing(t *testing.T) {
	stuck := model.Kernel{Known: true, WindowShut: true, NotSent: 2_000_000, Writing: true}
	held := model.Kernel{Known: true, Unread: 162_000}
	for name, test := range map[string]struct {
		e    model.Evidence
		want model.Diagnosis
	}{
		"the client": {model.Evidence{State: model.Suspect, Proxied: true, Side: model.ClientSide, Untaken: 1200 * ms, Kernel: stuck},
			model.Diagnosis{Cause: model.CauseBackpressure, Detail: "The client has taken nothing for 1.2 s, its window is shut, 2.0 MB wait to be sent, and what the upstream sends waits behind them."}},
		"the upstream behind it": {model.Evidence{Proxied: true, Side: model.UpstreamSide, Unread: true, Beyond: 3 * time.Second, Kernel: held},
			model.Diagnosis{Cause: model.CauseBackpressure, Detail: "162.0 kB from the upstream wait in our own socket, because the client has taken nothing for 3.0 s: that side is at fault."}},
		"the upstream": {model.Evidence{State: model.Suspect, Proxied: true, Side: model.UpstreamSide, Untaken: 1200 * ms, Kernel: stuck},
			model.Diagnosis{Cause: model.CauseAppNotReading, Detail: "The upstream has taken nothing for 1.2 s, its window is shut, 2.0 MB wait to be sent, and what the client sends waits behind them: its application does not read. Let it read all the time, and work elsewhere; look for what it waits for between two reads."}},
		"the client behind it": {model.Evidence{Proxied: true, Side: model.ClientSide, Unread: true, Beyond: 3 * time.Second, Kernel: held},
			model.Diagnosis{Cause: model.CauseAppNotReading, Detail: "162.0 kB from the client wait in our own socket, because the upstream has taken nothing for 3.0 s: that side is at fault."}},
	} {
		if got := diagnose(&test.e); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// What is said of the side that waits grows with the time.
func TestSideThatWaitsForLong(t *testing.T) {
	p := admit(t, everySecond)
	p.heart.Between(model.UpstreamSide)
	p.run(20 * time.Second)
	p.held, p.unread = p.now, func(model.Instant) bool { return true }
	p.kernel = model.Kernel{Known: true, Unread: 162_000}
	p.rtt = unanswered
	p.run(time.Minute)
	p.expect()
	var length float64
	d := p.heart.Diagnosis()
	if _, after, _ := strings.Cut(d.Detail, "has taken nothing for "); d.Cause != model.CauseBackpressure {
		t.Errorf("%+v", d)
	} else if fmt.Sscanf(after, "%f s", &length); length < 57 || length > 60 {
		t.Errorf("%q", d.Detail)
	}
}

// Bytes that wait at the moment of a look, while others are being read, show no application that does not read.
func TestBytesThatAreBeingRead(t *testing.T) {
	h, late, p := newborn(t, &usual)
	now := at(7)
	h.Sent(h.Tick(now, late, p).Ping, now)
	p.unread = true
	for ; now < at(30); now += at(0.1) {
		p.heard = now
		h.Tick(now, late, p)
	}
	if d := h.Diagnosis(); d != (model.Diagnosis{}) {
		t.Errorf("%+v", d)
	}
	for ; now < at(40); now += at(0.1) { // and nobody reads any more
		h.Tick(now, late, p)
	}
	if d := h.Diagnosis(); d.Cause != model.CauseAppNotReading {
		t.Errorf("%+v", d)
	}
	p.heard, p.unread = now, false
	h.Pong(h.written, now, false, late)
	if d := h.Diagnosis(); d.Cause != model.CauseJitter {
		t.Errorf("when the answer is read: %+v", d)
	}
}
