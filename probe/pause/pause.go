// Package pause waits for a time, or for the end of a context. It is for the loops of package probe: the
// screen has a wait of its own, as it may import nothing from here.
package pause

import (
	"context"
	"time"
)

// For waits for d and reports true, or reports false as soon as ctx ends. If ctx has ended before, it reports
// false whatever d is.
func For(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
