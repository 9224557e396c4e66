package heart

import (
	"time"

	"holter/model"
)

// Rhythm holds the settings that all hearts of a monitor share. It must not change while they beat.
type Rhythm struct {
	Scheme     model.Scheme
	Detector   string        // one of Detectors
	Interval   time.Duration // between two beats of a connection, ±10 % for each connection
	MinTimeout time.Duration // no beat is overdue sooner
	MaxTimeout time.Duration // a beat is overdue after this, or after three mean round trips if that is longer
}

// DefaultRhythm is how hearts beat unless the user asks for something else.
func DefaultRhythm() Rhythm {
	return Rhythm{
		Scheme:     model.SchemeBoth,
		Detector:   Detectors[0],
		Interval:   5 * time.Second,
		MinTimeout: 500 * time.Millisecond,
		MaxTimeout: 4 * time.Second,
	}
}

// shortestInterval bounds the interval: the scheduler runs only every few milliseconds.
const shortestInterval = 10 * time.Millisecond

// Validate returns an error for the first setting that is not valid. It says what to write instead.
func (r *Rhythm) Validate() error {
	if err := r.Scheme.Validate(); err != nil {
		return err
	}
	if _, err := NewDetector(r.Detector); err != nil {
		return err
	}
	switch {
	case r.Interval < shortestInterval:
		return model.Errorf(model.Invalid, "interval %s is too short: write at least %s", r.Interval, shortestInterval)
	case r.MinTimeout <= 0:
		return model.Errorf(model.Invalid, "min-timeout %s is not a waiting time: write a positive one, such as 500ms", r.MinTimeout)
	case r.MaxTimeout < r.MinTimeout:
		return model.Errorf(model.Invalid, "max-timeout %s is below min-timeout %s: write a longer max-timeout or a shorter min-timeout",
			r.MaxTimeout, r.MinTimeout)
	}
	return nil
}

// The margins around a detector's timeout. A lost segment delays an answer by a retransmission timeout and a round
// trip, so the least timeout depends on the round trip: a fixed one would fail distant clients.
const (
	leastDeviation = 500 * time.Millisecond // added to twice the mean round trip
	rtoMargin      = 100 * time.Millisecond
	startTimeout   = time.Second // RFC 6298 section 2.1
	startSamples   = 8           // with fewer samples an estimate is a guess
)

// estimate holds the known figures of a path when a ping has been written.
type estimate struct {
	timeout  time.Duration // the detector's
	mean     time.Duration // round trip
	samples  int           // behind these two; stops at startSamples
	rto, rtt time.Duration // the kernel's retransmission timeout and smoothed round trip, 0 if unknown
}

// bound returns how long a beat may stay unanswered: the detector's timeout within all margins.
func (r *Rhythm) bound(e estimate) time.Duration {
	timeout, mean := e.timeout, e.mean
	if e.samples == 0 {
		timeout, mean = 0, e.rtt
	}
	if e.samples < startSamples {
		timeout = max(timeout, startTimeout, 3*mean)
	}
	if e.samples > 0 {
		timeout = max(timeout, mean+mean+leastDeviation)
	}
	if e.rto > 0 {
		timeout = max(timeout, e.rto+mean+rtoMargin)
	}
	return min(max(timeout, r.MinTimeout), max(r.MaxTimeout, 3*mean))
}
