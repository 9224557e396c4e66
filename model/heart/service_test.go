package heart

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holter/model"
)

// clinic drives the heart of a service by a clock of its own, and writes down what changes.
type clinic struct {
	t    *testing.T
	now  model.Instant
	late Lateness
	s    *Service
	log  []string
}

func probed(t *testing.T, threshold int) *clinic {
	r := DefaultRhythm()
	c := &clinic{t: t, now: model.Instant(time.Minute)}
	c.s = NewProbed(&r, 5*time.Second, threshold, c.now)
	return c
}

func reported(t *testing.T) *clinic {
	r := DefaultRhythm()
	c := &clinic{t: t, now: model.Instant(time.Minute)}
	c.s = NewReported(&r, 5*time.Second, 15*time.Second, c.now)
	return c
}

func (c *clinic) note(from, to model.State, changed bool) {
	if changed != (from != to) {
		c.t.Errorf("%s to %s is told as changed %v", from, to, changed)
	}
	if changed {
		c.log = append(c.log, to.String())
	}
}

// pass lets time pass, as the registry does.
func (c *clinic) pass(d time.Duration) {
	const step = 50 * time.Millisecond
	for end := c.now + model.Instant(d); c.now < end; {
		c.now += model.Instant(step)
		c.late.Observe(c.now, 0)
		c.note(c.s.Tick(c.now, &c.late))
	}
}

// answer asks, and gets a good answer after a time.
func (c *clinic) answer(took time.Duration) {
	c.s.Ask(c.now)
	c.pass(took)
	c.note(c.s.Answer(c.now, &c.late))
}

func (c *clinic) refuse(cause model.Cause) {
	c.s.Ask(c.now)
	c.note(c.s.Refute(c.now, model.Diagnosis{Cause: cause, Detail: "nobody listens"}, &c.late))
}

func (c *clinic) report() {
	c.note(c.s.Report(c.now, 5*time.Second, 15*time.Second, &c.late))
}

func (c *clinic) changes(want string) {
	c.t.Helper()
	if got := strings.Join(c.log, " "); got != want {
		c.t.Errorf("it became %q, want %q", got, want)
	}
	c.log = nil
}

func (c *clinic) read() (s model.Service) {
	c.s.Read(&s, time.Time{}, c.now)
	return s
}

func TestProbedServiceFailsAndIsBack(t *testing.T) {
	c := probed(t, 3)
	if c.s.State() != model.Unknown {
		t.Fatalf("before the first answer it is %s", c.s.State())
	}
	for range 20 {
		c.answer(50 * time.Millisecond)
		c.pass(5 * time.Second)
	}
	c.changes("normal")
	c.refuse(model.CauseRefused)
	c.changes("suspect")
	c.pass(5 * time.Second)
	c.refuse(model.CauseRefused)
	c.changes("")
	c.pass(5 * time.Second)
	c.refuse(model.CauseRefused)
	c.changes("failed")
	if d := c.read().Diagnosis; d.Cause != model.CauseRefused || d.Detail != "Nobody listens, 3 times in a row." {
		t.Errorf("diagnosis %+v", d)
	}
	c.pass(5 * time.Second)
	c.answer(50 * time.Millisecond)
	c.changes("normal")
	if d := c.read().Diagnosis; d.Cause != model.CauseBack || d.Detail != "It is back, 20.1 s after its last sign of life." {
		t.Errorf("diagnosis after that %+v", d)
	}
	for range calmBeats {
		c.pass(5 * time.Second)
		c.answer(50 * time.Millisecond)
	}
	if d := c.read().Diagnosis; d.Cause != "" {
		t.Errorf("what is over is still said: %+v", d)
	}
}

// With a threshold of one, a failure is enough, and that is one change.
func TestProbedServiceWithoutPatience(t *testing.T) {
	c := probed(t, 1)
	c.answer(50 * time.Millisecond)
	c.refuse(model.CauseStatus)
	c.changes("normal failed")
}

