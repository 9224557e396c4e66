package swarm

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// settled is how long a connection must have lasted for its end to be a first failure again. One
// that is let in and thrown out at once is as bad as one refused.
const settled = 5 * time.Second

// delays is a policy at work for one client. Growth and cap are the library's; the jitter is ours,
// since the library's knows only ±x % and draws from the global source, which cannot be seeded.
type delays struct {
	policy   Policy
	growth   backoff.BackOff
	random   *rand.Rand
	attempts int
	previous time.Duration // the delay before, for Decorrelated
}

func (p Policy) start(random *rand.Rand) *delays {
	d := &delays{policy: p, growth: p.growth(), random: random}
	d.reset()
	return d
}

func (p Policy) growth() backoff.BackOff {
	switch p.Kind {
	case Fixed:
		return backoff.NewConstantBackOff(p.Base)
	case Exponential:
		return &backoff.ExponentialBackOff{InitialInterval: p.Base, Multiplier: p.Factor, MaxInterval: p.Cap}
	}
	return &backoff.ZeroBackOff{}
}

func (d *delays) reset() {
	d.growth.Reset()
	d.attempts = 0
	d.previous = d.policy.Base
}

// next is the delay before the next attempt, and false if there shall be none. lasted is the age at
// which the connection ended, 0 if the attempt failed.
func (d *delays) next(lasted time.Duration) (time.Duration, bool) {
	if lasted >= settled {
		d.reset()
	}
	d.attempts++
	if d.policy.Attempts > 0 && d.attempts > d.policy.Attempts {
		return 0, false
	}
	d.previous = d.jitter(d.growth.NextBackOff())
	return d.previous, true
}

func (d *delays) jitter(v time.Duration) time.Duration {
	switch d.policy.Jitter {
	case Full:
		return d.between(0, float64(v))
	case Equal:
		return d.between(float64(v)/2, float64(v))
	case Decorrelated:
		return min(d.policy.Cap, d.between(float64(d.policy.Base), 3*float64(d.previous)))
	}
	return v
}

// between computes with floats: three times a long delay may not fit a Duration.
func (d *delays) between(low, high float64) time.Duration {
	v := low + d.random.Float64()*(high-low)
	return time.Duration(min(v, float64(maxDelay)))
}

// maxDelay is longer than any program runs and far from overflow.
const maxDelay = 1000 * 24 * time.Hour
