package model

import (
	"cmp"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// PolicyKind is how the delays of a reconnect policy grow.
type PolicyKind string

const (
	PolicyNone        PolicyKind = "none"  // no delay
	PolicyFixed       PolicyKind = "fixed" // the same delay each time
	PolicyExponential PolicyKind = "exponential"
	PolicyLinear      PolicyKind = "linear" // by the same step each time
	PolicySteps       PolicyKind = "steps"  // a table, whose last delay is repeated
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
	JitterAdded        Jitter = "added"        // v and, on top of it, as much at random each time, however large v is
	JitterOnce         Jitter = "once"         // as partial, but drawn once for each client, which keeps its own base; then the cap
	JitterRanges       Jitter = "ranges"       // of PolicySteps: uniform from each step to its own end
	JitterNormal       Jitter = "normal"       // normally distributed around v; the share of v is its standard deviation
	JitterUnknown      Jitter = "unknown"
)

// Policy is when a client that has lost its connection, or was refused, tries again. The zero Policy tries again at
// once and for ever.
//
// The delay v before the k-th attempt, counting from 1, is Base · Factor^(k-1), but at most Cap. For PolicyLinear it is
// Base + Step · (k-1), but at most Cap. For PolicySteps it is Steps[k-1], or the last step after the end of the table.
// Jitter then randomizes v.
type Policy struct {
	Kind   PolicyKind      // "" is PolicyNone
	Base   time.Duration   // the first delay, of PolicyFixed and PolicyExponential
	Factor float64         // from one delay to the next, of PolicyExponential; 1 if the delays do not grow
	Step   time.Duration   // from one delay to the next, of PolicyLinear
	Cap    time.Duration   // the longest v, of PolicyExponential and PolicyLinear; 0 for no cap
	Steps  []time.Duration // of PolicySteps only
	Ends   []time.Duration // of PolicySteps with JitterRanges, one for each of Steps
	Jitter Jitter          // "" is JitterNone
	Share  float64         // half the width of the jitter over the mean delay: 0 for none, 1 for full

	// AddedFrom and AddedTo are the ends of what JitterAdded adds.
	AddedFrom, AddedTo time.Duration
	// Carried says that the delay before grows, with the jitter that it had, instead of v. A table's delays grow as its steps
	// do; after its end the delay before is repeated.
	Carried bool

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
	// Like is the known client, or method, that has these delays; empty for none. Several with the same delays are joined: see
	// Names.
	Like string

	Clients    int            // of the pool
	Attempts   int            // from which this was inferred
	Obeys      bool           // the clients wait as long as a refusal asks, and then for their own delay
	Confidence float64        // from 0 to 1: see reconnect.Infer
	Resets     Reset          // when the delays start anew
	First      DelayHistogram // of the first attempts
	Doubt      Doubt          // why the policy is unknown
}

// LikeEither joins the names of known clients that have the same delays.
const LikeEither = " or "

// Names returns the names in Like.
func (p *PoolPolicy) Names() []string {
	if p.Like == "" {
		return nil
	}
	return strings.Split(p.Like, LikeEither)
}

// Reset is when a client whose delays grow begins again with the first of them. A client that does so at every open
// comes back as fast as ever to a server that closes its connections at once.
type Reset string

const (
	ResetUnknown   Reset = ""           // also of delays that do not grow
	ResetAtOpen    Reset = "at_open"    // after a connection that was closed again within Stay
	ResetAfterStay Reset = "after_stay" // after a connection that has lasted; the end of another one is a failed attempt
)

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
	p.AddedFrom, p.AddedTo, p.Carried = 0, 0, false
	if p.Ends != nil {
		p.Steps, p.Ends = p.Ends, nil
	}
	return p
}

// MaxDelay bounds the delays of exponential growth: longer than any program runs, and far from overflow.
const MaxDelay = 1000 * 24 * time.Hour

// Delay returns v before the k-th attempt, counting from 1.
func (p *Policy) Delay(k int) time.Duration { return time.Duration(p.grown(k, true)) }

// grown returns v in nanoseconds: with the cap, or as it would be without. The forecast of a storm draws a million
// delays a second, so it counts in floats and multiplies instead of calling math.Pow.
func (p *Policy) grown(k int, capped bool) float64 {
	top := float64(MaxDelay)
	if capped && p.Cap > 0 {
		top = min(top, float64(p.Cap))
	}
	switch p.Kind {
	case PolicyFixed:
		return float64(p.Base)
	case PolicyExponential:
		v := float64(p.Base)
		for n := 1; n < k && v < top && p.Factor > 1; n++ {
			v *= p.Factor
		}
		return min(v, top)
	case PolicyLinear:
		return min(float64(p.Base)+float64(p.Step)*float64(k-1), top)
	case PolicySteps:
		if len(p.Steps) > 0 {
			return float64(p.Steps[min(k, len(p.Steps))-1])
		}
	}
	return 0
}

