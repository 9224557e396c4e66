package halt

import (
	"time"

	"golang.org/x/sys/unix"
)

// slept returns how much longer the machine has been up than it was awake: the raw monotonic clock runs on in its sleep.
func slept() (time.Duration, bool) {
	return difference(unix.CLOCK_MONOTONIC_RAW, unix.CLOCK_UPTIME_RAW)
}

// waited is not told on this system.
func waited() (time.Duration, bool) { return 0, false }
