package api

import "time"

// clock relates the clock of another machine to the local clock, by the times that come in from that machine.
//
// A time was sent before it came in. So the local clock is ahead of the other clock by no more than the smallest
// difference that was seen between them. An age that is computed with this difference is never more than the true age.
// It is too small by the time that the quickest message was on the way.
type clock struct {
	ahead time.Duration // how far the local clock is ahead, negative if the other clock is
	known bool
}

// heard records a time that the other clock showed before now.
func (c *clock) heard(then, now time.Time) {
	if gap := now.Sub(then); !c.known || gap < c.ahead {
		c.ahead, c.known = gap, true
	}
}

// asked records a time that the other clock showed between sent and now. If the known difference makes that impossible,
// one of the clocks was set, and the difference is replaced.
func (c *clock) asked(sent, then, now time.Time) {
	c.heard(then, now)
	if c.ahead < sent.Sub(then) {
		c.ahead = now.Sub(then)
	}
}

// age returns how long before now the other clock showed a time.
func (c *clock) age(then, now time.Time) time.Duration {
	if !c.known {
		return 0
	}
	return max(0, now.Sub(then)-c.ahead)
}
