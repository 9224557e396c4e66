package pulse

import (
	"context"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/model/heart"
)

// Clock is the time of all pulses of a process. While Run runs it also knows how late the process is, which
// the hearts do not hold against a server.
type Clock struct {
	start time.Time
	late  heart.Lateness
	worst atomic.Int64 // nanoseconds
	often atomic.Int64
}

// slot gathers what is due within it into one moment: thousands of timers a second would cost more than what
// they are for.
const slot = model.Instant(10 * time.Millisecond)

// NewClock makes a clock that has run for a second, so that no moment is the zero Instant.
func NewClock() *Clock { return &Clock{start: time.Now().Add(-time.Second)} }

// Now is the present moment.
func (c *Clock) Now() model.Instant { return model.Instant(time.Since(c.start)) }

// Until is how long it takes until a moment is past, and with it all moments in the same 10 ms.
func (c *Clock) Until(at model.Instant) time.Duration {
	return time.Duration((at+slot-1)/slot*slot - c.Now())
}

// Run notes how late the process runs, until ctx ends.
func (c *Clock) Run(ctx context.Context) {
	ticker := time.NewTicker(heart.SchedulerPause)
	defer ticker.Stop()
	for before := c.Now(); ; {
		now := c.Now()
		c.observe(now, time.Duration(now-before)-heart.SchedulerPause)
		before = now
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (c *Clock) observe(now model.Instant, lateBy time.Duration) {
	c.late.Observe(now, lateBy)
	c.worst.Store(max(c.worst.Load(), int64(lateBy))) // there is one Run
	if c.late.VoidBefore() == now {
		c.often.Add(1)
	}
}

// Late is by how much Run was late at worst, and how often that was so much that beats were void.
func (c *Clock) Late() (worst time.Duration, often int) {
	return time.Duration(c.worst.Load()), int(c.often.Load())
}
