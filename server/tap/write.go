package tap

import (
	"net"

	"holter/model"
)

// Write passes b on. Frames of ours go out before it, after it, or at a frame boundary inside it.
func (c *Conn) Write(b []byte) (int, error) {
	c.writeLock.Lock()
	at := c.now()
	c.writing.Store(int64(at))
	n, err := c.write(b)
	c.writing.Store(0)
	c.flow.sent(at)
	if err != nil {
		c.writeBroke(err)
	}
	c.writeLock.Unlock()
	// A goroutine that left a note meanwhile found the lock taken and relies on this writer.
	c.deliver()
	return n, err
}

// write runs under writeLock, as do all below.
func (c *Conn) write(b []byte) (int, error) {
	if c.shut {
		return 0, net.ErrClosed
	}
	if err := c.broken; err != nil {
		c.broken = nil
		return 0, err
	}
	if c.phase != phaseFrames {
		return c.writeHead(b)
	}
	if err := c.finish(); err != nil {
		return 0, err
	}
	done := 0
	if c.noted() {
		// An application may write the end of a frame and the next beginning together, each time. Then a
		// boundary in the middle of b is the only one.
		if k := c.out.toBoundary(b); k > 0 && k < len(b) {
			n, err := c.send(b[:k])
			if err != nil || c.shut {
				return n, shutError(err)
			}
			done = n
		}
		c.insert()
		if c.shut {
			return done, net.ErrClosed
		}
		if err := c.finish(); err != nil {
			return done, err
		}
	}
	if c.keepBack(b[done:]) {
		return len(b), nil
	}
	n, err := c.send(b[done:])
	c.insert()
	return done + n, err
}

func shutError(err error) error {
	if err == nil {
		return net.ErrClosed
	}
	return err
}

// noted reports whether a frame of ours waits to be written.
func (c *Conn) noted() bool { return c.note.Load() != 0 || c.last.Load() != nil }

// passed counts and parses bytes of the application's that went out.
func (c *Conn) passed(b []byte) {
	c.bytesOut(len(b))
	if at := c.writing.Load(); at != 0 {
		c.said.Store(at)
	}
	for len(b) > 0 {
		n, done := c.out.walk(b)
		b = b[n:]
		c.checkFirst(&c.out, c.client)
		if !done || c.out.lost {
			if c.out.lost {
				c.stray(&c.out, model.Instant(c.writing.Load()))
			}
			continue
		}
		c.frameOut(c.out.head.opcode)
		switch c.out.head.opcode {
		case OpClose:
			c.silent = true
			c.signs.add(ownFrame)
			c.end(c.out.ending(model.ByApp))
		case OpPing:
			c.ownSent()
			c.watch.Beat(model.Instant(c.writing.Load()), true)
		case OpPong:
			if !c.flow.pongOut() {
				c.watch.Beat(model.Instant(c.writing.Load()), true)
			}
		default:
			c.passedData(false, model.Instant(c.writing.Load()))
		}
	}
}
