package tap

import (
	"time"

	"holter/model"
	"holter/probe/process"
)

// keepFor is how long the socket stays open after the application has closed the connection, so that bytes
// which faults hold still go out. Only a low rate holds a byte for longer.
const keepFor = 4 * model.MaxFaultDelay

// closeWire closes the wire, if there is one. It reports whether the wire will close the socket itself,
// after the bytes on their way have gone out. A reset does not wait for them, and a frozen process that is
// killed sends nothing more. It takes mu.
func (c *Conn) closeWire(reset bool) (keeps bool) {
	w := c.wire.Load()
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	first := !w.closed
	w.closed = true
	w.wake()
	f := w.faults.Load()
	switch {
	case reset || f != nil && f.Freeze:
		w.abandon()
	case first && w.out.engaged.Load() && (w.out.wanted || !w.out.idle()):
		w.keeps = true
		w.limit = time.AfterFunc(keepFor, process.Guard(func() {
			w.mu.Lock()
			w.abandon()
			w.mu.Unlock()
			w.conn.Conn.Close()
			w.conn.reportGone()
		}))
		w.ownReadDeadline()
		w.queue(func() {
			w.limit.Stop()
			w.conn.Conn.Close()
			w.conn.reportGone()
		})
	}
	return w.keeps
}

// abandon discards the bytes on their way out.
func (w *wire) abandon() {
	if w.limit != nil {
		w.limit.Stop()
	}
	w.keeps = false
	w.out.chunks, w.out.size = nil, 0
	w.wake()
}

// closeWriteLater closes the writing side after the bytes on their way. It reports false if nothing is on
// its way: then the caller closes it.
func (c *Conn) closeWriteLater(h interface{ CloseWrite() error }) bool {
	w := c.wire.Load()
	if w == nil || !w.out.engaged.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writable() == errDirect {
		return false
	}
	w.queue(func() { h.CloseWrite() })
	return true
}

// closesSlowly reports whether the faults hold a close frame back. It needs no lock.
func (w *wire) closesSlowly() bool {
	f := w.faults.Load()
	return f != nil && f.SlowClose > 0
}

// hesitate begins a slow close, if the faults ask for one. It runs under writeLock and takes mu.
func (c *Conn) hesitate() {
	if w := c.wire.Load(); w != nil && w.closesSlowly() {
		w.mu.Lock()
		w.out.slow = true
		w.mu.Unlock()
	}
}

// sendSlowly sends b. If b has a close frame, that frame and the bytes after it are part of a slow
// close. It runs under writeLock.
func (c *Conn) sendSlowly(b []byte) (n int, err error) {
	if k := c.out.closeFrame(b); k >= 0 {
		if n, err = c.sendNow(b[:k]); err != nil {
			return n, err
		}
		c.hesitate()
	}
	m, err := c.sendNow(b[n:])
	return n + m, err
}

// closeFrame returns where in b a close frame begins, -1 if none does. s has not eaten b yet.
func (s *stream) closeFrame(b []byte) int {
	for k := s.toBoundary(b); k >= 0 && k < len(b); {
		if Opcode(b[k]&0x0f) == OpClose {
			return k
		}
		rest := b[k:]
		if len(rest) < 2 || len(rest) < headerSize(rest[1]) {
			break
		}
		size := headerSize(rest[1])
		h := parseHeader(rest[:size])
		if h.length >= uint64(len(rest)-size) {
			break
		}
		k += size + int(h.length)
	}
	return -1
}
