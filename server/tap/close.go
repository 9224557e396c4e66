package tap

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"syscall"

	"holter/model"
	"holter/probe/sock"
)

// Ending says who ended a connection, and how.
type Ending struct {
	By     model.Closer
	Code   int    // of the close frame, or 1005 or 1006
	Reason string // as it came: not cleaned
}

// Close codes of RFC 6455 section 7.4.1 that never stand in a frame.
const (
	codeNone     = 1005 // a close frame without a code
	codeAbnormal = 1006 // no close frame
)

// noCloseFrame is the reason of an ending by a FIN alone.
const noCloseFrame = "end of stream without a close frame"

// end records e, unless the connection had ended before. It reports whether it did.
func (c *Conn) end(e Ending) bool { return c.ended.CompareAndSwap(nil, &e) }

// Ending returns who ended the connection, and how. It is the zero value while the connection has not ended.
func (c *Conn) Ending() Ending {
	if e := c.ended.Load(); e != nil {
		return *e
	}
	return Ending{}
}

// Shut asks for a close frame at the next frame boundary. No bytes of the application go out after that frame. The
// socket stays open: the caller closes it later, with Drop. If the outgoing bytes no longer form frames, there will
// be no boundary, and Shut closes the socket instead.
//
// Shut does nothing and reports false if the connection had ended before. It never waits.
func (c *Conn) Shut(code int, reason string) bool {
	if !c.end(Ending{model.ByHolter, code, reason}) {
		return false
	}
	if c.out.astray.Load() {
		c.Drop(Ending{}, false)
		return true
	}
	payload := binary.BigEndian.AppendUint16(nil, uint16(code))
	frame := c.frame(OpClose, append(payload, reason...))
	c.last.Store(&frame)
	c.deliver()
	return true
}

// Drop closes the socket now, for holter: with a TCP reset if reset is set. e is recorded as the ending,
// unless the connection had ended before.
func (c *Conn) Drop(e Ending, reset bool) {
	c.end(c.closes(e, reset))
	if c.closeWire(reset) {
		c.reportClosed()
		return
	}
	sock.Close(c.Conn, reset) // first: the close of a TLS connection may wait
	c.closeBelow()
}

// Close is the application's close.
func (c *Conn) Close() error {
	c.end(c.closes(Ending{By: model.ByApp, Code: codeAbnormal}, false))
	if c.writeLock.TryLock() {
		c.flush()
		c.writeLock.Unlock()
	}
	return c.closeBelow()
}

// closeBelow closes the connection below and reports that. The caller has recorded the ending before, so
// that a goroutine which wakes up with an error can see why.
func (c *Conn) closeBelow() error {
	if c.closeWire(false) {
		c.reportClosed()
		return nil
	}
	err := c.Conn.Close()
	c.reportClosed()
	c.reportGone()
	return err
}

func (c *Conn) reportClosed() {
	if c.set(flagClosed) {
		c.watch.Closed(*c.ended.Load())
		if c.flags.Or(flagReported)&flagGone != 0 {
			c.watch.Gone()
		}
	}
}

// reportGone runs after reportClosed. If another goroutine is still in Watcher.Closed, that goroutine calls
// Watcher.Gone.
func (c *Conn) reportGone() {
	if c.flags.Or(flagGone)&(flagGone|flagReported) == flagReported {
		c.watch.Gone()
	}
}

// readFailed records and reports the end of the stream or of the socket, if the error of a read says so.
func (c *Conn) readFailed(err error) {
	if !ends(err) {
		return
	}
	c.readBroke(err)
	reason := "connection lost: " + cause(err)
	if errors.Is(err, io.EOF) {
		reason = noCloseFrame
	}
	c.end(Ending{model.ByNetwork, codeAbnormal, reason})
	c.reportClosed()
}

// writeFailed records and reports that the peer is gone, if the error of a write of ours says so: the application may
// not read or write for a long time. The socket stays open, so that the application can read the bytes that the peer
// sent before.
func (c *Conn) writeFailed(err error) {
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		return
	}
	c.writeBroke(err)
	c.end(Ending{model.ByNetwork, codeAbnormal, "connection lost: " + cause(err)})
	c.reportClosed()
}

// ends reports whether the error of a read means the end of the connection. A deadline that has passed does not.
func ends(err error) bool { return err != nil && !errors.Is(err, os.ErrDeadlineExceeded) }

// cause returns the text of the innermost error: the outer ones repeat the addresses.
func cause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// CloseWrite closes the writing side for the application, if the connection below can do that.
func (c *Conn) CloseWrite() error {
	c.writeLock.Lock()
	defer c.writeLock.Unlock()
	if err := c.flush(); err != nil {
		return err
	}
	c.silent = true
	c.sense(false)
	c.signs.add(ownFIN) // unread bytes stay readable
	c.end(Ending{By: model.ByApp, Code: codeAbnormal})
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		if c.closeWriteLater(h) {
			return nil
		}
		return h.CloseWrite()
	}
	return io.ErrClosedPipe
}
