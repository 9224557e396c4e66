package model

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"
)

// PolicyKind is how the delays of a reconnect policy grow.
type PolicyKind string

const (
	PolicyNone        PolicyKind = "none"  // no delay
	PolicyFixed       PolicyKind = "fixed" // the same delay each time
	PolicyExponential PolicyKind = "exponential"
	PolicySteps       PolicyKind = "steps" // a table, whose last delay is repeated
	PolicyUnknown     PolicyKind = "unknown"
)

// Jitter is how a delay v is randomized, so that clients which lost their connection together do not come back
// together. The names full, equal and decorrelated are those of "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015.
type Jitter string

const (
	JitterNone         Jitter = "none"         // v
	JitterPartial      Jitter = "partial"      // uniform in v ± a share of it
	JitterEqual        Jitter = "equal"        // uniform in [v/2, v]
	JitterFull         Jitter = "full"         // uniform in [0, v]
	JitterDecorrelated Jitter = "decorrelated" // uniform in [base, 3 · the delay before], up to the cap; the factor is not used
	JitterUnknown      Jitter = "unknown"
)

// Policy is when a client that has lost its connection, or was refused, tries again. The zero Policy tries again at
// once and for ever.
//
// The delay v before the k-th attempt, counting from 1, is Base · Factor^(k-1), but at most Cap. For PolicySteps it is
// Steps[k-1], or the last step after the end of the table. Jitter then randomizes v.
type Policy struct {
	Kind   PolicyKind      // "" is PolicyNone
	Base   time.Duration   // the first delay, of PolicyFixed and PolicyExponential
	Factor float64         // from one delay to the next, of PolicyExponential; 1 if the delays do not grow
	Cap    time.Duration   // the longest v, of PolicyExponential; 0 for no cap
	Steps  []time.Duration // of PolicySteps only
	Jitter Jitter          // "" is JitterNone
	Share  float64         // half the width of the jitter over the mean delay: 0 for none, 1 for full

	CapLast bool          // the cap applies to the randomized delay, and not to v
	OnTop   time.Duration // added to the randomized delay; the cap applies to the sum

	MaxAttempts int // in a row before the client gives up, 0 for no limit
	// A Deaf client ignores how long a refusal asks it to wait: a script in a browser cannot see that.
	Deaf bool
}

// Pool is what clients of one kind have in common. In the path of a pool a segment "*" stands for what differs by client.
type Pool struct{ UserAgent, Path string }

// PoolPolicy is the policy of a pool's clients, as far as their attempts show it. Base of an unknown policy is the
// median first delay, if there is one. Cap is 0 if no client has reached it.
type PoolPolicy struct {
	Pool
	Policy
	Like string // the known client, or method, that has these delays; empty for none

	Clients    int            // of the pool
	Attempts   int            // from which this was inferred
	Obeys      bool           // the clients wait as long as a refusal asks, and then for their own delay
	Confidence float64        // from 0 to 1: see reconnect.Infer
	First      DelayHistogram // of the first attempts
	Doubt      Doubt          // why the policy is unknown
}

// DelayHistogram counts delays in bins of equal width. The last bin also counts those beyond To.
type DelayHistogram struct {
	From, To time.Duration
	Counts   []uint32
}

// Spread returns p with full jitter: the best that its clients could do without waiting longer. Clients without a
// delay get those of AWS's example.
func (p Policy) Spread() Policy {
	switch p.Kind {
	case PolicyNone:
		p.Kind, p.Base, p.Factor, p.Cap = PolicyExponential, time.Second, 2, 30*time.Second
	case PolicyUnknown:
		return p
	}
	p.Jitter, p.Share, p.CapLast, p.OnTop = JitterFull, 1, false, 0
	return p
}

// MaxDelay bounds the delays of exponential growth: longer than any program runs, and far from overflow.
const MaxDelay = 1000 * 24 * time.Hour

// Delay returns v before the k-th attempt, counting from 1.
func (p *Policy) Delay(k int) time.Duration { return time.Duration(p.grown(k, true)) }

// grown returns v in nanoseconds: with the cap, or as it would be without. The forecast of a storm draws a million
// delays a second, so it counts in floats and multiplies instead of calling math.Pow.
func (p *Policy) grown(k int, capped bool) float64 {
	switch p.Kind {
	case PolicyFixed:
		return float64(p.Base)
	case PolicyExponential:
		v, top := float64(p.Base), float64(MaxDelay)
		if capped && p.Cap > 0 {
			top = min(top, float64(p.Cap))
		}
		for n := 1; n < k && v < top && p.Factor > 1; n++ {
			v *= p.Factor
		}
		return min(v, top)
	case PolicySteps:
		if len(p.Steps) > 0 {
			return float64(p.Steps[min(k, len(p.Steps))-1])
		}
	}
	return 0
}

// Bounds returns the range of the randomized delay before the k-th attempt, in seconds. It is uniform from low to
// high, and then cut off at limit, which is +Inf for no limit. Decorrelated jitter depends on the delay before, so
// for that Bounds returns the range without jitter.
func (p *Policy) Bounds(k int) (low, high, limit float64) {
	low, high, limit = p.bounds(k)
	return low / float64(time.Second), high / float64(time.Second), limit / float64(time.Second)
}

// bounds is Bounds in nanoseconds.
func (p *Policy) bounds(k int) (low, high, limit float64) {
	v, top, limit := p.grown(k, !p.CapLast), float64(p.OnTop), math.Inf(1)
	if p.Cap > 0 && (p.CapLast || p.OnTop > 0) {
		limit = float64(p.Cap)
	}
	switch p.Jitter {
	case JitterFull:
		return top, top + v, limit
	case JitterEqual:
		return top + v/2, top + v, limit
	case JitterPartial:
		return top + v*(1-p.Share), top + v*(1+p.Share), limit
	}
	return top + v, top + v, limit
}

// Draw returns a random delay before the k-th attempt, counting from 1. For JitterDecorrelated, before is the delay
// that Draw returned for the attempt before.
func (p *Policy) Draw(k int, before time.Duration, random *rand.Rand) time.Duration {
	low, high, limit := p.bounds(k)
	if p.Jitter == JitterDecorrelated {
		low, limit = float64(p.Base), float64(cmp.Or(p.Cap, MaxDelay))
		high = 3 * low
		if k > 1 {
			high = 3 * float64(before)
		}
	}
	if high > low {
		low += random.Float64() * (high - low)
	}
	return time.Duration(min(low, limit, float64(MaxDelay)))
}
