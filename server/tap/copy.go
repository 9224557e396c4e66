package tap

import (
	"io"
	"sync"
	"syscall"

	"holter/probe/sock"
)

// CopyTo writes the bytes that Read would return to w, until the stream ends. The end of the stream is not an error.
// An idle connection holds no buffer: CopyTo borrows one when there is something to read. No other goroutine may
// read meanwhile. At most one of the errors is set: read if c failed, write if w did.
//
// CopyTo also returns, with more set, when it has read only pongs of the tap's own: the sign of an idle connection. A
// caller with many connections then goes on in a new goroutine, because the stack of the old one has grown to twice
// the size.
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
	tryRead := l.tryRead // made once: a method value is allocated
	for {
		n, err := l.read(tryRead)
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

// loan reads into a buffer that it borrows only while there is something in it. It belongs to one CopyTo.
type loan struct {
	conn   *Conn
	raw    syscall.RawConn
	buffer *[bufferSize]byte // nil while none is borrowed

	// What tryRead found.
	n     int
	err   error
	exact bool // the socket was empty at first, so the bytes came in during the read
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

// read waits until there is something to read, and reads it. If all of it was for the tap, read returns neither a
// byte nor an error.
func (l *loan) read(tryRead func(fd uintptr) bool) (int, error) {
	c := l.conn
	c.readLock.Lock()
	defer c.readLock.Unlock()
	if c.ahead != nil {
		l.borrow()
		return c.readAhead(l.buffer[:])
	}
	if c.awaitWire() {
		l.borrow()
		n, at, exact, err := c.readBelow(l.buffer[:])
		if err != nil {
			c.readFailed(err)
		}
		return c.sift(l.buffer[:n], at, exact), err
	}
	l.n, l.err, l.exact = 0, nil, false
	err := l.raw.Read(tryRead)
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
	return c.sift(l.buffer[:l.n], c.arrived(l.n), l.exact), nil
}

// lent returns the bytes that were read into the buffer.
func (l *loan) lent() []byte {
	if l.buffer == nil {
		return nil
	}
	return l.buffer[:l.n]
}

// tryRead reads without waiting. The runtime calls it again each time the socket becomes readable, until
// it returns true.
func (l *loan) tryRead(fd uintptr) bool {
	l.borrow()
	l.n, l.err = sock.TryRead(fd, l.buffer[:])
	if l.n > 0 || l.err != nil {
		return true
	}
	l.giveBack()
	l.exact = true
	return false
}

// copyAwake copies without a bare socket, so it must hold a buffer while it waits. The buffer is small, unless the
// last read filled it.
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

// unlessEOF returns nil for the end of the stream. A TLS stream that ends without a close notification
// counts as ended too: many peers just close, and the frames tell whether anything is missing.
func unlessEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
