package heart

import (
	"time"

	"holter/model"
)

// Detector turns round trips into the time that a beat may stay unanswered, before the margins and
// limits that all detectors share (see Rhythm). A detector serves one connection.
type Detector interface {
	// Sample takes one round trip in.
	Sample(rtt time.Duration)
	// Timeout is 0 before the first sample.
	Timeout() time.Duration
	// Mean is the mean round trip as the detector remembers it, 0 before the first sample.
	Mean() time.Duration
	// Deviation is how far round trips stray from Mean, as the detector measures that.
	Deviation() time.Duration
}

// Detectors are the names that NewDetector knows, the default first.
var Detectors = [...]string{"deviation", "jacobson", "phi"}

// NewDetector makes the detector with one of the names in Detectors.
func NewDetector(name string) (Detector, error) {
	switch name {
	case "deviation":
		return new(deviation), nil
	case "jacobson":
		return new(jacobson), nil
	case "phi":
		return new(phi), nil
	}
	return nil, model.Errorf(model.Invalid, "unknown detector %q: write %s", name, model.OneOf(Detectors[:]))
}
