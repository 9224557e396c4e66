package heart

import (
	"time"

	"holter/model"
)

// Detector estimates from round trips how long a beat may stay unanswered. All detectors share margins and bounds
// around that: see Rhythm. A detector belongs to one heart.
type Detector interface {
	// Sample records one round trip.
	Sample(rtt time.Duration)
	// Timeout returns the estimate, 0 before the first sample.
	Timeout() time.Duration
	// Mean returns the mean round trip in the detector's memory, 0 before the first sample.
	Mean() time.Duration
	// Deviation returns how far round trips stray from Mean, by the detector's own measure.
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
