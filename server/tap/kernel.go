package tap

import (
	"errors"
	"net"
	"time"

	"holter/model"
	"holter/probe/sock"
)

// Waited returns how long ago the newest data came in over the socket at or below c, whether or not it has
// been read since. It is 0 where the kernel does not tell.
func Waited(c net.Conn) (ago time.Duration) {
	sock.Control(c, func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			ago = info.LastDataRecv
		}
	})
	return ago
}

// control calls f with the descriptor of the socket below c. It finds the way there anew each time: to keep
// it would cost every connection more memory than an occasional ping costs time.
func (c *Conn) control(f func(fd uintptr)) error { return sock.Control(c.Conn, f) }

// canTryWrite is whether this platform has a write that never waits.
var canTryWrite = func() bool {
	_, err := sock.TryWrite(^uintptr(0), nil)
	return !errors.Is(err, errors.ErrUnsupported)
}()

// Unread reports whether the socket has bytes that the application has not read.
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

// Timing returns the kernel's retransmission timeout, without the doublings since the last acknowledgement,
// and its smoothed round trip. They are 0 where they are unknown.
func (c *Conn) Timing() (rto, rtt time.Duration) {
	c.control(func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			rto, rtt = info.RTO>>min(info.Backoff, 16), info.RTT
		}
	})
	return rto, rtt
}

// Kernel returns the kernel's figures of the socket.
func (c *Conn) Kernel() model.Kernel {
	k := model.Kernel{Writing: c.writing.Load() != 0}
	err := c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		if !ok {
			k.Missing = notTold
			return
		}
		if !info.HasNotSent { // an old kernel may still tell that nothing waits
			n, told := sock.Unsent(fd)
			info.HasNotSent, info.NotSent = told && (n == 0 || info.Unacked == 0), uint32(n)
		}
		k.Known, k.Lacks = true, lacks(&info)
		k.Unacked, k.Retransmitted = int(info.Unacked), int(info.TotalRetrans)
		k.LastAck, k.RTO = info.LastAckRecv, info.RTO>>min(info.Backoff, 16)
		k.NotSent, k.WindowShut = int(info.NotSent), info.HasSndWnd && info.SndWnd == 0
		k.Unread, _ = sock.Unread(fd)
		k.WindowProbes = int(info.Probes)
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		k.Missing = model.MissingSocket
	case err != nil:
		k.Missing = model.MissingClosed
	}
	c.shade(&k)
	return k
}

// notTold is why the kernel says nothing of a socket.
var notTold = func() model.Missing {
	if sock.Tells {
		return model.MissingSocket // it is one, but not of TCP
	}
	return model.MissingSystem
}()

func lacks(i *sock.Info) (l model.Lack) {
	if !i.HasNotSent {
		l |= model.LackNotSent
	}
	if !i.HasSndWnd {
		l |= model.LackWindow
	}
	if !i.HasTimes {
		l |= model.LackLastAck | model.LackProbes
	}
	return l
}

// Dead reports whether the kernel has lost the connection, even if no read has returned the error yet.
func (c *Conn) Dead() (dead bool) {
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		dead = ok && info.Closed
	})
	return dead
}

// PeerClosed reports whether the peer has closed its side, although nobody may have read so.
func (c *Conn) PeerClosed() (closed bool) {
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		closed = ok && info.PeerClosed
	})
	return closed
}

// Outgoing is what waits to be taken by the peer, and how much it has taken.
type Outgoing struct {
	Writing model.Instant // the write under way began; 0 if there is none
	Queued  bool          // the kernel holds bytes that it has not sent yet
	Taken   uint64        // bytes that the peer's kernel has acknowledged
	Known   bool          // the kernel tells this
}

// Outgoing asks the kernel.
func (c *Conn) Outgoing() Outgoing {
	o := Outgoing{Writing: c.Writing()}
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		o.Known = ok && info.HasBytes
		o.Queued, o.Taken = info.NotSent > 0, info.BytesAcked
	})
	return o
}

// Progress is how far the bytes to the peer have come.
type Progress struct {
	Queued int           // bytes in our socket that the peer's kernel has not acknowledged
	Room   uint64        // number of the last byte that the peer's kernel has room for: it grows as the peer's process reads
	RTO    time.Duration // the kernel's retransmission timeout, without its doublings
}

// Progress returns false where the kernel does not tell. Before Linux 5.4 Room grows with each acknowledgement.
func (c *Conn) Progress() (p Progress, known bool) {
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		if known = ok && info.HasBytes; !known {
			return
		}
		p.Queued, known = sock.Unsent(fd)
		p.Room = info.BytesAcked + uint64(info.SndWnd)
		p.RTO = info.RTO >> min(info.Backoff, 16)
	})
	return p, known
}
