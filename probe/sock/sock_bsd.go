//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"os"

	"golang.org/x/sys/unix"
)

// fionread is _IOR('f', 127, int) of sys/filio.h, which x/sys does not export.
const fionread = 0x4004667f

// latePort has nothing to do: these systems choose a port when they bind.
func latePort(uintptr) {}

func unread(fd uintptr) (int, bool) {
	n, err := unix.IoctlGetInt(int(fd), fionread)
	return n, err == nil
}

// tryWrite may raise SIGPIPE, as a Write of package net may. The Go runtime catches that signal; it ends
// the program on descriptors 1 and 2 only.
func tryWrite(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Write(int(fd), b)
		switch err {
		case nil:
			return n, nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
}
