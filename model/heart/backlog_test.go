package heart

import (
	"strings"
	"testing"
	"time"

	"holter/model"
)

// A ping behind a message that needs half a minute is late, and no sample. When the peer stops taking, it is dead as soon
// as any other.
func TestBeatBehindData(t *testing.T) {
	for name, moving := range map[string]model.Backlog{
		"to the peer":   {Queued: 2 << 20, Taking: true},
		"from the peer": {Incoming: 50 << 20},
	} {
		p := admit(t, everySecond)
		p.run(20 * time.Second)
		began, mean := p.now, p.heart.Mean()
		p.rtt = func(at model.Instant) time.Duration { return max(time.Duration(began+30*second-at), ms) }
		if moving.Incoming > 0 {
			p.every(100*ms, 30*time.Second, nil)
		}
		p.backlog = func(now model.Instant) model.Backlog {
			if now > began+30*second {
				return model.Backlog{}
			}
			return moving
		}
		p.run(29 * time.Second)
		p.expect()
		h := p.heart
		if d := h.Diagnosis(); d.Cause != model.CausePingBehindData || h.Missed() != 0 {
			t.Errorf("%s: %+v, missed %d", name, d, h.Missed())
		}
		p.run(3 * time.Second)
		p.expect()
		if d := h.Diagnosis(); !strings.HasPrefix(d.Detail, "A pong came ") || h.Mean() > mean+ms {
			t.Errorf("%s, when it was through: %+v, mean %v where it was %v", name, d, h.Mean(), mean)
		}
		p.rtt = unanswered
		p.run(6 * time.Second)
		p.expect(model.Suspect, model.Failed)
	}
}

// A look that is the first says nothing yet. The verdict waits for one more.
func TestFirstLookBehindData(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.rtt = unanswered
	looks := 0
	p.backlog = func(model.Instant) model.Backlog {
		looks++
		return model.Backlog{Queued: 2 << 20, Early: looks == 1}
	}
	began := p.now
	p.run(8 * time.Second)
	changes := p.changes
	p.expect(model.Suspect, model.Failed)
	if got := changes[0].after(began); got > 1750*ms {
		t.Errorf("suspect after %v", got)
	}
	if d := p.heart.Diagnosis(); d.Cause == model.CausePingBehindData {
		t.Errorf("%+v", d)
	}
}

// A suspect whose window moves on again is not given up.
func TestSuspectTakesData(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	p.rtt = unanswered
	p.run(1700 * ms)
	p.expect(model.Suspect)
	p.backlog = func(model.Instant) model.Backlog { return model.Backlog{Queued: 2 << 20, Taking: true} }
	p.run(20 * time.Second)
	p.expect()
	if d := p.heart.Diagnosis(); d.Cause != model.CausePingBehindData {
		t.Errorf("%+v", d)
	}
}

// Between the first look and the second, and from the last byte that the peer took to its answer, nobody is suspected.
func TestPatienceBehindData(t *testing.T) {
	p := admit(t, everySecond)
	p.run(20 * time.Second)
	began := p.now
	p.rtt = func(at model.Instant) time.Duration { return max(time.Duration(began+6*second-at), ms) }
	looks := 0
	p.backlog = func(now model.Instant) model.Backlog {
		looks++
		taken := min(now, began+model.Instant(5600*ms)) // the last byte
		return model.Backlog{Queued: 1 << 20, Early: looks == 1, Taking: looks > 3 && now == taken, Idle: time.Duration(now-taken) + 1}
	}
	p.run(10 * time.Second)
	p.expect()
	if d := p.heart.Diagnosis(); d.Cause != model.CausePingBehindData {
		t.Errorf("%+v", d)
	}
}
