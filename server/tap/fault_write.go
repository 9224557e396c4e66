package tap

import (
	"errors"
	"net"
	"os"
	"time"

	"holter/model"
	"holter/probe/process"
)

// errDirect says that an operation must go to the socket itself.
var errDirect = errors.New("no fault holds this direction")

// writeSocket writes to the wire while that is engaged, and else to the connection below.
//
// The methods of Conn in this file run under writeLock.
func (c *Conn) writeSocket(b []byte) (n int, err error) {
	for {
		if w := c.wire.Load(); w != nil && w.out.engaged.Load() {
			m, err := w.write(b[n:])
			if n += m; err != errDirect {
				return n, err
			}
		}
		m, err := c.Conn.Write(b[n:])
		if n += m; !c.calledBack(err) {
			return n, err
		}
	}
}

// writeBoth writes start together with b. It returns the number of bytes of b alone: Write has already
// reported start as written.
func (c *Conn) writeBoth(start, b []byte) (n int, err error) {
	w := c.wire.Load()
	if w == nil || !w.out.engaged.Load() {
		buffers := net.Buffers{start, b}
		sum, err := buffers.WriteTo(c.Conn)
		n = max(0, int(sum)-len(start))
		start = start[min(int(sum), len(start)):]
		if !c.calledBack(err) {
			c.out.lost = c.out.lost || len(start) > 0
			return n, err
		}
		w = c.wire.Load()
	}
	if err := w.owe(start); err != nil {
		c.out.lost = c.out.lost || len(start) > 0
		return n, err
	}
	m, err := c.writeSocket(b[n:])
	return n + m, err
}

// calledBack reports whether a fault interrupted a write to the socket. Under TLS no write is interrupted:
// the stream would be broken for good.
func (c *Conn) calledBack(err error) bool {
	if err == nil || c.polite != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	w := c.wire.Load()
	return w != nil && w.out.engaged.Load()
}

// write is a write under faults. Its error is errDirect once no fault holds bytes any more. It takes mu.
func (w *wire) write(b []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		by := model.Instant(w.conn.writeBy.Load())
		if by != 0 && by <= w.conn.now() && !w.closed {
			return n, os.ErrDeadlineExceeded
		}
		if err := w.writable(); err != nil {
			return n, err
		}
		part := b[n:min(len(b), n+w.out.room())]
		w.send(part)
		if n += len(part); n == len(b) {
			return n, nil
		}
		w.wait(by, 0)
	}
}

// tryWrite writes a frame of the tap's own without waiting: all of b or nothing. It takes mu.
func (w *wire) tryWrite(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.writable(); err != nil {
		return 0, err
	}
	if w.out.size > lineLimit+ownRoom {
		return 0, nil
	}
	w.send(b)
	return len(b), nil
}

// owe puts b onto the wire, which Write has already reported as written. It takes mu.
func (w *wire) owe(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.writable(); err != nil && err != errDirect {
		return err
	}
	w.out.engaged.Store(true)
	w.send(b)
	return nil
}

// writable returns the error of a write that begins now.
func (w *wire) writable() error {
	l := &w.out
	switch {
	case w.closed:
		return net.ErrClosed
	case l.err != nil:
		return l.err
	case !l.engaged.Load():
		return errDirect
	case l.idle() && !l.wanted:
		l.engaged.Store(false)
		l.ours = false
		w.conn.Conn.SetWriteDeadline(w.conn.moment(model.Instant(w.conn.writeBy.Load())))
		return errDirect
	}
	return nil
}

func (w *wire) send(b []byte) {
	w.out.add(b, w.conn.now())
	w.empty()
}

// queue makes the wire call do after all bytes that are on their way.
func (w *wire) queue(do func()) {
	w.out.push(chunk{do: do, at: w.conn.now()})
	w.empty()
}

// empty has the line written out. Its callers hold writeLock or close the connection, so that no other
// goroutine writes to the socket.
func (w *wire) empty() {
	l := &w.out
	if !l.ours {
		l.ours = true
		w.ownWriteDeadline()
	}
	w.flow()
}

// flow starts a goroutine that writes the line out, if there is something to write and none runs.
func (w *wire) flow() {
	if l := &w.out; !l.running && len(l.chunks) > 0 && !w.stopped() {
		l.running = true
		process.Go(w.drain)
	}
}

// drain writes the line out until it is empty or stopped. It is a goroutine of its own and takes mu.
func (w *wire) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &w.out
	for len(l.chunks) > 0 && !w.stopped() {
		first, due, next := w.head(l)
		if first == nil {
			w.wait(next, 0)
			continue
		}
		do := first.do
		var part []byte
		if do != nil {
			l.pop(due)
		} else {
			part = l.next(partLimit, due)
		}
		w.mu.Unlock()
		var err error
		if do != nil {
			do()
		} else {
			err = w.push(part)
		}
		w.mu.Lock()
		if err != nil {
			l.err = err
			l.spill()
		}
		w.wake()
	}
	l.running = false
	w.wake()
}

// push writes to the socket, without mu. For a moment after the first fault, the application's deadline
// may still be on the socket.
func (w *wire) push(b []byte) error {
	for {
		n, err := w.conn.Conn.Write(b)
		if err == nil || w.conn.polite != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		b = b[n:]
		w.conn.Conn.SetWriteDeadline(time.Time{})
	}
}

// ownWriteDeadline gives the socket the deadline that the wire needs: one that interrupts a write which
// began before the fault, and none once there is no such write.
func (w *wire) ownWriteDeadline() {
	switch {
	case w.out.ours:
		w.conn.Conn.SetWriteDeadline(time.Time{})
	case w.conn.polite == nil:
		w.conn.Conn.SetWriteDeadline(past)
	}
}
