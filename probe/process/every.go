package process

import (
	"context"
	"time"
)

// Every calls f in intervals until ctx ends. If f takes longer than that, it is called again at once, but not for each interval
// that has passed. The error is always nil.
func Every(ctx context.Context, interval time.Duration, f func()) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			f()
		}
	}
}
