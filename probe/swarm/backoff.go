package swarm

import (
	"math"
	"math/rand/v2"
	"time"
)

// settled is how long a connection must have lasted for its end to be a first failure again. One
// that is let in and thrown out at once is as bad as one refused.
const settled = 5 * time.Second

// delays is a policy at work for one client.
type delays struct {
	policy   *Policy
	random   *rand.Rand
	attempts int
	previous time.Duration // the delay before, for Decorrelated
}

func (p *Policy) start(random *rand.Rand) delays {
	return delays{policy: p, random: random, previous: p.Base}
}

// next is the delay before the next attempt, and false if there shall be none. lasted is the age at
// which the connection ended, 0 if the attempt failed.
func (d *delays) next(lasted time.Duration) (time.Duration, bool) {
	if lasted >= settled {
		d.attempts, d.previous = 0, d.policy.Base
	}
	d.attempts++
	if d.policy.Attempts > 0 && d.attempts > d.policy.Attempts {
		return 0, false
	}
	d.previous = d.jitter(d.policy.grown(d.attempts))
	return d.previous, true
}

// grown is the delay v before the k-th attempt, from 1, without chance.
func (p *Policy) grown(k int) float64 {
	switch p.Kind {
	case Fixed:
		return float64(p.Base)
	case Exponential:
		return min(p.boundless(k), float64(p.Cap))
	case Steps:
		return float64(p.Steps[min(k, len(p.Steps))-1])
	}
	return 0
}

// boundless is v without the cap.
func (p *Policy) boundless(k int) float64 {
	return float64(p.Base) * math.Pow(p.Factor, float64(k-1))
}

// jitter computes with floats: three times a long delay may not fit a Duration.
func (d *delays) jitter(v float64) time.Duration {
	p := d.policy
	base, limit := float64(p.Base), float64(p.Cap)
	switch p.Jitter {
	case Full:
		v = d.between(0, v)
	case Equal:
		v = d.between(v/2, v)
	case Decorrelated:
		v = min(d.between(base, 3*float64(d.previous)), limit)
	case Around20:
		v = d.between(0.8*v, 1.2*v)
	case Around50:
		w := p.boundless(d.attempts)
		v = min(d.between(0.5*w, 1.5*w), limit)
	case OnTop:
		v = min(base+d.between(0, v), limit)
	}
	return time.Duration(min(v, float64(maxDelay)))
}

func (d *delays) between(low, high float64) float64 {
	if math.IsInf(high, 1) {
		return high
	}
	return low + d.random.Float64()*(high-low)
}

// maxDelay is longer than any program runs and far from overflow.
const maxDelay = 1000 * 24 * time.Hour
