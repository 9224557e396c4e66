package tap

import (
	"errors"
	"net"
	"syscall"
	"time"

	"holter/model"
	"holter/probe/sock"
)

// control calls f with the descriptor of the socket at or below c. The way there is found anew each
// time: to keep it would cost every connection more memory than a ping now and then costs time.
func (c *Conn) control(f func(fd uintptr)) error { return control(c.Conn, f) }

func control(below net.Conn, f func(fd uintptr)) error {
	for {
		if s, ok := below.(syscall.Conn); ok {
			raw, err := s.SyscallConn()
			if err != nil {
				return err
			}
			return raw.Control(f)
		}
		n, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			return errors.ErrUnsupported
		}
		below = n.NetConn()
	}
}

// Waited is how long ago the newest data came in over the socket at or below c, whoever has read it since; 0
// where the kernel does not tell.
func Waited(c net.Conn) (ago time.Duration) {
	control(c, func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			ago = info.LastDataRecv
		}
	})
	return ago
}

// canTryWrite reports whether this platform has a write that never waits.
var canTryWrite = func() bool {
	_, err := sock.TryWrite(^uintptr(0), nil)
	return !errors.Is(err, errors.ErrUnsupported)
}()

// Unread reports whether bytes wait in the socket that the application has not read.
func (c *Conn) Unread() bool {
	if w := c.wire.Load(); w != nil {
		if waits, known := w.unread(); known {
			return waits
		}
	}
	unread := 0
	c.control(func(fd uintptr) { unread, _ = sock.Unread(fd) })
	return unread > 0
}

// Timing is the kernel's retransmission timeout, as it was before it doubled with each segment sent
// again, and its smoothed round trip; 0 where they are unknown.
func (c *Conn) Timing() (rto, rtt time.Duration) {
	c.control(func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			rto, rtt = info.RTO>>min(info.Backoff, 16), info.RTT
		}
	})
	return rto, rtt
}

// Kernel is what the kernel knows of the socket.
func (c *Conn) Kernel() model.Kernel {
	k := model.Kernel{Writing: c.writing.Load() != 0}
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		if !ok {
			return
		}
		k.Known = true
		k.Unacked, k.Retransmitted = int(info.Unacked), int(info.TotalRetrans)
		k.LastAck, k.RTO = info.LastAckRecv, info.RTO>>min(info.Backoff, 16)
		k.NotSent, k.WindowShut = int(info.NotSent), info.HasSndWnd && info.SndWnd == 0
		k.Unread, _ = sock.Unread(fd)
	})
	c.shade(&k)
	return k
}

// Taken is how many bytes the peer's kernel has acknowledged, if ours tells.
func (c *Conn) Taken() (n uint64, known bool) {
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		n, known = info.BytesAcked, ok && info.HasBytes
	})
	return n, known
}
