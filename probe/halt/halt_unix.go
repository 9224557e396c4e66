//go:build unix

package halt

import (
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

func (w *Watch) notify() { signal.Notify(w.goOn, unix.SIGCONT) }

func (w *Watch) ignore() { signal.Stop(w.goOn) }

// worked returns the time that this process has spent on all processors.
func worked() (time.Duration, bool) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
