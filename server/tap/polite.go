package tap

import (
	"sync"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/probe/sock"
)

// polite writes our frames if every write may wait: under TLS, and on systems without a write that never waits. A
// goroutine writes and waits instead, at most one for each connection. It ends when no note is
// left; closing the connection ends a write that waits.
type polite struct {
	mu    sync.Mutex // protects all following, and Conn.writeBy
	busy  bool       // the goroutine runs
	again bool       // a note was left while it ran
}

// room is how many bytes may wait in the send queue so that a short frame is still sure to fit: the smallest
// buffer that Linux gives has 4.5 KiB, the default begins at 16.
const room = 2 << 10

func (p *polite) deliver(c *Conn) {
	if !c.hasRoom() {
		return // a write that fails halfway would break TLS for the application
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy {
		p.again = true
		return
	}
	p.busy = true
	process.Go(func() {
		for again := true; again; again = p.wanted() {
			c.writeLock.Lock()
			for c.insert() && c.noted() {
			}
			c.writeLock.Unlock()
		}
	})
}

// wanted reports whether the goroutine has to go on. If not, the goroutine ends.
func (p *polite) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy, p.again = p.again, false
	return p.busy
}

func (c *Conn) hasRoom() bool {
	queued, known := 0, false
	c.control(func(fd uintptr) { queued, known = sock.Unsent(fd) })
	return !known || queued < room
}

// write writes without the application's deadline, which may have passed long ago, and then restores it.
func (p *polite) write(c *Conn, b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Time{})
	n, err := c.Conn.Write(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if by := model.Instant(c.writeBy.Load()); by != 0 {
		c.Conn.SetWriteDeadline(c.moment(by))
	}
	return n, err
}
