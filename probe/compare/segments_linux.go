package compare

import (
	"net"

	"golang.org/x/sys/unix"
)

// segments is how many TCP segments, acknowledgements alone included, have passed either way on s.
func segments(s *net.TCPConn) (n uint32) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = info.Segs_in + info.Segs_out
		}
	})
	return n
}
