package heart

import (
	"fmt"
	"time"

	"holter/model"
)

// Service is the heart of a service, which is no connection: either holter asks it for its health, or it reports by itself.
// It has the detectors, the bounds and the state machine of a Heart. As with a Heart, the caller passes the time and makes
// sure that only one goroutine uses it at a time.
//
// What is measured of one that is asked is how long an answer takes. A question without an answer for the timeout that
// follows from that makes the service suspect, and so does a bad answer; several of these in a row make it failed.
//
// What is measured of one that reports is how late a report comes after it is due. One that is later than the timeout makes
// the service suspect; when nothing has come for its time to live, it has failed.
//
// The next good answer, or the next report, makes it normal again.
type Service struct {
	rhythm    *Rhythm
	detector  Detector
	reports   bool
	interval  time.Duration
	ttl       time.Duration // of one that reports
	threshold int           // of one that is asked: failures in a row that make it failed

	asked   model.Instant // the question that is out, 0 for none
	due     model.Instant // the next report
	heard   model.Instant // the last sign of life, or the beginning
	overdue bool          // the question that is out, or the report that is due, has been counted as missed
	void    model.Instant // the end of holter's last lateness that is taken into account
	absent  time.Duration // for how long holter was late since heard
	timeout time.Duration // of the newest beat, before it is stretched by lateness
	latency time.Duration // of the newest good beat
	samples uint8         // that the detector has had; stops at startSamples
	factor  uint8         // Lateness.Factor at the last call

	state     model.State
	diagnosis model.Diagnosis
	calm      uint8 // beats without trouble since the diagnosis
	late      time.Duration
	missed    int // in a row
	beats     uint64
	lost      uint64
	lived     uptime
	history   history
}

// NewProbed makes the heart of a service that is asked every interval. threshold failures in a row make it failed. Its state
// is unknown until the first answer. r is shared and not copied.
func NewProbed(r *Rhythm, interval time.Duration, threshold int, now model.Instant) *Service {
	s := newService(r, interval, now)
	s.threshold, s.state = threshold, model.Unknown
	return s
}

// NewReported makes the heart of a service that has just reported for the first time.
func NewReported(r *Rhythm, interval, ttl time.Duration, now model.Instant) *Service {
	s := newService(r, interval, now)
	s.reports, s.ttl, s.due, s.beats = true, ttl, now+model.Instant(interval), 1
	s.timeout = s.bound()
	s.history.answered(now, 0, s.timeout)
	return s
}

func newService(r *Rhythm, interval time.Duration, now model.Instant) *Service {
	detector, err := NewDetector(r.Detector)
	if err != nil {
		panic(err)
	}
	s := &Service{rhythm: r, detector: detector, interval: interval, heard: now, void: now, factor: 1}
	s.lived.upto = now
	s.timeout = s.bound()
	return s
}

// bound returns how late the next beat may be. A report that does not come makes the service suspect before it has failed.
func (s *Service) bound() time.Duration {
	d := s.rhythm.bound(estimate{timeout: s.detector.Timeout(), mean: s.detector.Mean(), samples: int(s.samples)})
	if s.reports {
		d = min(d, (s.ttl-s.interval)/2)
	}
	return d
}

// Ask records that a question goes out.
func (s *Service) Ask(at model.Instant) { s.asked, s.overdue, s.timeout = at, false, s.bound() }

// Answer records a good answer to the question that is out.
func (s *Service) Answer(at model.Instant, late *Lateness) (from, to model.State, changed bool) {
	if s.asked == 0 || s.state == model.Closed {
		return s.state, s.state, false
	}
	took, asked := time.Duration(at-s.asked), s.asked
	s.asked = 0
	return s.alive(at, asked, took, !late.Void(asked, at), late)
}

// Report records a report that came at an instant. The interval and time to live are those that hold from now on.
func (s *Service) Report(at model.Instant, interval, ttl time.Duration, late *Lateness) (from, to model.State, changed bool) {
	if s.state == model.Closed {
		return s.state, s.state, false
	}
	due, early := s.due, at < s.heard+model.Instant(s.interval/2)
	if s.interval != interval {
		s.interval, due = interval, at // how late it is by an agreement that has just ended is no sample
	}
	s.ttl, s.due = ttl, at+model.Instant(interval)
	s.timeout = min(s.timeout, (ttl-interval)/2)
	if early && s.state == model.Normal {
		s.beats++
		s.heard, s.absent = at, 0
		s.live(at, true)
		return s.state, s.state, false // a burst teaches nothing
	}
	return s.alive(at, due, max(0, time.Duration(at-due)), !late.Void(s.heard, at), late)
}

