package tap

import (
	"net"
	"os"
	"time"

	"holter/model"
	"holter/probe/process"
)

// readSocket reads from the wire while that is engaged, and else from the connection below. From the wire,
// due is the moment since which the first byte could have been read; else it is 0.
//
// The methods of Conn in this file run under readLock.
func (c *Conn) readSocket(b []byte) (n int, due model.Instant, err error) {
	for {
		if w := c.wire.Load(); w != nil && w.in.engaged.Load() {
			if n, due, err = w.read(b); err != errDirect {
				return n, due, err
			}
		}
		n, err = c.Conn.Read(b)
		if !c.diverted(b[:n], err) {
			return n, 0, err
		}
	}
}

// diverted reports whether a fault came while a read waited in the socket. If so, it has put the bytes b of that read,
// and its error, onto the wire.
func (c *Conn) diverted(b []byte, err error) bool {
	w := c.wire.Load()
	if w == nil || !w.in.engaged.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrive(b, err)
	return true
}

// awaitWire waits until the wire has something to read, so that the caller need not hold a buffer meanwhile.
// It reports false at once if bytes come from the socket.
func (c *Conn) awaitWire() bool {
	w := c.wire.Load()
	if w == nil || !w.in.engaged.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _, err := w.readable()
	return err != errDirect
}

// read is a read under faults. Its error is errDirect once no fault holds bytes any more. It takes mu.
func (w *wire) read(b []byte) (n int, due model.Instant, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(b) == 0 && !w.closed {
		return 0, 0, nil
	}
	_, due, err = w.readable()
	if err != nil {
		return 0, 0, err
	}
	n = copy(b, w.in.next(len(b), due))
	w.wake()
	return n, due, nil
}

// readable waits until the first chunk may be read.
func (w *wire) readable() (first *chunk, due model.Instant, err error) {
	l, c := &w.in, w.conn
	for {
		by := model.Instant(c.readBy.Load())
		switch {
		case w.closed:
			return nil, 0, net.ErrClosed
		case by != 0 && by <= c.now():
			return nil, 0, os.ErrDeadlineExceeded
		case l.err != nil:
			return nil, 0, l.err
		case l.idle() && !l.wanted:
			l.engaged.Store(false)
			c.Conn.SetReadDeadline(c.moment(by))
			return nil, 0, errDirect
		}
		first, due, next := w.head(l)
		if first != nil && first.err != nil {
			l.err = l.pop(due).err
			continue
		}
		if first != nil {
			return first, due, nil
		}
		if l.wanted && !l.running && !l.ended && !w.stopped() {
			l.running = true
			process.Go(w.fill)
		}
		w.wait(next, by)
	}
}

// arrive puts the bytes of a read from the socket on the wire.
func (w *wire) arrive(b []byte, err error) {
	now := w.conn.now()
	w.in.add(b, now)
	if ends(err) {
		w.in.push(chunk{err: err, at: now})
		w.in.ended = true
	}
	w.wake()
}

// fill reads ahead from the socket as long as the faults need that, so that the arrival of each byte is
// known. It waits while the line is full. It is a goroutine of its own and takes mu.
func (w *wire) fill() {
	b := make([]byte, fillSize)
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := &w.in; l.wanted && !l.ended && !w.closed && !w.stopped(); {
		if l.room() < fillSize {
			w.wait(0, 0)
			continue
		}
		w.ownReadDeadline()
		w.mu.Unlock()
		n, err := w.conn.Conn.Read(b)
		w.mu.Lock()
		w.arrive(b[:n], err)
	}
	w.in.running = false
	w.wake()
}

const fillSize = 4 << 10

// ownReadDeadline gives the socket the deadline that the wire needs: none while fill is to read, otherwise
// one that interrupts a read.
func (w *wire) ownReadDeadline() {
	if l := &w.in; l.running && l.wanted && !w.closed && !w.stopped() {
		w.conn.Conn.SetReadDeadline(time.Time{})
	} else {
		w.conn.Conn.SetReadDeadline(past)
	}
}
