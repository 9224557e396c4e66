package reconnect

import (
	"math/rand/v2"
	"time"

	"holter/model"
)

// Settled is how long a connection must have lasted so that most clients count its end as a first failure again. A
// shorter one makes the delays grow like an attempt that was refused.
const Settled = model.Stay

// Backoff computes the delays of one client by its policy. It belongs to one goroutine.
type Backoff struct {
	policy   *model.Policy
	random   *rand.Rand
	attempts int           // since a connection that had settled
	failed   int           // the next of those in a row that open no connection, counting from 1
	previous time.Duration // the delay before, for decorrelated jitter
	settled  time.Duration // how long a connection must last for the attempts to begin anew
}

// NewBackoff makes the Backoff of a client that is connected. The same seed of random gives the same delays. The
// policy must be valid and must not change.
func NewBackoff(policy *model.Policy, random *rand.Rand) Backoff {
	return Backoff{policy: policy, random: random, settled: Settled}
}

// SettledAfter makes the delays begin anew after a connection that lasted for d, instead of Settled. 0 is for a client
// whose delays begin anew whenever it is connected.
func (b *Backoff) SettledAfter(d time.Duration) { b.settled = d }

// Next returns the delay before the next attempt, or false if the client gives up: after MaxAttempts that failed in a
// row, each without a connection. lasted is the age of the connection that ended, 0 if the last attempt failed.
func (b *Backoff) Next(lasted time.Duration) (time.Duration, bool) {
	if lasted > 0 {
		b.failed = 0
		if lasted >= b.settled {
			b.attempts = 0
		}
	}
	b.attempts++
	b.failed++
	if b.policy.MaxAttempts > 0 && b.failed > b.policy.MaxAttempts {
		return 0, false
	}
	b.previous = b.policy.Draw(b.attempts, b.previous, b.random)
	return b.previous, true
}