// A service that freezes is suspect as soon as an answer takes longer than it ever did, and failed by its threshold.
func TestFrozenServiceIsSuspected(t *testing.T) {
	c := probed(t, 3)
	for range 30 {
		c.answer(100 * time.Millisecond)
		c.pass(5 * time.Second)
	}
	c.changes("normal")
	began := c.now
	c.s.Ask(c.now)
	for c.s.State() == model.Normal && c.now < began+model.Instant(5*time.Second) {
		c.pass(50 * time.Millisecond)
	}
	if took := time.Duration(c.now - began); took < 500*time.Millisecond || took > time.Second {
		t.Errorf("it is suspected after %v", took)
	}
	if d := c.read().Diagnosis; d.Cause != model.CauseTimedOut {
		t.Errorf("diagnosis %+v", d)
	}
	c.changes("suspect")
	for range 3 {
		c.pass(3 * time.Second)
		c.note(c.s.Refute(c.now, model.Diagnosis{Cause: model.CauseTimedOut, Detail: "no answer came in time"}, &c.late))
		c.pass(2 * time.Second)
		c.s.Ask(c.now)
	}
	c.changes("failed")
	if s := c.read(); s.Lost != 3 || s.Strip[len(s.Strip)-1].Answered() {
		t.Errorf("%+v", s)
	}
}

// A service whose latency jitters, within what it has shown and a margin, is not suspected.
func TestJitteringServiceIsNotSuspected(t *testing.T) {
	c, random := probed(t, 3), rand.New(rand.NewPCG(1, 2))
	for range 500 {
		c.answer(50*time.Millisecond + time.Duration(random.ExpFloat64()*float64(40*time.Millisecond)))
		c.pass(time.Second)
	}
	c.changes("normal")
	r := reported(t)
	for range 500 {
		r.pass(5*time.Second + time.Duration(random.Float64()*float64(400*time.Millisecond)))
		r.report()
	}
	r.changes("")
}

// One long stall does not blind the heart for a whole window: what it adds to the timeout is bounded.
func TestOneStallIsClipped(t *testing.T) {
	c := probed(t, 3)
	for range 30 {
		c.answer(50 * time.Millisecond)
		c.pass(time.Second)
	}
	c.answer(2900 * time.Millisecond)
	c.pass(time.Second)
	c.answer(50 * time.Millisecond)
	if got := c.read().Timeout; got < time.Second || got > 2500*time.Millisecond {
		t.Errorf("after a stall of 2.9 s the timeout is %v", got)
	}
}

// However short its time to live, a service that reports is suspect before it has failed.
func TestSuspectComesBeforeFailed(t *testing.T) {
	for _, ttl := range []time.Duration{700 * time.Millisecond, 1200 * time.Millisecond, time.Minute} {
		c := reported(t)
		for range 4 {
			c.note(c.s.Report(c.now, 500*time.Millisecond, ttl, &c.late))
			c.pass(500 * time.Millisecond)
		}
		c.note(c.s.Report(c.now, 500*time.Millisecond, ttl, &c.late))
		c.changes("")
		c.pass(ttl - 50*time.Millisecond)
		c.changes("suspect")
		c.pass(100 * time.Millisecond)
		c.changes("failed")
	}
}

// The timeout grows with what a service needs: a slow one is not suspected for being as slow as ever.
func TestServiceThatBecomesSlower(t *testing.T) {
	c := probed(t, 3)
	for range 20 {
		c.answer(50 * time.Millisecond)
		c.pass(time.Second)
	}
	for range 20 {
		c.answer(1500 * time.Millisecond)
		c.pass(time.Second)
	}
	c.log = nil
	for range 20 {
		c.answer(1500 * time.Millisecond)
		c.pass(time.Second)
	}
	c.changes("")
}

