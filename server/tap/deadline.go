package tap

import (
	"net"
	"time"

	"holter/model"
)

// SetDeadline is the application's.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is the application's.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.Store(int64(c.instant(t)))
	if c.wire.Load() == nil {
		if err := c.Conn.SetReadDeadline(t); c.wire.Load() == nil {
			return err
		}
	}
	return c.wire.Load().readDeadline(t)
}

// SetWriteDeadline is the application's.
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

// instant is 0 for no deadline.
func (c *Conn) instant(t time.Time) model.Instant {
	if t.IsZero() {
		return 0
	}
	const century = 100 * 365 * 24 * time.Hour // keeps the sum from running over
	return max(1, c.now()+model.Instant(min(time.Until(t), century)))
}

// moment is the inverse of instant.
func (c *Conn) moment(i model.Instant) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(i - c.now()))
}

// readDeadline tells a read that waits here, or the socket.
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

// writeDeadline tells a write that waits here, or the socket. A write under TLS that began before the
// faults is at the socket still.
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
