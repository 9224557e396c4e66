package plane

import (
	"cmp"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keepAlive sets KeepAlive on the listening socket, from which accepted ones inherit it. Go would make four system
// calls for each accepted connection.
func keepAlive() net.ListenConfig {
	return net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) (err error) {
		seconds := func(d time.Duration) int { return int(d / time.Second) }
		failed := c.Control(func(fd uintptr) {
			set := func(level, option, value int) { err = cmp.Or(err, unix.SetsockoptInt(int(fd), level, option, value)) }
			set(unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
			set(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds(KeepAlive.Idle))
			set(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, seconds(KeepAlive.Interval))
			set(unix.IPPROTO_TCP, unix.TCP_KEEPCNT, KeepAlive.Count)
		})
		return cmp.Or(failed, err)
	}}
}
