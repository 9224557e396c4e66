package tap

import (
	"io"
	"sync"
	"syscall"

	"holter/probe/sock"
)

// CopyTo hands on to w what Read would return, until the stream ends, which is no error. An idle
// connection holds no buffer: one is borrowed once there is something to be read. Nobody else may
// read meanwhile. One of the errors tells which side failed.
//
// It also returns, with more, when it has read nothing but a beat of the tap's own: the sign of an idle
// connection. Whoever has many of those goes on in a new goroutine, as the stack of this one has grown
// to twice the size.
func (c *Conn) CopyTo(w io.Writer) (more bool, read, write error) {
	if c.polite != nil {
		read, write = c.copyAwake(w)
		return false, read, write
	}
	raw, err := c.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false, err, nil
	}
	l := loan{conn: c, raw: raw}
	take := l.take // once, as it would be allocated for each read
	for {
		n, err := l.read(take)
		if n > 0 {
			_, write = w.Write(l.buffer[:n])
		}
		l.giveBack()
		if err != nil || write != nil {
			return false, unlessEOF(err), write
		}
		if n == 0 {
			return true, nil, nil
		}
	}
}

// loan is a buffer that is borrowed while there is something in it.
type loan struct {
	conn   *Conn
	raw    syscall.RawConn
	buffer *[bufferSize]byte // nil while there is nothing

	n      int
	err    error
	waited bool
}

const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func (l *loan) borrow() { l.buffer = buffers.Get().(*[bufferSize]byte) }

func (l *loan) giveBack() {
	if l.buffer != nil {
		buffers.Put(l.buffer)
		l.buffer = nil
	}
}

// read waits for something to be read and reads it. That may all have been for the tap: then there is
// neither a byte nor an error.
func (l *loan) read(take func(fd uintptr) bool) (int, error) {
	c := l.conn
	c.readLock.Lock()
	defer c.readLock.Unlock()
	if c.ahead != nil {
		l.borrow()
		return c.readAhead(l.buffer[:])
	}
	if c.awaitWire() {
		l.borrow()
		n, at, waited, err := c.readBelow(l.buffer[:])
		if err != nil {
			c.readFailed(err)
		}
		return c.sift(l.buffer[:n], at, waited), err
	}
	l.n, l.err, l.waited = 0, nil, false
	err := l.raw.Read(take)
	if err == nil {
		err = l.err
	}
	if c.diverted(l.lent(), err) {
		return 0, nil
	}
	if err != nil {
		c.readFailed(err)
		return 0, err
	}
	return c.sift(l.buffer[:l.n], c.arrived(l.n), l.waited), nil
}

// lent is what was read into the buffer.
func (l *loan) lent() []byte {
	if l.buffer == nil {
		return nil
	}
	return l.buffer[:l.n]
}

// take is called for the socket, again each time that it has become readable, until it says true.
func (l *loan) take(fd uintptr) bool {
	l.borrow()
	l.n, l.err = sock.TryRead(fd, l.buffer[:])
	if l.n > 0 || l.err != nil {
		return true
	}
	l.giveBack()
	l.waited = true
	return false
}

// copyAwake does without a bare socket, so it has to wait with a buffer in its hand. That is a small
// one, unless much came just before.
func (c *Conn) copyAwake(w io.Writer) (read, write error) {
	var l loan
	defer l.giveBack()
	for small := make([]byte, smallBuffer); ; {
		b := small
		if l.buffer != nil {
			b = l.buffer[:]
		}
		n, err := c.Read(b)
		if n > 0 {
			_, write = w.Write(b[:n])
		}
		if err != nil || write != nil {
			return unlessEOF(err), write
		}
		if n < smallBuffer {
			l.giveBack()
		} else if l.buffer == nil {
			l.borrow()
		}
	}
}

const smallBuffer = 1 << 10

// unlessEOF takes a TLS stream that ends without saying so for ended: many peers just close, and the
// frames tell whether anything is missing.
func unlessEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
