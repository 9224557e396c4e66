package tap

import (
	"net"
	"os"
	"time"

	"holter/model"
	"holter/probe/process"
)

// readSocket reads from the socket, or from the wire. From there it also says since when the first
// byte could have been read. It runs under readLock, as do all below.
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

// diverted reports whether a fault has come over a read from the socket: then what was read, and its
// error, are on the wire.
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

// awaitWire waits as a read of the wire would, so that no buffer has to. It reports false if there is
// nothing to wait for there, because bytes come from the socket.
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

// read is a read under faults. Its error is errDirect when there is nothing left of them.
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
	n = copy(b, w.in.take(len(b), due))
	w.wake()
	return n, due, nil
}

// readable waits for the first chunk to be readable. It runs under mu, as do all below.
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

// arrive puts what was read from the socket on the wire.
func (w *wire) arrive(b []byte, err error) {
	now := w.conn.now()
	w.in.add(b, now)
	if ends(err) {
		w.in.push(chunk{err: err, at: now})
		w.in.ended = true
	}
	w.wake()
}

// fill reads ahead from the socket for as long as the faults want it, so that each byte's time is
// known. It waits while the line is full.
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

// ownReadDeadline gives the socket the deadline that the wire needs: none while fill is to read, else
// one that calls back whoever reads.
func (w *wire) ownReadDeadline() {
	if l := &w.in; l.running && l.wanted && !w.closed && !w.stopped() {
		w.conn.Conn.SetReadDeadline(time.Time{})
	} else {
		w.conn.Conn.SetReadDeadline(past)
	}
}
