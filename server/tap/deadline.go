package tap

import (
	"net"
	"time"

	"holter/model"
)

// SetDeadline sets both deadlines of the application.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline sets the application's deadline. While faults hold incoming bytes, the socket has another.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.Store(int64(c.instant(t)))
	if c.wire.Load() == nil {
		if err := c.Conn.SetReadDeadline(t); c.wire.Load() == nil {
			return err
		}
	}
	return c.wire.Load().readDeadline(t)
}

// SetWriteDeadline sets the application's deadline. While faults hold outgoing bytes, the socket has another.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.polite != nil {
		c.polite.mu.Lock()
		defer c.polite.mu.Unlock()
	}
	c.writeBy.Store(int64(c.instant(t)))
	if c.wire.Load() == nil {
		if err := c.Conn.SetWriteDeadline(t); c.wire.Load() == nil {
			return err
		}
	}
	return c.wire.Load().writeDeadline(t)
}

// instant converts a deadline. It is 0 for none.
func (c *Conn) instant(t time.Time) model.Instant {
	if t.IsZero() {
		return 0
	}
	const century = 100 * 365 * 24 * time.Hour // so that the sum does not overflow
	return max(1, c.now()+model.Instant(min(time.Until(t), century)))
}

// moment is the inverse of instant.
func (c *Conn) moment(i model.Instant) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(i - c.now()))
}

// readDeadline passes the application's deadline on: to a read that waits for the wire, or to the socket.
func (w *wire) readDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return net.ErrClosed
	}
	if !w.in.engaged.Load() {
		return w.conn.Conn.SetReadDeadline(t)
	}
	w.ownReadDeadline()
	w.wake()
	return nil
}

// writeDeadline passes the application's deadline on: to a write that waits for the wire, or to the socket.
// A write under TLS that began before the faults still waits in the socket.
func (w *wire) writeDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return net.ErrClosed
	}
	if !w.out.engaged.Load() || !w.out.ours && w.conn.polite != nil {
		return w.conn.Conn.SetWriteDeadline(t)
	}
	w.ownWriteDeadline()
	w.wake()
	return nil
}
