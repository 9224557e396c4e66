package tui

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/heart"
)

// corpse is a heart.Peer that has gone silent, as far as the kernel knows it.
type corpse struct{ kernel model.Kernel }

func (p *corpse) Heard() model.Instant                      { return 1 }
func (p *corpse) Unread() bool                              { return false }
func (p *corpse) Timing() (rto, rtt time.Duration)          { return p.kernel.RTO, 0 }
func (p *corpse) Kernel() model.Kernel                      { return p.kernel }
func (p *corpse) Untaken(model.Instant, bool) model.Instant { return 0 }
func (p *corpse) Beyond(model.Instant) time.Duration        { return 0 }
func (p *corpse) MayBeat(_, _ model.Instant) bool           { return true }
func (p *corpse) Backlog(model.Instant) model.Backlog       { return model.Backlog{} }

// deathBy beats for a peer that never answers, until it has failed, and returns why.
func deathBy(k model.Kernel) model.Diagnosis {
	p := &corpse{k}
	r := heart.DefaultRhythm()
	h, late := heart.New(&r, 1, 0.5, 1), new(heart.Lateness)
	for now := model.Instant(1); h.State() != model.Failed; {
		a := h.Tick(now, late, p)
		now = a.Next
		if a.Ping != 0 {
			now = min(now, h.Sent(a.Ping, now))
		}
	}
	return h.Diagnosis()
}

// TestNoTimeStandsStill looks at the same pictures a minute apart: what happened "3 s ago" is then longer ago. The sentences
// are those of the heart, on the list, in the detail and among the events.
func TestNoTimeStandsStill(t *testing.T) {
	conns := ward(20)
	for i, d := range []model.Diagnosis{
		deathBy(model.Kernel{}),
		deathBy(model.Kernel{Known: true, Unacked: 2, RTO: 200 * time.Millisecond, LastAck: 7 * time.Second}),
		deathBy(model.Kernel{Known: true, RTO: 200 * time.Millisecond}),
	} {
		if d.Detail == "" {
			t.Fatalf("no sentence: %+v", d)
		}
		c := &conns[i]
		c.State, c.Since, c.Diagnosis = model.Failed, noon.Add(-27*time.Second), d
		c.Close = &model.Close{Code: 3008, Reason: "heartbeat timeout", By: model.ByHolter, At: c.Since}
	}
	f := newFake(conns...)
	for i := range 3 {
		f.publish(model.Event{Time: noon, Type: model.StateChanged, From: model.Suspect, To: model.Failed, Connection: &conns[i]})
	}
	ages := regexp.MustCompile(`[0-9][0-9.msh ]* ago`)
	for name, keys := range map[string][]string{
		"list":         {},
		"events":       {"4"},
		"path-down":    {"/", "id=c2", "enter", "enter"},
		"peer-stalled": {"/", "id=c3", "enter", "enter"},
		"unknown":      {"/", "id=c1", "enter", "enter"},
	} {
		f.snapshot.Time = noon
		s := newScreen(t, f, 400, 60)
		s.events()
		s.press(keys...)
		before := s.text()
		f.snapshot.Time = noon.Add(time.Minute)
		s.refresh()
		after := s.text()
		if !strings.Contains(before, "kernel") && !strings.Contains(before, "No answer") {
			t.Errorf("%s: no sentence of the heart in\n%s", name, before)
		}
		for _, age := range ages.FindAllString(before, -1) {
			if slices.Contains(ages.FindAllString(after, -1), age) {
				t.Errorf("%s: what was %q is that a minute later too:\n%s", name, age, after)
			}
		}
	}
}

// TestDetailAgreesWithItsDiagram compares how long the words above the state machine and the machine itself say that a state
// has lasted.
func TestDetailAgreesWithItsDiagram(t *testing.T) {
	for want, c := range map[string]model.Connection{
		"failed for 0.0s until it closed, since 11:59:33":  {State: model.Failed, Close: &model.Close{At: noon.Add(-27 * time.Second)}},
		"failed for 20.0s until it closed, since 11:59:33": {State: model.Failed, Close: &model.Close{At: noon.Add(-7 * time.Second)}},
		"failed for 27.0s, since 11:59:33":                 {State: model.Failed},
		"closed for 27.0s, since 11:59:33":                 {State: model.Closed, Close: &model.Close{At: noon.Add(-27 * time.Second)}},
	} {
		c.ID, c.Client, c.Since, c.Opened = 1, "ann", noon.Add(-27*time.Second), noon.Add(-time.Hour)
		s := newScreen(t, newFake(c), 100, 60).press("enter")
		s.line(want)
		if machine := "for " + strings.Split(strings.Fields(want)[2], ".")[0] + "s "; !strings.Contains(s.text(), machine) {
			t.Errorf("%s, but the machine does not say %q:\n%s", want, machine, s.text())
		}
	}
}
