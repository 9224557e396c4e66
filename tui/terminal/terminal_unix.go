//go:build unix

package terminal

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hungUp reports whether an error is that of a terminal whose other end is closed.
func hungUp(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EBADF)
}

// reopen opens the terminal of f again, or returns nil. A file that was inherited is shared with the shell, whose writes must
// wait; only a file of our own may be one whose writes do not.
func reopen(f *os.File) *os.File {
	if !isTerminal(f) {
		return nil
	}
	for _, path := range paths(f) {
		own, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOCTTY, 0)
		if err != nil {
			continue
		}
		if own.SetWriteDeadline(time.Time{}) == nil {
			return own
		}
		own.Close()
	}
	return nil
}

// paths are the names of f's terminal: the device's own, and the one that stands for the terminal of the process. The device
// may belong to another user, and not every system can break off a write to the other.
func paths(f *os.File) (names []string) {
	if name := device(f); name != "" {
		names = append(names, name)
	}
	if _, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP); err == nil { // fails for all but the process's own
		names = append(names, "/dev/tty")
	}
	return names
}

// device is the name of f's device, "" if none is found.
func device(f *os.File) string {
	var want unix.Stat_t
	if unix.Fstat(int(f.Fd()), &want) != nil {
		return ""
	}
	for _, pattern := range []string{"/dev/pts/*", "/dev/tty*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			var is unix.Stat_t
			if unix.Stat(name, &is) == nil && is.Mode&unix.S_IFMT == unix.S_IFCHR && is.Rdev == want.Rdev && is.Ino == want.Ino && is.Dev == want.Dev {
				return name
			}
		}
	}
	return ""
}

// Changes signals when the terminal may have another size, or when the process goes on after it was stopped, in which case
// the shell had the terminal. stop ends it.
func Changes() (changed <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, unix.SIGWINCH, unix.SIGCONT)
	return c, func() { signal.Stop(c) }
}

// Continued reports whether a signal of Changes says that the process goes on.
func Continued(s os.Signal) bool { return s == unix.SIGCONT }

// CanSuspend reports whether there are shells that stop a process and have it go on.
const CanSuspend = true

// Suspend stops the process and those that were started with it, and returns when it goes on. Where there is no shell to
// have it go on, the system does not stop it.
func Suspend() {
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, unix.SIGCONT)
	defer signal.Stop(goesOn)
	if syscall.Kill(0, unix.SIGTSTP) != nil {
		return
	}
	select {
	case <-goesOn:
	case <-time.After(piece):
	}
}

// consoleModes are Windows'.
type consoleModes struct{}

func (consoleModes) set(io.Writer) error { return nil }

func (consoleModes) restore(io.Writer) {}
