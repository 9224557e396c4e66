package tap

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"holter/model"
	"holter/probe/sock"
)

// Ping asks for a ping with this number at the next frame boundary after Proved. Numbers count up from 1. If the stream
// stands at a boundary and the socket has room, the ping goes out now; otherwise the next writer sends it. A
// ping that still waits is replaced. Ping never waits.
func (c *Conn) Ping(seq uint32) {
	c.note.Store(seq)
	c.deliver()
}

// Retry tries again to write the frames of ours that wait. It never waits.
func (c *Conn) Retry() { c.deliver() }

// deliver writes the frames of ours that wait, unless there is a writer: see Conn.
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

// insert writes the frames of ours that wait, as far as that is possible without waiting. It runs under
// writeLock, as do all below.
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
		c.signs.add(ownFrame) // first, as the answer may come before the write has returned
		if !c.put(*last) {
			c.signs.drop(ownFrame)
			return false
		}
		return true
	}
	seq := c.note.Load()
	// After the first close frame of either end, or any other ending, a ping would only disturb.
	return seq != 0 && c.is(flagProved) && c.ended.Load() == nil && !c.in.astray.Load() && !c.ownOpen() && c.insertPing(seq)
}

// ownSent records a ping of the application's. c.out has the sum of its payload.
func (c *Conn) ownSent() {
	at := c.now()
	since := at
	if before := c.own.Load(); before != nil {
		since = before.since
	}
	c.own.Store(&ownPing{c.out.sum, at, since})
}

// ownOpen reports whether a ping of the application's is under way. A peer may answer only the newest of
// several pings (RFC 6455 section 5.5.3), so a ping of ours could cost the application its pong.
func (c *Conn) ownOpen() bool {
	p := c.own.Load()
	return p != nil && c.now()-p.since < ownWait
}

// ownWait is how long a ping of ours waits for the answers to the application's. If there is none by
// then the peer is silent, and our ping is needed to find out why.
const ownWait = model.Instant(time.Second)

// insertPing writes a ping.
func (c *Conn) insertPing(seq uint32) bool {
	payload := make([]byte, pingPayload)
	binary.BigEndian.PutUint64(payload, c.key)
	binary.BigEndian.PutUint32(payload[8:], seq)
	frame := c.frame(OpPing, payload)
	// Its pong may come from here on, before the write has even returned.
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

// frame makes a control frame of ours. It may change payload.
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

// put writes a frame of ours without waiting, and keeps the rest if the socket takes only a part. It
// reports false if the socket takes nothing; then it keeps nothing.
func (c *Conn) put(frame []byte) bool {
	if frame[0] == 0x80|byte(OpClose) {
		c.hesitate()
	}
	n, err := c.try(frame)
	if err != nil {
		c.writeFailed(err)
	}
	if err != nil || n == 0 {
		return false
	}
	c.out.frames.Add(1)
	c.frameOut(Opcode(frame[0] & 0x0f))
	c.bytesOut(n)
	c.said.Store(int64(c.now()))
	if n < len(frame) {
		c.rest = append([]byte(nil), frame[n:]...)
	}
	return true
}

// insertRest goes on with a frame of ours that the socket took in part. It reports whether the frame is out.
func (c *Conn) insertRest() bool {
	n, _ := c.try(c.rest)
	c.bytesOut(n)
	if c.rest = c.rest[n:]; len(c.rest) > 0 {
		return false
	}
	c.rest = nil
	return true
}

// finish writes the rest of a frame of ours that the socket took in part. It waits as the application's
// write would.
func (c *Conn) finish() error {
	if len(c.rest) == 0 {
		return nil
	}
	n, err := c.writeSocket(c.rest)
	c.bytesOut(n)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		c.rest = nil
	}
	return err
}

// try writes as much of b as is possible without waiting.
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
