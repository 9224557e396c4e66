package tap

import (
	"sync"
	"time"

	"holter/probe/process"
)

// starting is the start of a frame that is held back to go out with what follows. Libraries hand a
// long frame over in two pieces, as net.Buffers, which only a bare *net.TCPConn writes at once; one
// system call for each costs a fifth of the throughput at 16 KiB.
type starting struct {
	held  *[]byte // from starts, nil if there is nothing
	timer *time.Timer
}

const (
	maxStart  = 4<<10 + maxHeader // what is worth copying
	startWait = time.Millisecond  // until a start goes out alone
)

var starts = sync.Pool{New: func() any { b := make([]byte, 0, maxStart); return &b }}

// keepBack keeps b back if it is the start of a data frame, and nothing but that.
func (c *Conn) keepBack(b []byte) bool {
	if c.start.held != nil || !c.out.boundary() || !startsLong(b) {
		return false
	}
	held := starts.Get().(*[]byte)
	*held = append((*held)[:0], b...)
	c.start.held = held
	c.passed(b)
	if c.start.timer == nil {
		c.start.timer = time.AfterFunc(startWait, process.Guard(c.flushLate))
	} else {
		c.start.timer.Reset(startWait)
	}
	return true
}

// startsLong reports whether b begins with the header of a data frame that ends beyond b.
func startsLong(b []byte) bool {
	if len(b) < 2 || len(b) > maxStart {
		return false
	}
	size := headerSize(b[1])
	if len(b) < size {
		return false
	}
	h := parseHeader(b[:size])
	return h.legal() && !h.opcode.Control() && h.length > uint64(len(b)-size)
}

// send writes b below, in one call together with what was held back before it.
func (c *Conn) send(b []byte) (int, error) {
	if w := c.wire.Load(); w != nil && w.closesSlowly() {
		return c.sendSlowly(b)
	}
	return c.sendNow(b)
}

func (c *Conn) sendNow(b []byte) (n int, err error) {
	switch {
	case c.start.held != nil:
		n, err = c.sendBoth(b)
	case c.out.endsControl(b):
		return c.sendControl(b)
	default:
		n, err = c.writeSocket(b)
	}
	c.passed(b[:n])
	return n, err
}

// sendControl takes note of a control frame before it is out: its answer may be read before the write
// has returned.
func (c *Conn) sendControl(b []byte) (int, error) {
	c.passed(b)
	n, err := c.writeSocket(b)
	if n < len(b) {
		c.out.lost = true
	}
	return n, err
}

// sendBoth counts the bytes of b alone: those held back were answered for when they were taken.
func (c *Conn) sendBoth(b []byte) (n int, err error) {
	held := c.start.held
	c.start.held = nil
	c.start.timer.Stop()
	n, err = c.writeBoth(*held, b)
	starts.Put(held)
	return n, err
}

// flush writes what is held back.
func (c *Conn) flush() error {
	if c.start.held == nil {
		return nil
	}
	_, err := c.send(nil)
	return err
}

// flushLate is for a start that nothing followed.
func (c *Conn) flushLate() {
	c.writeLock.Lock()
	if err := c.flush(); err != nil {
		c.broken = err
	}
	c.writeLock.Unlock()
	c.deliver()
}