// Span is where a randomized delay lies, in seconds: spread evenly from Low to High, and then cut off at Limit, which is
// +Inf for no limit. With Bell it is spread normally, and Low and High are three standard deviations from the middle.
type Span struct {
	Low, High, Limit float64
	Bell             bool
}

// Span returns where the delay before the k-th attempt lies, counting from 1. before is the delay before the attempt before,
// which matters only to a policy that Depends on it; a negative one is unknown. Without it, decorrelated jitter after the first
// attempt has the range without jitter, and a carried one the range as if nothing were carried.
func (p *Policy) Span(k int, before time.Duration) Span {
	s := p.span(k, float64(before))
	return Span{s.Low / float64(time.Second), s.High / float64(time.Second), s.Limit / float64(time.Second), s.Bell}
}

// Depends reports whether a delay depends on the one before.
func (p *Policy) Depends() bool {
	return p.Carried || p.Jitter == JitterDecorrelated || p.Jitter == JitterOnce
}

// Bounds returns the Span of the delay before the k-th attempt, if nothing is known of the delay before that.
func (p *Policy) Bounds(k int) (low, high, limit float64) {
	s := p.Span(k, -1)
	return s.Low, s.High, s.Limit
}

// span is Span in nanoseconds.
func (p *Policy) span(k int, before float64) Span {
	v, limit, known := p.grown(k, !p.CapLast), math.Inf(1), k > 1 && before >= 0
	if p.Cap > 0 && (p.CapLast || p.OnTop > 0 || p.Carried || p.Jitter == JitterOnce) {
		limit = float64(p.Cap)
	}
	switch {
	case p.Jitter == JitterDecorrelated && (known || k <= 1):
		if k <= 1 {
			before = float64(p.Base)
		}
		return Span{Low: float64(p.Base), High: 3 * before, Limit: float64(cmp.Or(p.Cap, MaxDelay))}
	case p.Jitter == JitterOnce && known, p.Carried && known && p.Kind == PolicySteps && k > len(p.Steps):
		v = min(before*p.growth(k), float64(MaxDelay))
		return Span{Low: v, High: v, Limit: limit}
	case p.Carried && known:
		v = min(before*p.growth(k), float64(MaxDelay))
	case p.Jitter == JitterRanges && len(p.Ends) > 0:
		return Span{Low: v, High: float64(p.Ends[min(k, len(p.Ends))-1]), Limit: limit}
	}
	return p.randomized(v, limit)
}

// growth returns what the delay before the k-th attempt is to the one before it, without jitter.
func (p *Policy) growth(k int) float64 {
	switch {
	case p.Kind == PolicyExponential:
		return max(p.Factor, 1)
	case p.Kind == PolicySteps && k <= len(p.Steps) && p.Steps[k-2] > 0:
		return float64(p.Steps[k-1]) / float64(p.Steps[k-2])
	}
	return 1
}

// randomized returns where v lies with its jitter.
func (p *Policy) randomized(v, limit float64) Span {
	s := Span{Low: v, High: v, Limit: limit, Bell: p.Jitter == JitterNormal}
	switch p.Jitter {
	case JitterFull:
		s.Low = 0
	case JitterEqual:
		s.Low = v / 2
	case JitterPartial, JitterOnce:
		s.Low, s.High = v*(1-p.Share), v*(1+p.Share)
	case JitterNormal:
		s.Low, s.High = v*(1-3*p.Share), v*(1+3*p.Share)
	case JitterAdded:
		s.Low, s.High = v+float64(p.AddedFrom), v+float64(p.AddedTo)
	}
	s.Low, s.High = s.Low+float64(p.OnTop), s.High+float64(p.OnTop)
	return s
}

// Draw returns a random delay before the k-th attempt, counting from 1. For a policy that Depends on the delay before,
// before is what Draw returned for the attempt before.
func (p *Policy) Draw(k int, before time.Duration, random *rand.Rand) time.Duration {
	s := p.span(k, float64(before))
	v := s.Low
	switch {
	case s.Bell:
		v = (s.Low+s.High)/2 + random.NormFloat64()*(s.High-s.Low)/6
	case s.High > s.Low:
		v += random.Float64() * (s.High - s.Low)
	}
	return time.Duration(max(0, min(v, s.Limit, float64(MaxDelay))))
}
