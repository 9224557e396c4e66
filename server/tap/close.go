package tap

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"

	"holter/model"
)

// Ending tells who ended a connection, and how.
type Ending struct {
	By     model.Closer
	Code   int
	Reason string // as it came: not cleaned
}

// Close codes of RFC 6455 section 7.4.1 that stand for what was not in a frame.
const (
	codeNone     = 1005 // a close frame without a code
	codeAbnormal = 1006 // no close frame
)

// end keeps e if nobody ended the connection before.
func (c *Conn) end(e Ending) bool { return c.ended.CompareAndSwap(nil, &e) }

// Ending tells who ended the connection, and how. It is the zero value while nobody has.
func (c *Conn) Ending() Ending {
	if e := c.ended.Load(); e != nil {
		return *e
	}
	return Ending{}
}

// Shut asks for a close frame at the next frame boundary, after which nothing of the application's
// goes out any more. The socket stays: whoever calls it closes that later, with Drop. Shut reports
// false if somebody else had ended the connection before; then it does nothing. It never waits. Where
// what goes out makes no frames any more there is no boundary to come, and the socket is closed instead.
func (c *Conn) Shut(code int, reason string) bool {
	if !c.end(Ending{model.ByHolter, code, reason}) {
		return false
	}
	if c.out.astray.Load() && !c.Opaque() {
		c.Drop(Ending{}, false)
		return true
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	frame := c.frame(OpClose, append(payload, reason...))
	c.last.Store(&frame)
	c.deliver()
	return true
}

// Drop closes the socket now, for holter: with a TCP reset if reset is set. e is the reason, unless
// somebody had ended the connection before.
func (c *Conn) Drop(e Ending, reset bool) {
	c.end(e)
	if c.closeWire(reset) {
		c.tell()
		return
	}
	socket := c.bottom()
	if t, ok := socket.(interface{ SetLinger(int) error }); ok && reset {
		t.SetLinger(0)
	}
	socket.Close() // first: TLS would say goodbye, and wait for room up to five seconds
	c.closeBelow()
}

// bottom is what lies below everything else.
func (c *Conn) bottom() net.Conn {
	for below := c.Conn; ; {
		n, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			return below
		}
		below = n.NetConn()
	}
}

// Close is the application's.
func (c *Conn) Close() error {
	c.end(Ending{By: model.ByApp, Code: codeAbnormal})
	if c.writeLock.TryLock() {
		c.flush()
		c.writeLock.Unlock()
	}
	return c.closeBelow()
}

// closeBelow closes the socket and tells so. The end is settled before the socket goes, so that
// whoever wakes up with an error can see why.
func (c *Conn) closeBelow() error {
	var err error
	if !c.closeWire(false) {
		err = c.Conn.Close()
	}
	c.tell()
	return err
}

func (c *Conn) tell() {
	if c.gone.CompareAndSwap(false, true) {
		c.watch.Closed(*c.ended.Load())
	}
}

// readFailed takes note of the end of the stream or of the socket.
func (c *Conn) readFailed(err error) {
	if !ends(err) {
		return
	}
	reason := "connection lost: " + cause(err)
	if errors.Is(err, io.EOF) {
		reason = "end of stream without a close frame"
	}
	c.end(Ending{model.ByNetwork, codeAbnormal, reason})
	c.tell()
}

// ends reports whether err of a read is the end of the connection, unlike a deadline.
func ends(err error) bool { return err != nil && !errors.Is(err, os.ErrDeadlineExceeded) }

// cause is the innermost error's text: the outer ones repeat the addresses.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// CloseWrite shuts the writing side down, if the connection below can. It is the application's.
func (c *Conn) CloseWrite() error {
	c.writeLock.Lock()
	defer c.writeLock.Unlock()
	if err := c.flush(); err != nil {
		return err
	}
	c.silent = true
	c.end(Ending{By: model.ByApp, Code: codeAbnormal})
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		if c.closeWriteLater(h) {
			return nil
		}
		return h.CloseWrite()
	}
	return io.ErrClosedPipe
}
