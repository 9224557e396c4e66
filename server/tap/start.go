package tap

import (
	"sync"
	"time"

	"holter/probe/process"
)

// starting is the start of a frame that is held back, to go out together with the bytes that follow. Libraries
// pass a long frame in two pieces, as net.Buffers, which only a bare *net.TCPConn writes at once. A
// system call for each piece costs a fifth of the throughput at 16 KiB.
type starting struct {
	held  *[]byte // from the pool starts; nil if there is nothing
	timer *time.Timer
}

const (
	maxStart  = 4<<10 + maxHeader // bytes; a longer start costs more to copy than the system call
	startWait = time.Millisecond  // after which a start goes out alone
)

var starts = sync.Pool{New: func() any { b := make([]byte, 0, maxStart); return &b }}

// keepBack holds b back if it is the start of a data frame, and nothing else. It runs under writeLock, as
// do all below but flushLate.
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

// send writes b to the connection below, in one call together with the bytes that were held back before it.
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

// sendControl parses a control frame before it is written: its answer may be read before the write has
// returned.
func (c *Conn) sendControl(b []byte) (int, error) {
	c.passed(b)
	n, err := c.writeSocket(b)
	if n < len(b) {
		c.out.lost = true
	}
	return n, err
}

// sendBoth returns the number of bytes of b alone: Write has already reported those held back as written.
func (c *Conn) sendBoth(b []byte) (n int, err error) {
	held := c.start.held
	c.start.held = nil
	c.start.timer.Stop()
	n, err = c.writeBoth(*held, b)
	starts.Put(held)
	return n, err
}

// flush writes the bytes that are held back.
func (c *Conn) flush() error {
	if c.start.held == nil {
		return nil
	}
	_, err := c.send(nil)
	return err
}

// flushLate writes a start if no bytes followed it in time. The timer calls it.
func (c *Conn) flushLate() {
	c.writeLock.Lock()
	if err := c.flush(); err != nil {
		c.broken = err
	}
	c.writeLock.Unlock()
	c.deliver()
}
