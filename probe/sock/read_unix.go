//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

func tryRead(fd uintptr, b []byte) (int, error) {
	for {
		n, err := unix.Read(int(fd), b)
		switch {
		case n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			return 0, nil
		case err != unix.EINTR:
			return 0, os.NewSyscallError("read", err)
		}
	}
}