// alive records a sign of life that was due, or asked for, at an instant. exact says that the latency is a sample.
func (s *Service) alive(at, due model.Instant, latency time.Duration, exact bool, late *Lateness) (from, to model.State, changed bool) {
	tardy, gap, missed := s.overdue || exact && latency > s.stretch(s.timeout), time.Duration(at-s.heard), s.missed
	if s.overdue {
		s.history.late(latency)
	} else {
		s.history.answered(due, latency, s.stretch(s.timeout))
	}
	if exact {
		s.latency = latency
		s.detector.Sample(min(latency, s.timeout)) // or one long stall would blind the detector for a whole window
		s.samples = min(s.samples+1, startSamples)
	}
	s.live(at, s.lives())
	s.beats++
	s.missed, s.overdue, s.heard, s.absent = 0, false, at, 0
	if s.reports {
		s.timeout = s.bound()
	}
	from, to, changed = s.move(model.ByteIn, at, late)
	switch {
	case changed && from != model.Unknown || tardy:
		s.recovered(from, gap, latency, missed)
	default:
		s.settle()
	}
	return from, to, changed
}

// recovered says what trouble is over: a suspicion was jitter, a failure was none.
func (s *Service) recovered(from model.State, gap, latency time.Duration, missed int) {
	s.calm = 0
	d := model.Diagnosis{Cause: model.CauseJitter}
	switch {
	case from == model.Failed:
		d = model.Diagnosis{Cause: model.CauseBack, Detail: fmt.Sprintf("It is back, %s after its last sign of life.", longSpan(gap))}
		if s.beats == 1 {
			d.Detail = fmt.Sprintf("It answers for the first time, %s after holter began to ask.", longSpan(gap))
		}
	case s.reports:
		d.Detail = fmt.Sprintf("A report came %s after the one before, where %s was expected; it came by itself.", span(gap), span(s.interval))
	case missed > 0:
		d.Detail = fmt.Sprintf("It failed %s; it recovered by itself.", times(missed))
	default:
		d.Detail = fmt.Sprintf("An answer took %s, longer than expected; it came by itself.", span(latency))
	}
	s.diagnosis = d
}

// longSpan words what may have lasted for hours.
func longSpan(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d/time.Minute%60)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d/time.Second%60)
	}
	return span(d)
}

func (s *Service) settle() {
	if s.diagnosis.Cause == "" || s.state != model.Normal {
		return
	}
	if s.calm++; s.calm >= calmBeats {
		s.calm, s.diagnosis = 0, model.Diagnosis{}
	}
}

