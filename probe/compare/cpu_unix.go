//go:build unix

package compare

import (
	"syscall"
	"time"
)

// processor is the processor time that this process has taken.
func processor() (time.Duration, bool) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, false
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), true
}
