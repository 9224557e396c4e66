package reconnect

import (
	"math/rand/v2"
	"time"

	"holter/model"
)

// Settled is how long a connection must have lasted for its end to be a first failure again, to most
// clients. One that is let in and thrown out at once is as bad as one refused.
const Settled = 5 * time.Second

// Backoff is a policy at work for one client. It belongs to one goroutine.
type Backoff struct {
	policy   *model.Policy
	random   *rand.Rand
	attempts int
	previous time.Duration // the delay before, for decorrelated jitter
}

// NewBackoff begins with a client that is connected. The same seed of random draws the same delays. The
// policy must be valid and must not change.
func NewBackoff(policy *model.Policy, random *rand.Rand) Backoff {
	return Backoff{policy: policy, random: random}
}

// Next is the delay before the next attempt, and false if the client gives up. lasted is the age at which
// the connection ended, 0 if the attempt failed.
func (b *Backoff) Next(lasted time.Duration) (time.Duration, bool) {
	if lasted >= Settled {
		b.attempts = 0
	}
	b.attempts++
	if b.policy.MaxAttempts > 0 && b.attempts > b.policy.MaxAttempts {
		return 0, false
	}
	b.previous = b.policy.Draw(b.attempts, b.previous, b.random)
	return b.previous, true
}