// Refute records that the question that is out had no good answer. why has the cause, and a clause that names the evidence,
// without an end. That no answer came in time is void if holter itself was late meanwhile.
func (s *Service) Refute(at model.Instant, why model.Diagnosis, late *Lateness) (from, to model.State, changed bool) {
	if s.asked == 0 || s.state == model.Closed {
		return s.state, s.state, false
	}
	asked, overdue := s.asked, s.overdue
	s.asked, s.overdue = 0, false
	if why.Cause == model.CauseTimedOut && late.Void(asked, at) {
		return s.state, s.state, false
	}
	if !overdue {
		s.history.missed(asked, s.stretch(s.timeout))
	}
	s.missed++
	s.lost++
	from = s.state
	s.move(model.BeatMissed, at, late)
	if s.missed >= s.threshold {
		s.fail(at, late)
	}
	why.Detail = sentence(why.Detail)
	if s.missed > 1 {
		why.Detail += ", " + times(s.missed) + " in a row"
	}
	why.Detail += "."
	s.calm, s.diagnosis = 0, why
	return from, s.state, s.state != from
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Tick judges what is overdue at now. It may be called at any rate, such as a few times a second.
func (s *Service) Tick(now model.Instant, late *Lateness) (from, to model.State, changed bool) {
	from = s.state
	if s.state == model.Closed {
		return from, from, false
	}
	s.skip(late)
	s.factor = uint8(late.Factor())
	switch {
	case late.Overdue(now):
	case s.reports:
		s.awaitReport(now, late)
	case s.asked != 0 && !s.overdue && s.asked >= s.void && now >= s.asked+model.Instant(s.stretch(s.timeout)):
		s.overdue = true
		s.history.missed(s.asked, s.stretch(s.timeout))
		if _, _, changed := s.move(model.BeatMissed, now, late); changed {
			s.calm = 0
			s.diagnosis = model.Diagnosis{Cause: model.CauseTimedOut, Detail: fmt.Sprintf("No answer came within %s, the longest that was expected.", span(s.stretch(s.timeout)))}
		}
	}
	return from, s.state, s.state != from
}

// awaitReport judges the silence of a service that reports.
func (s *Service) awaitReport(now model.Instant, late *Lateness) {
	overdue, dead := s.after(s.due, s.timeout), s.after(s.heard, s.ttl)
	if now < min(overdue, dead) {
		return
	}
	s.overdue = true
	silence := time.Duration(now - s.heard)
	if behind := 1 + int(time.Duration(now-overdue)/s.interval); behind > s.missed {
		s.missed++
		s.lost++
		s.history.missed(now, s.stretch(s.timeout))
	}
	changed := false
	if s.state == model.Normal {
		_, _, changed = s.move(model.BeatMissed, now, late)
	}
	if s.state == model.Suspect && now >= dead {
		s.fail(now, late)
		changed = true
	}
	if changed {
		s.calm = 0
		s.diagnosis = model.Diagnosis{Cause: model.CauseNoHeartbeat, Detail: fmt.Sprintf("No report for %s, where one was due every %s.", longSpan(silence), longSpan(s.interval))}
	}
}

// after returns when d has passed since from, of which the time in which holter did not run is no part. While that was so the
// service may have reported in vain, and its next report has the time to come; and if holter is late often, so may the service
// be. Both together add one interval at most: a machine that is always a little late would otherwise never call the dead dead.
func (s *Service) after(from model.Instant, d time.Duration) model.Instant {
	from += model.Instant(s.absent)
	end := from + model.Instant(s.stretch(d))
	if s.void > s.heard {
		end = max(end, s.void+model.Instant(s.interval+d))
	}
	return min(end, from+model.Instant(d+s.interval))
}

// End records a goodbye. Nothing changes after that.
func (s *Service) End(at model.Instant, late *Lateness) (from, to model.State, changed bool) {
	s.live(at, s.lives())
	from, to, changed = s.move(model.Ended, at, late)
	s.asked, s.overdue, s.missed, s.diagnosis = 0, false, 0, model.Diagnosis{}
	return from, to, changed
}

// fail makes a suspect failed. It has been dead since its last sign of life, up to which lived knows of it.
func (s *Service) fail(at model.Instant, late *Lateness) { s.move(model.ProbesMissed, at, late) }

func (s *Service) move(t model.Trigger, at model.Instant, late *Lateness) (from, to model.State, changed bool) {
	from = s.state
	if to, changed = from.Next(t); changed {
		s.state, s.late = to, late.Touched(s.heard, at)
	}
	return from, s.state, changed
}

// lives reports whether the time since the last beat counts as life. One that has never answered never lived.
func (s *Service) lives() bool { return s.state != model.Failed && s.beats > 0 }

// live records that the service lived, or did not, up to an instant.
func (s *Service) live(at model.Instant, alive bool) {
	if s.state == model.Unknown {
		s.lived.upto = at // of the time before the first answer nothing is known
	}
	s.lived.add(at, alive)
}

// skip leaves a time in which holter did not run out of the judgement.
func (s *Service) skip(late *Lateness) {
	if void := late.VoidBefore(); void > s.void {
		s.lived.skip(void-model.Instant(late.LateBy()), void, s.lives())
		s.absent += late.lost(max(s.void, s.heard))
		s.void = void
	}
}

func (s *Service) stretch(d time.Duration) time.Duration { return d * time.Duration(s.factor) }

// State returns the state of the service.
func (s *Service) State() model.State { return s.state }

// Heard returns when the last sign of life came. ever is false if none has.
func (s *Service) Heard() (at model.Instant, ever bool) { return s.heard, s.beats > 0 }

// Read fills in the figures of a snapshot at now. start is the time of instant 0.
func (s *Service) Read(to *model.Service, start time.Time, now model.Instant) {
	to.State, to.Diagnosis, to.Late = s.state, s.diagnosis, s.late
	if s.beats > 0 {
		to.Heard = start.Add(time.Duration(s.heard))
	}
	to.Latency, to.LatencyMean, to.LatencyDev = s.latency, s.detector.Mean(), s.detector.Deviation()
	to.Timeout, to.Interval, to.TTL = s.stretch(s.timeout), s.interval, s.ttl
	to.Missed, to.Received, to.Lost = s.missed, s.beats, s.lost
	if !s.reports && s.overdue {
		to.Missed++
	}
	to.Uptime = s.lived.share(now, s.state, s.lives())
	to.Strip = s.history.strip()
}

// Samples returns a copy of the newest beats, oldest first. start is the time of instant 0.
func (s *Service) Samples(start time.Time) []model.Sample { return s.history.samples(start) }