func TestReportedServiceFailsAndIsBack(t *testing.T) {
	c := reported(t)
	for range 10 {
		c.pass(5 * time.Second)
		c.report()
	}
	c.changes("")
	heard := c.now
	for c.s.State() == model.Normal {
		c.pass(50 * time.Millisecond)
	}
	if took := time.Duration(c.now - heard); took < 5*time.Second || took > 6*time.Second {
		t.Errorf("it is suspected after %v", took)
	}
	for c.s.State() == model.Suspect {
		c.pass(50 * time.Millisecond)
	}
	if took := time.Duration(c.now - heard); took < 15*time.Second || took > 15*time.Second+100*time.Millisecond {
		t.Errorf("it has failed after %v", took)
	}
	c.changes("suspect failed")
	if s := c.read(); s.Diagnosis.Cause != model.CauseNoHeartbeat || s.Missed != 2 || s.Alive() {
		t.Errorf("%+v", s)
	}
	c.pass(125 * time.Second)
	c.report()
	c.changes("normal")
	if d := c.read().Diagnosis; d.Cause != model.CauseBack || d.Detail != "It is back, 2m20s after its last sign of life." {
		t.Errorf("diagnosis %+v", d)
	}
}

// One that goes in order does not fail, and what comes after that means nothing.
func TestReportedServiceSaysGoodbye(t *testing.T) {
	c := reported(t)
	c.pass(time.Second)
	c.note(c.s.End(c.now, &c.late))
	c.pass(time.Hour)
	c.report()
	c.changes("closed")
}

// What came in a burst teaches nothing about how late reports are, and keeps the service alive all the same.
func TestReportsInABurst(t *testing.T) {
	c := reported(t)
	for range 10_000 {
		c.report()
	}
	if s := c.read(); s.Received != 10_001 || s.Latency != 0 || s.Strip[len(s.Strip)-2] != model.NoBeat {
		t.Errorf("%+v", s)
	}
	c.pass(4 * time.Second)
	c.changes("")
}

// A report may change its interval: the time until it holds from now on, and what was due before is no lateness.
func TestReportedIntervalChanges(t *testing.T) {
	c := reported(t)
	c.pass(2 * time.Second)
	c.note(c.s.Report(c.now, time.Minute, 3*time.Minute, &c.late))
	c.pass(55 * time.Second)
	c.changes("")
	c.note(c.s.Report(c.now, time.Second, 3*time.Second, &c.late))
	if s := c.read(); s.Latency > time.Millisecond || s.Interval != time.Second || s.TTL != 3*time.Second {
		t.Errorf("%+v", s)
	}
	c.pass(1950 * time.Millisecond)
	c.changes("")
	c.pass(2 * time.Second)
	c.changes("suspect failed")
}

// While holter itself did not run, silence is no evidence.
func TestServicesAndOwnLateness(t *testing.T) {
	for name, c := range map[string]*clinic{"reported": reported(t), "probed": probed(t, 1)} {
		if name == "probed" {
			c.answer(50 * time.Millisecond)
			c.s.Ask(c.now)
		} else {
			c.pass(time.Second)
		}
		c.log = nil
		c.now += model.Instant(time.Hour)
		c.note(c.s.Tick(c.now, &c.late)) // before the scheduler has noticed
		c.late.Observe(c.now, time.Hour)
		c.note(c.s.Tick(c.now, &c.late))
		if name == "probed" {
			c.note(c.s.Refute(c.now, model.Diagnosis{Cause: model.CauseTimedOut, Detail: "no answer"}, &c.late))
		}
		c.pass(time.Second)
		if c.changes(""); c.read().Uptime != 1 {
			t.Errorf("%s: uptime %v", name, c.read().Uptime)
		}
	}
	c := reported(t)
	c.now += model.Instant(time.Hour)
	c.late.Observe(c.now, time.Hour)
	c.pass(20 * time.Second)
	c.changes("suspect failed") // it really died
	if c.read().Late != time.Hour {
		t.Errorf("nothing says that holter was late: %v", c.read().Late)
	}
}

