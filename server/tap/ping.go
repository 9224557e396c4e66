package tap

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/probe/sock"
)

// Ping asks for a ping with this number, counting up from 1, at the next frame boundary: now if there
// is one and the socket has room, else by whoever writes next. It never waits. A ping that is still
// waiting is replaced.
func (c *Conn) Ping(seq uint32) {
	c.note.Store(seq)
	c.deliver()
}

// Retry tries again to write what waits.
func (c *Conn) Retry() { c.deliver() }

// deliver writes the frames of ours that wait, unless a writer is at work: that one looks for notes
// after it has given the lock back, so none is forgotten.
func (c *Conn) deliver() {
	for c.noted() {
		if c.polite != nil {
			c.polite.deliver(c)
			return
		}
		if !c.writeLock.TryLock() {
			return
		}
		progress := c.insert()
		c.writeLock.Unlock()
		if !progress {
			return
		}
	}
}

// insert writes the frames of ours that wait, as far as that is possible without waiting. It runs
// under writeLock.
func (c *Conn) insert() (progress bool) {
	if c.phase != phaseFrames || c.start.held != nil {
		return false
	}
	if len(c.rest) > 0 && !c.insertRest() {
		return false
	}
	if !c.out.boundary() || c.silent {
		return false
	}
	if last := c.last.Load(); last != nil {
		c.silent, c.shut = true, true
		c.last.Store(nil)
		return c.put(*last)
	}
	seq := c.note.Load()
	return seq != 0 && !c.in.astray.Load() && !c.ownOpen() && c.insertPing(seq)
}

// ownSent takes note of a ping of the application's, of which c.out has the sum.
func (c *Conn) ownSent() {
	at := c.now()
	since := at
	if before := c.own.Load(); before != nil {
		since = before.since
	}
	c.own.Store(&ownPing{c.out.sum, at, since})
}

// ownOpen reports whether a ping of the application's is under way. A peer may answer only the newest
// of several pings (RFC 6455 section 5.5.3), so one of ours could cost the application its pong.
func (c *Conn) ownOpen() bool {
	p := c.own.Load()
	return p != nil && c.now()-p.since < ownWait
}

// ownWait is how long a ping of ours gives way to those of the application's. If none of them has been
// answered by then, the peer's silence is what we are to find out about.
const ownWait = model.Instant(time.Second)

// insertPing writes a ping.
func (c *Conn) insertPing(seq uint32) bool {
	payload := make([]byte, pingPayload)
	binary.BigEndian.PutUint64(payload, c.key)
	binary.BigEndian.PutUint32(payload[8:], seq)
	frame := c.frame(OpPing, payload)
	// From here on its pong may come, before the write has even returned.
	before := c.asked.Swap(seq)
	at := c.now()
	if !c.put(frame) {
		c.asked.Store(before)
		return false
	}
	c.note.CompareAndSwap(seq, 0)
	c.watch.Sent(seq, at)
	return true
}

// frame makes a control frame of ours with this payload, which it changes.
func (c *Conn) frame(op Opcode, payload []byte) []byte {
	frame := make([]byte, 0, 2+4+len(payload))
	frame = append(frame, 0x80|byte(op), byte(len(payload)))
	if c.client {
		mask := binary.BigEndian.AppendUint32(nil, rand.Uint32())
		frame[1] |= 0x80
		frame = append(frame, mask...)
		for i := range payload {
			payload[i] ^= mask[i&3]
		}
	}
	return append(frame, payload...)
}

// put writes a frame of ours without waiting, and keeps what the socket did not take. It reports
// false if that is all of it, and then keeps nothing.
func (c *Conn) put(frame []byte) bool {
	if frame[0] == 0x80|byte(OpClose) {
		c.hesitate()
	}
	n, err := c.try(frame)
	if err != nil || n == 0 {
		return false
	}
	c.out.frames.Add(1)
	c.out.bytes.Add(uint64(n))
	if n < len(frame) {
		c.rest = append([]byte(nil), frame[n:]...)
	}
	return true
}

// insertRest goes on with a frame of ours that the socket took in part.
func (c *Conn) insertRest() bool {
	n, _ := c.try(c.rest)
	c.out.bytes.Add(uint64(n))
	if c.rest = c.rest[n:]; len(c.rest) > 0 {
		return false
	}
	c.rest = nil
	return true
}

// finish writes, waiting as the application's write would, the end of a frame of ours that began.
func (c *Conn) finish() error {
	if len(c.rest) == 0 {
		return nil
	}
	n, err := c.writeSocket(c.rest)
	c.out.bytes.Add(uint64(n))
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		c.rest = nil
	}
	return err
}

// try writes b if that can be done without waiting.
func (c *Conn) try(b []byte) (n int, err error) {
	if w := c.wire.Load(); w != nil && w.out.engaged.Load() {
		if n, err = w.tryWrite(b); err != errDirect {
			return n, err
		}
	}
	if c.polite != nil {
		return c.polite.write(c, b)
	}
	if cerr := c.control(func(fd uintptr) { n, err = sock.TryWrite(fd, b) }); cerr != nil {
		return 0, cerr
	}
	return max(n, 0), err
}

// polite writes where there is no bare socket to write to without waiting: under TLS, or where the
// system has no such call. A goroutine of its own waits, one for each connection at most, and a close
// of the connection ends it.
type polite struct {
	mu    sync.Mutex // protects all following, and Conn.writeBy
	busy  bool
	again bool // somebody left a note while the goroutine was busy
}

// room is how much may wait in the send queue for a short frame still to be sure of a place: the
// smallest buffer that Linux gives has 4.5 KiB, the default begins at 16.
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

// wanted reports whether there is more to do for the goroutine, which else is over.
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

// write is free of the application's deadline, which may have passed long ago.
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
