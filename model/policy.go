package model

import (
	"math"
	"time"
)

// PolicyKind says how the delays of a reconnect policy grow.
type PolicyKind string

const (
	PolicyNone        PolicyKind = "none"  // again at once
	PolicyFixed       PolicyKind = "fixed" // the same delay each time
	PolicyExponential PolicyKind = "exponential"
	PolicySteps       PolicyKind = "steps" // a table
	PolicyUnknown     PolicyKind = "unknown"
)

// Jitter is what chance does to a delay v. The names full, equal and decorrelated are those of
// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
type Jitter string

const (
	JitterNone         Jitter = "none"         // v
	JitterPartial      Jitter = "partial"      // uniform in v ± a share of it
	JitterEqual        Jitter = "equal"        // uniform in [v/2, v]
	JitterFull         Jitter = "full"         // uniform in [0, v]
	JitterDecorrelated Jitter = "decorrelated" // uniform in [base, 3 · the delay before]
	JitterUnknown      Jitter = "unknown"
)

// Pool is what clients of one kind have in common.
type Pool struct{ UserAgent, Path string }

// Policy is how the clients of a pool try to come back, as far as their attempts tell.
//
// The delay v before the k-th attempt, from 1, is Base · Factor^(k-1), never above Cap, or Steps[k-1]
// and after the table its last; chance then makes of it what Jitter says.
type Policy struct {
	Pool
	Kind   PolicyKind
	Base   time.Duration   // of an unknown policy the median first delay, if there is one
	Factor float64         // 1 if the delays do not grow
	Cap    time.Duration   // 0 if none has been reached
	Steps  []time.Duration // of PolicySteps only
	Jitter Jitter
	Share  float64 // half the width of the jitter over the mean delay: 0 for none, 1 for full
	Like   string  // the known client, or method, that has these delays; empty for none

	Clients    int            // of the pool
	Attempts   int            // that this rests on
	Obeys      bool           // the clients wait for as long as a refusal asks, and then their own delay
	Confidence float64        // from 0 to 1: see Infer
	First      DelayHistogram // of the first attempts
}

// DelayHistogram counts delays in bins of equal width. What is beyond To counts in the last bin.
type DelayHistogram struct {
	From, To time.Duration
	Counts   []uint32
}

// Spread is p with full jitter: as well as its clients could come back without waiting longer.
// Clients that come back at once get the delays of AWS's example.
func (p Policy) Spread() Policy {
	switch p.Kind {
	case PolicyNone:
		p.Kind, p.Base, p.Factor, p.Cap = PolicyExponential, time.Second, 2, 30*time.Second
	case PolicyUnknown:
		return p
	}
	p.Jitter, p.Share, p.Like = JitterFull, 1, ""
	return p
}

// Delay is v before the k-th attempt, from 1.
func (p *Policy) Delay(k int) time.Duration {
	switch p.Kind {
	case PolicyFixed:
		return p.Base
	case PolicySteps:
		if len(p.Steps) > 0 {
			return p.Steps[min(k, len(p.Steps))-1]
		}
	case PolicyExponential:
		v := time.Duration(min(float64(p.Base)*math.Pow(p.Factor, float64(k-1)), float64(MaxDelay)))
		if p.Cap > 0 {
			v = min(v, p.Cap)
		}
		return v
	}
	return 0
}

// MaxDelay is far from overflow.
const MaxDelay = 1000 * time.Hour
