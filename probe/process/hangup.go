package process

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

var (
	hangups = make(chan os.Signal, 1) // SIGHUP, for the goroutine of Interruptible
	handled atomic.Pointer[hangup]    // nil without OnHangup
)

// hangup is what SIGHUP is for.
type hangup struct {
	wake     chan struct{} // has room for one
	terminal bool          // the program was started on a terminal, and ends with it
}

// OnHangup has SIGHUP call f instead of ending the context of Interruptible, also if the program was started with SIGHUP
// ignored. But SIGHUP still ends the context if the terminal that the program was started on is gone and SIGHUP was not
// ignored. The Part makes the calls, one after the other, until its context ends. Of the signals that come during a call one
// remains.
func OnHangup(f func()) Part {
	h := &hangup{make(chan struct{}, 1), !signal.Ignored(syscall.SIGHUP) && onTerminal()}
	handled.Store(h)
	signal.Notify(hangups, syscall.SIGHUP)
	return func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-h.wake:
				f()
			}
		}
	}
}

// take reports whether SIGHUP is not for ending the program. It never waits.
func (h *hangup) take() bool {
	// When a terminal hangs up, the kernel takes it away from its processes before it sends SIGHUP.
	if h == nil || h.terminal && !onTerminal() {
		return false
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return true
}

// onTerminal reports whether the process has a controlling terminal.
func onTerminal() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	tty.Close()
	return true
}
