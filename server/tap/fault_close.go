package tap

import (
	"time"

	"holter/model"
	"holter/probe/process"
)

// keepFor is how long a connection that the application has closed may live on for what faults still
// hold: longer than any of them holds a byte, but for a low rate.
const keepFor = 4 * model.MaxFaultDelay

// closeWire closes the wire, if there is one, for the application. It reports whether the wire closes the
// socket itself, once what is on its way has gone out. A reset waits for nothing, and a frozen process
// that is ended sends nothing any more.
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
		}))
		w.ownReadDeadline()
		w.queue(func() {
			w.limit.Stop()
			w.conn.Conn.Close()
		})
	}
	return w.keeps
}

// abandon forgets what is on its way.
func (w *wire) abandon() {
	if w.limit != nil {
		w.limit.Stop()
	}
	w.keeps = false
	w.out.chunks, w.out.size = nil, 0
	w.wake()
}

// closeWrite shuts the writing side down after what is on its way. It reports false if that is for the
// socket to do.
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

// closesSlowly reports whether a close frame is to be held.
func (w *wire) closesSlowly() bool {
	f := w.faults.Load()
	return f != nil && f.SlowClose > 0
}

// hesitate begins a slow close, if that is what the faults want.
func (c *Conn) hesitate() {
	if w := c.wire.Load(); w != nil && w.closesSlowly() {
		w.mu.Lock()
		w.out.slow = true
		w.mu.Unlock()
	}
}

// sendSlowly sends b, the close frame in it, if there is one, and what follows as part of a slow close.
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

// closeFrame is where in b, which s has not eaten yet, a close frame begins, -1 if none does.
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
