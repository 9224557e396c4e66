package tap

import (
	"encoding/binary"
	"math"
	"time"

	"holter/model"
	"holter/probe/sock"
)

// ahead holds bytes that came in and that Read has not returned yet.
type ahead struct {
	early []byte // came before the tap was there: parsed as if they came now
	ready []byte // parsed; returned before anything else is read
	held  []byte // may be the beginning of a pong of ours
}

// Read returns the bytes that come in, without the pongs that answer our pings.
//
// All functions in this file run under readLock, which Read takes.
func (c *Conn) Read(b []byte) (int, error) {
	c.readLock.Lock()
	defer c.readLock.Unlock()
	for {
		if c.ahead != nil && len(b) > 0 {
			if n, err := c.readAhead(b); n > 0 || err != nil {
				return n, err
			}
			continue
		}
		n, at, exact, err := c.readBelow(b)
		if n > 0 {
			n = c.sift(b[:n], at, exact)
		}
		if err != nil {
			c.readFailed(err)
		}
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// readBelow reads from the connection below. exact reports that at is the time at which a pong among the bytes came
// in: that pong cannot have waited long in the socket.
func (c *Conn) readBelow(b []byte) (n int, at model.Instant, exact bool, err error) {
	// A ping that is written after this read began cannot have been answered before it.
	var began model.Instant
	if c.awaiting() {
		began = c.now()
	}
	n, due, err := c.readSocket(b)
	if n == 0 {
		return n, 0, false, err
	}
	at = c.arrived(n)
	if due != 0 {
		return n, min(at, due), true, err
	}
	return n, at, began == 0 || at-began > waitedFor, err
}

// arrived counts n bytes in, and returns the time.
func (c *Conn) arrived(n int) model.Instant {
	at := c.now()
	c.heard.Store(int64(at))
	c.bytesIn(n)
	return at
}

// alert reports that bytes came in other than a pong of ours, which has a report of its own that says more.
func (c *Conn) alert(at model.Instant) {
	if c.is(flagAlert) {
		c.watch.Heard(at)
	}
}

// waitedFor is the least duration of a read that had to wait for its bytes. The netpoller alone needs about that
// long; a read of bytes that are already there needs a tenth of it.
const waitedFor = model.Instant(20 * time.Microsecond)

// readAhead returns bytes that were read ahead. It may return neither bytes nor an error.
func (c *Conn) readAhead(b []byte) (n int, err error) {
	a := c.ahead
	switch {
	case len(a.ready) > 0:
		n = copy(b, a.ready)
		a.ready = a.ready[n:]
	case len(a.early) > 0:
		early := a.early
		a.early = nil
		a.ready = early[:c.sift(early, c.arrived(len(early)), false)]
	case len(a.held) > 0:
		err = c.readHeld(a)
	default:
		c.ahead = nil
	}
	return n, err
}

// readHeld reads on after bytes that may be the beginning of a pong of ours. A pong rarely comes in pieces,
// so this need not be cheap.
func (c *Conn) readHeld(a *ahead) error {
	b := make([]byte, len(a.held)+512)
	n, at, exact, err := c.readBelow(b[len(a.held):])
	if n == 0 && !ends(err) {
		return err
	}
	b = b[:copy(b, a.held)+n]
	a.held = nil
	if n > 0 {
		a.ready = b[:c.sift(b, at, exact)]
	} else {
		c.track(b, at) // the stream has ended, so this is not a pong
		a.ready = b
	}
	if err != nil && len(a.ready) == 0 {
		c.readFailed(err)
		return err
	}
	return nil // the next read returns the error again
}

// Asked reports whether a ping of ours has gone out, or is going out now.
func (c *Conn) Asked() bool { return c.asked.Load() != 0 }

// awaiting reports whether a ping of ours is under way.
func (c *Conn) awaiting() bool { return c.asked.Load() != c.answered.Load() }

// sift parses b, which has just come in, and removes our pongs from it. It moves the bytes that are left for the
// application to the front of b, and returns their number.
func (c *Conn) sift(b []byte, at model.Instant, exact bool) (kept int) {
	if kept = c.siftFrames(b, at, exact); kept > 0 {
		c.spoke.Store(int64(at))
		c.flow.heard(at)
	}
	return kept
}

func (c *Conn) siftFrames(b []byte, at model.Instant, exact bool) (kept int) {
	w := c.wire.Load()
	for done := 0; done < len(b); {
		if w != nil {
			if n := c.lose(w, b[done:]); n > 0 {
				c.alert(at)
				done += n
				continue
			}
		}
		if c.in.boundary() && c.awaiting() {
			n, seq := c.match(b[done:])
			if n < 0 { // the rest comes soon, and tells what this is
				c.hold(b[done:])
				return kept
			}
			if n > 0 {
				done += n
				c.pong(seq, at, exact, done == len(b))
				continue
			}
		}
		c.alert(at)
		n := c.trackFrame(b[done:], at)
		if kept != done {
			copy(b[kept:], b[done:done+n])
		}
		kept += n
		done += n
	}
	return kept
}

// hold keeps b, the last bytes that came in, until more bytes come.
func (c *Conn) hold(b []byte) {
	if c.ahead == nil {
		c.ahead = new(ahead)
	}
	c.ahead.held = append([]byte(nil), b...)
}

// track parses incoming bytes of the application's.
func (c *Conn) track(b []byte, at model.Instant) {
	for len(b) > 0 {
		b = b[c.trackFrame(b, at):]
	}
}

// trackFrame is track up to the end of a frame. It returns the number of bytes that it parsed.
func (c *Conn) trackFrame(b []byte, at model.Instant) int {
	if c.is(flagTunnel) {
		c.in.lost = true
	}
	n, done := c.in.walk(b)
	if c.in.long != nil && c.in.long.over {
		c.in.long.over = false
		c.watch.TooLong()
	}
	if !done {
		c.checkFirst(&c.in, !c.client)
		switch {
		case c.in.lost:
			c.stray(&c.in, at)
		case c.in.left >= largeFrame:
			c.large.Store(uint32(min(c.in.head.length>>10, math.MaxUint32)))
		}
		return n
	}
	if c.in.head.length >= largeFrame {
		c.large.Store(0)
	}
	proved := c.is(flagProved)
	if !proved {
		if c.checkFirst(&c.in, !c.client); c.in.lost {
			c.stray(&c.in, at)
			return n
		}
	}
	c.frameIn(c.in.head.opcode)
	switch c.in.head.opcode {
	case OpClose:
		c.signs.add(peerFrame)
		c.end(c.in.ending(model.ByPeer))
	case OpPing:
		c.flow.pingIn()
		c.watch.PeerBeat(at, false)
	case OpPong:
		p := c.own.Load()
		if p == nil {
			c.watch.Beat(at, false)
		} else if p.sum == c.in.sum && c.own.CompareAndSwap(p, nil) {
			c.watch.RoundTrip(time.Duration(at - p.at))
			c.deliver() // a ping of ours may have waited for this pong
		}
	default:
		c.passedData(true, at)
	}
	if !proved {
		c.deliver() // a ping of ours may have waited for the proof; none follows if that was a close frame
	}
	return n
}

const (
	pingPayload = 12 // key and number
	pongByte    = 0x80 | byte(OpPong)
)

// match reports whether b begins with a pong of ours. n is the size of that pong, 0 if there is none, and
// -1 if b ends before that is certain. seq is the number of its ping.
func (c *Conn) match(b []byte) (n int, seq uint32) {
	if b[0] != pongByte {
		return 0, 0
	}
	if len(b) < 2 {
		return -1, 0
	}
	if b[1]&0x7f != pingPayload {
		return 0, 0
	}
	var mask [4]byte
	at := 2
	if b[1]&0x80 != 0 {
		at = 6
		if len(b) < at {
			return -1, 0
		}
		copy(mask[:], b[2:])
	}
	var payload, want [pingPayload]byte
	have := copy(payload[:], b[at:])
	for i := range payload[:have] {
		payload[i] ^= mask[i&3]
	}
	binary.BigEndian.PutUint64(want[:], c.key)
	if same := min(have, 8); string(payload[:same]) != string(want[:same]) {
		return 0, 0
	}
	if have < pingPayload {
		return -1, 0
	}
	seq = binary.BigEndian.Uint32(payload[8:])
	if seq == 0 || seq > c.asked.Load() {
		return 0, 0
	}
	return at + pingPayload, seq
}

// pong records and reports a pong of ours that was removed from the stream. last says that the read brought no bytes
// after it.
func (c *Conn) pong(seq uint32, at model.Instant, exact, last bool) {
	c.in.frames.Add(1)
	c.frameIn(OpPong)
	c.set(flagProved)
	if seq > c.answered.Load() {
		c.answered.Store(seq)
	}
	if !exact && last {
		at, exact = c.arrival(at)
	}
	c.watch.Pong(seq, at, exact)
}

// arrival asks the kernel when bytes came in that had waited in the socket until a read at that moment. The kernel
// only knows the time of the newest bytes, so the answer is exact only if no other bytes wait in the socket.
func (c *Conn) arrival(at model.Instant) (model.Instant, bool) {
	exact := false
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		unread, _ := sock.Unread(fd)
		if exact = ok && info.HasTimes && unread == 0; exact {
			at -= model.Instant(info.LastDataRecv)
		}
	})
	return at, exact
}
