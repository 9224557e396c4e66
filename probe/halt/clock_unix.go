//go:build linux || darwin

package halt

import (
	"time"

	"golang.org/x/sys/unix"
)

// difference returns by how much one clock is ahead of another. It reads again if the thread was interrupted meanwhile, which
// would look like a sleep.
func difference(ahead, behind int32) (time.Duration, bool) {
	for range 10 {
		var a, b, again unix.Timespec
		if unix.ClockGettime(ahead, &a) != nil || unix.ClockGettime(behind, &b) != nil || unix.ClockGettime(ahead, &again) != nil {
			return 0, false
		}
		if again.Nano()-a.Nano() < int64(time.Millisecond) {
			return time.Duration(a.Nano() - b.Nano()), true
		}
	}
	return 0, false
}