// A machine that is a little late every minute, or often at a time, does not keep a dead service on the list of the living: what
// that adds to its time to live is no more than an interval. A live service is not suspected for it.
func TestDeadServiceFailsOnABusyMachine(t *testing.T) {
	const interval, ttl = time.Minute, 3 * time.Minute
	for name, every := range map[string]time.Duration{"a minute": time.Minute, "a second": time.Second, "20 s": 20 * time.Second} {
		r := DefaultRhythm()
		c := &clinic{t: t, now: model.Instant(time.Minute)}
		c.s = NewReported(&r, interval, ttl, c.now)
		var lost time.Duration
		minute := func() {
			for left := time.Minute; left > 0; left -= every {
				c.pass(every - 300*time.Millisecond)
				c.now += model.Instant(300 * time.Millisecond)
				lost += c.late.Observe(c.now, 0)
			}
		}
		for range 10 {
			minute()
			c.note(c.s.Report(c.now, interval, ttl, &c.late))
		}
		c.changes("")
		heard := c.now
		lost = 0
		for c.s.State() != model.Failed && time.Duration(c.now-heard) < time.Hour {
			minute()
		}
		if took := time.Duration(c.now - heard); took < ttl || took > ttl+lost+interval+time.Minute {
			t.Errorf("late every %s, %v in all: it has failed after %v", name, lost, took)
		}
		c.changes("suspect failed")
	}
}

// What never answered never lived, also if holter was late meanwhile.
func TestUptimeOfWhatNeverAnswered(t *testing.T) {
	c := probed(t, 3)
	for range 3 {
		c.refuse(model.CauseRefused)
		if got := c.read().Uptime; got != 0 {
			t.Errorf("uptime %v while %s", got, c.s.State())
		}
		c.pass(4 * time.Second)
		c.now += model.Instant(300 * time.Millisecond)
		c.late.Observe(c.now, 0)
		c.pass(time.Second)
	}
	if got := c.read().Uptime; got != 0 {
		t.Errorf("uptime %v", got)
	}
	c.answer(0)
	c.pass(time.Minute)
	if got := c.read().Uptime; got < 0.7 || got > 0.9 {
		t.Errorf("after a minute of life and 15 s of none %v", got)
	}
}

func TestUptimeOfServices(t *testing.T) {
	c := probed(t, 1)
	c.pass(time.Minute)
	c.answer(0)
	if got := c.read().Uptime; got != 1 {
		t.Errorf("at first %v", got)
	}
	c.pass(30 * time.Minute)
	c.answer(0)
	c.refuse(model.CauseStatus)
	c.pass(10 * time.Minute)
	c.answer(0)
	if got := c.read().Uptime; got < 0.749 || got > 0.751 {
		t.Errorf("after 30 minutes well and 10 not: %v", got)
	}
	c.pass(30 * time.Minute)
	c.answer(0)
	if got := c.read().Uptime; got < 0.82 || got > 0.85 {
		t.Errorf("after 20 more well minutes in the hour: %v", got)
	}
	c.pass(45 * time.Minute)
	c.answer(0)
	if got := c.read().Uptime; got != 1 {
		t.Errorf("when that is over an hour ago: %v", got)
	}
	c.refuse(model.CauseStatus)
	c.pass(2 * time.Hour)
	if got := c.read().Uptime; got != 0 {
		t.Errorf("after two hours of failure: %v", got)
	}
}

// One that has failed was dead since its last sign of life, and not only since that was known.
func TestUptimeCountsTheSuspicion(t *testing.T) {
	c := reported(t)
	for range 12 {
		c.pass(5 * time.Second)
		c.report()
	}
	c.pass(20 * time.Second)
	if got := c.read().Uptime; got < 0.74 || got > 0.76 {
		t.Errorf("after a minute of life and 20 s of silence %v", got)
	}
}

func BenchmarkServiceTick(b *testing.B) {
	r := DefaultRhythm()
	var late Lateness
	s := NewReported(&r, 5*time.Second, 15*time.Second, 1)
	b.ReportAllocs()
	for now := model.Instant(1); b.Loop(); now += 10 {
		s.Tick(now, &late)
	}
}
