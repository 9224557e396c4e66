package tap

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"holter/model"
	"holter/probe/sock"
)

// signs are what the two ends have sent to close the connection, in the order in which they passed here: four bits for
// each, the first one lowest. Any goroutine may add one.
type signs struct{ all atomic.Uint32 }

// sign is one of them. Those of the peer are even.
type sign uint32

const (
	ownFrame sign = 2*sign(model.SignFrame) + 1 // of the application's or ours
	ownFIN   sign = 2*sign(model.SignFIN) + 1
	ownReset sign = 2*sign(model.SignReset) + 1

	peerFrame sign = 2 * sign(model.SignFrame)
	peerFIN   sign = 2 * sign(model.SignFIN)
	peerReset sign = 2 * sign(model.SignReset)
	peerLost  sign = 2 * sign(model.SignLost)
)

const (
	signBits = 4
	signMask = 1<<signBits - 1
)

func (s sign) own() bool { return s&1 == 1 }

func (s sign) kind() model.Sign { return model.Sign(s / 2) }

// add appends a sign, unless it is there already.
func (l *signs) add(s sign) {
	for {
		old := l.all.Load()
		shift := 0
		for rest := old; rest != 0; rest >>= signBits {
			if sign(rest&signMask) == s {
				return
			}
			shift += signBits
		}
		if shift == 32 || l.all.CompareAndSwap(old, old|uint32(s)<<shift) {
			return
		}
	}
}

// drop takes the sign away if it is the newest: it was not sent after all.
func (l *signs) drop(s sign) {
	old := l.all.Load()
	for shift := 0; shift < 32; shift += signBits {
		if sign(old>>shift) == s { // nothing above it
			l.all.CompareAndSwap(old, old&^(signMask<<shift))
			return
		}
	}
}

func (l *signs) has(s sign) bool {
	for rest := l.all.Load(); rest != 0; rest >>= signBits {
		if sign(rest&signMask) == s {
			return true
		}
	}
	return false
}

func (l *signs) none() bool { return l.all.Load() == 0 }

// first returns the first sign of one end, 0 if there is none.
func (l *signs) first(own bool) sign {
	for rest := l.all.Load(); rest != 0; rest >>= signBits {
		if s := sign(rest & signMask); s.own() == own {
			return s
		}
	}
	return 0
}

// Parting returns which end closed first, with what, and what the other end sent after that, as far as it is known now.
func (c *Conn) Parting() (p model.Parting) {
	first := sign(c.signs.all.Load() & signMask)
	if first == 0 {
		return p
	}
	p.How, p.Answer = first.kind(), c.signs.first(!first.own()).kind()
	switch {
	case first == peerLost:
		p.First = model.ByNetwork
	case !first.own():
		p.First = model.ByPeer
	case c.Ending().By == model.ByHolter:
		p.First = model.ByHolter
	default:
		p.First = model.ByApp
	}
	return p
}

// signOf returns what the error of a socket says of the peer, 0 if it says nothing.
func signOf(err error) sign {
	var errno syscall.Errno
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // under TLS the latter is a bare FIN
		return peerFIN
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return peerReset
	case errors.As(err, &errno):
		return peerLost
	}
	return 0
}

// readBroke adds what the error of a read says of the peer.
func (c *Conn) readBroke(err error) {
	switch s := signOf(err); {
	case s != 0:
		c.signs.add(s)
	case !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe): // such as a TLS alert
		c.signs.add(peerLost)
	}
}

// writeBroke adds what the error of a write says of the peer. After our own FIN a write fails without the peer.
func (c *Conn) writeBroke(err error) {
	s := signOf(err)
	if s == peerFIN || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.EPIPE) && c.signs.has(ownFIN) {
		return
	}
	if s != 0 {
		c.signs.add(s)
	}
}

// sense adds what the peer has sent to close, although nobody has read it yet. The caller is about to close this end, which
// must not pass for the first if it is not. It reports whether bytes wait unread. With take, nobody will read any more, so it may
// take the error from the socket.
func (c *Conn) sense(take bool) (unread bool) {
	c.control(func(fd uintptr) {
		n, _ := sock.Unread(fd)
		if unread = n > 0; unread && c.signs.none() {
			c.senseFrame(fd, n)
		}
		switch info, ok := sock.Stat(fd); {
		case !ok:
		case info.Closed:
			s := peerReset
			if take {
				s = cmp.Or(signOf(sock.Error(fd)), s)
			}
			c.signs.add(s)
		case info.PeerClosed:
			c.signs.add(peerFIN)
		}
	})
	return unread
}

// mostPeeked bounds the unread bytes in which a close frame is looked for.
const mostPeeked = 16 << 10

// senseFrame adds a close frame that waits among the unread bytes, and records that ending. Under TLS the bytes cannot be
// read.
func (c *Conn) senseFrame(fd uintptr, unread int) {
	if c.polite != nil || unread > mostPeeked || !c.readLock.TryLock() {
		return
	}
	defer c.readLock.Unlock()
	if c.in.lost || c.ahead != nil {
		return
	}
	b := make([]byte, unread)
	n, err := sock.Peek(fd, b)
	if err != nil {
		return
	}
	s := stream{head: c.in.head, left: c.in.left, raw: c.in.raw, have: c.in.have}
	if c.in.end != nil { // part of the close frame has been read
		end := *c.in.end
		s.end = &end
	}
	for b = b[:max(n, 0)]; len(b) > 0 && !s.lost; {
		eaten, done := s.walk(b)
		b = b[eaten:]
		if done && s.head.opcode == OpClose {
			c.signs.add(peerFrame)
			c.end(s.ending(model.ByPeer))
			return
		}
	}
}

// closes adds that this end closes: with a FIN or, if reset is set or if bytes wait that nobody will read any more, with a
// reset. It returns the ending for a connection that has not ended before.
func (c *Conn) closes(e Ending, reset bool) Ending {
	unread := c.sense(true)
	switch s := c.signs.first(false); {
	case s == 0 && e.By == model.ByNetwork:
		c.signs.add(peerLost)
	case s == peerFIN && e.By == model.ByApp:
		e = Ending{model.ByNetwork, codeAbnormal, noCloseFrame}
	case (s == peerReset || s == peerLost) && e.By == model.ByApp:
		e = Ending{model.ByNetwork, codeAbnormal, "connection lost: " + syscall.ECONNRESET.Error()}
	}
	switch {
	case c.signs.has(peerReset), c.signs.has(peerLost): // nothing goes out any more
	case reset, unread:
		c.signs.add(ownReset)
	default:
		c.signs.add(ownFIN)
	}
	return e
}
