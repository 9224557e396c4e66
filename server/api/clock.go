package api

import "time"

// clock relates the clock of another machine to the one here, by when its times came in.
//
// What comes in was sent before, so the clock here is ahead of the other one by no more than the shortest time that was seen
// between the two. An age by that measure is never more than the true one. It is less by the time on the way of what came
// quickest.
type clock struct {
	ahead time.Duration // of the other one, negative if that is ahead
	known bool
}

// heard takes in a time that the other clock showed before now.
func (c *clock) heard(then, now time.Time) {
	if gap := now.Sub(then); !c.known || gap < c.ahead {
		c.ahead, c.known = gap, true
	}
}

// asked takes in a time that the other clock showed between sent and now. If that cannot be, by what was known, one of the
// clocks was set.
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
