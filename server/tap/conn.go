// Package tap watches WebSocket connections from below: a Conn is a net.Conn that follows the frames
// which pass through it, and beats between them. It does not know which library or handler uses it.
package tap

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holter/model"
	"holter/probe/sock"
)

// Watcher is told what a Conn sees. Its methods are called by whoever moves the bytes, some with the
// lock that orders writes held: they must not wait, and must not call back into the Conn.
type Watcher interface {
	// Opened: the handshake is over and frames follow. It comes first, and once.
	Opened(subprotocol string)
	// Sent: the ping with this number was written at that moment.
	Sent(seq uint32, at model.Instant)
	// Pong: a pong answered the ping with this number. If it is not exact, it may have lain unread
	// for a while before.
	Pong(seq uint32, at model.Instant, exact bool)
	// RoundTrip: a ping of the application's own was answered after this time.
	RoundTrip(rtt time.Duration)
	// PeerBeat: the peer sent a beat of its own: a ping, or whatever the application takes for one.
	PeerBeat(at model.Instant, page bool)
	// Heard: a byte came in while an Alert was on.
	Heard(at model.Instant)
	// Lost: where frames begin is not known any more in these directions. It comes again if it was one
	// and is both.
	Lost(in, out bool)
	// Closed: the socket is gone, or the upgrade was refused. It comes last, and once.
	Closed(e Ending)
}

// Conn is a tapped connection. While no ping of its own is under way it hands every byte on as a
// plain net.Conn would; otherwise it takes out of the incoming stream the pongs that answer its own
// pings, and nothing else.
type Conn struct {
	net.Conn // below: a *net.TCPConn, a *tls.Conn, or anything else
	watch    Watcher
	now      func() model.Instant
	key      uint64 // begins the payload of every ping of this connection

	asked    atomic.Uint32 // number of the newest ping written
	answered atomic.Uint32 // newest of them that a pong answered
	note     atomic.Uint32 // number of the ping that waits for a frame boundary, 0 for none
	alert    atomic.Bool   // tell Heard
	heard    atomic.Int64  // Instant of the last byte in
	data     atomic.Int64  // Instant of the last data frame, in or out
	writing  atomic.Int64  // Instant at which the write under way began, 0 if there is none
	readBy   atomic.Int64  // Instant of the application's read deadline, 0 if there is none
	writeBy  atomic.Int64  // and of its write deadline
	own      atomic.Pointer[ownPing]
	wire     atomic.Pointer[wire] // nil before the first fault

	readLock sync.Mutex // orders reads and protects what follows
	in       stream
	ahead    *ahead // nil while there is none

	writeLock sync.Mutex // orders writes and protects what follows
	out       stream
	head      []byte // of the HTTP response, as far as it has come
	rest      []byte // of a frame of ours that the socket took only in part
	start     starting
	broken    error // of a write that was answered before it was made
	phase     phase
	client    bool // this end is the WebSocket's client: it masks what it sends
	silent    bool // a close frame went out: no frame of ours may follow
	shut      bool // that frame was ours: none of the application's may follow

	last   atomic.Pointer[[]byte] // our close frame that waits for a frame boundary
	polite *polite                // how to write without a bare socket

	ended  atomic.Pointer[Ending]
	opened atomic.Bool
	gone   atomic.Bool
}

// phase is what the application's next byte out is part of.
type phase uint8

const (
	phaseFirst  phase = iota // nothing has been written yet
	phaseHead                // the HTTP response head
	phaseFrames              // WebSocket frames
	phaseOpaque              // something else: the upgrade was refused
)

// ahead are bytes that came in and were not handed out yet.
type ahead struct {
	early []byte // before the tap: to be read as if they came now
	ready []byte // to be handed out before anything is read
	held  []byte // the last of them, as long as they may become a pong of ours
}

// ownPing is the application's newest ping that has no pong yet.
type ownPing struct {
	sum   uint32
	at    model.Instant
	since model.Instant // how long the application has been waiting for a pong
}

// New taps c. Bytes that came in before, early, are read first. now gives the time.
func New(c net.Conn, early []byte, watch Watcher, now func() model.Instant) *Conn {
	t := &Conn{Conn: c, watch: watch, now: now, key: rand.Uint64()}
	if len(early) > 0 {
		t.ahead = &ahead{early: early}
	}
	if _, bare := c.(syscall.Conn); !bare || !canTryWrite {
		t.polite = new(polite)
	}
	t.heard.Store(int64(now()))
	t.data.Store(t.heard.Load())
	return t
}

// NewUpstream taps c, past a handshake in which this end was the client.
func NewUpstream(c net.Conn, early []byte, watch Watcher, now func() model.Instant) *Conn {
	t := New(c, early, watch, now)
	t.client, t.phase = true, phaseFrames
	return t
}

// Switched is for a server that has sent its 101 past the tap: frames follow at once.
func (c *Conn) Switched(subprotocol string) {
	c.phase = phaseFrames
	c.open(subprotocol)
}

// Open tells the Watcher of a NewUpstream that frames follow, when it is ready to be told.
func (c *Conn) Open() { c.open("") }

// Watcher is who is told what c sees.
func (c *Conn) Watcher() Watcher { return c.watch }

// control calls f with the descriptor of the socket at or below c. The way there is found anew each
// time: to keep it would cost every connection more memory than a ping now and then costs time.
func (c *Conn) control(f func(fd uintptr)) error { return control(c.Conn, f) }

func control(below net.Conn, f func(fd uintptr)) error {
	for {
		if s, ok := below.(syscall.Conn); ok {
			raw, err := s.SyscallConn()
			if err != nil {
				return err
			}
			return raw.Control(f)
		}
		n, ok := below.(interface{ NetConn() net.Conn })
		if !ok {
			return errors.ErrUnsupported
		}
		below = n.NetConn()
	}
}

// Waited is how long ago the newest data came in over the socket at or below c, whoever has read it since; 0
// where the kernel does not tell.
func Waited(c net.Conn) (ago time.Duration) {
	control(c, func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			ago = info.LastDataRecv
		}
	})
	return ago
}

// canTryWrite reports whether this platform has a write that never waits.
var canTryWrite = func() bool {
	_, err := sock.TryWrite(^uintptr(0), nil)
	return !errors.Is(err, errors.ErrUnsupported)
}()

// NetConn is the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Heard is when the last byte came in.
func (c *Conn) Heard() model.Instant { return model.Instant(c.heard.Load()) }

// Data is when the last data frame ended, in either direction.
func (c *Conn) Data() model.Instant { return model.Instant(c.data.Load()) }

// Writing is when the write under way began, 0 if there is none.
func (c *Conn) Writing() model.Instant { return model.Instant(c.writing.Load()) }

// Traffic counts the frames and bytes that passed, holter's own included.
func (c *Conn) Traffic() (framesIn, framesOut, bytesIn, bytesOut uint64) {
	return c.in.frames.Load(), c.out.frames.Load(), c.in.bytes.Load(), c.out.bytes.Load()
}

// Alert asks for one call of Heard at each read that brings bytes.
func (c *Conn) Alert(on bool) { c.alert.Store(on) }

// Unread reports whether bytes wait in the socket that the application has not read.
func (c *Conn) Unread() bool {
	if w := c.wire.Load(); w != nil {
		if waits, known := w.unread(); known {
			return waits
		}
	}
	unread := 0
	c.control(func(fd uintptr) { unread, _ = sock.Unread(fd) })
	return unread > 0
}

// Timing is the kernel's retransmission timeout, as it was before it doubled with each segment sent
// again, and its smoothed round trip; 0 where they are unknown.
func (c *Conn) Timing() (rto, rtt time.Duration) {
	c.control(func(fd uintptr) {
		if info, ok := sock.Stat(fd); ok {
			rto, rtt = info.RTO>>min(info.Backoff, 16), info.RTT
		}
	})
	return rto, rtt
}

// Kernel is what the kernel knows of the socket.
func (c *Conn) Kernel() model.Kernel {
	k := model.Kernel{Writing: c.writing.Load() != 0}
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		if !ok {
			return
		}
		k.Known = true
		k.Unacked, k.Retransmitted = int(info.Unacked), int(info.TotalRetrans)
		k.LastAck, k.RTO = info.LastAckRecv, info.RTO>>min(info.Backoff, 16)
		k.NotSent, k.WindowShut = int(info.NotSent), info.HasSndWnd && info.SndWnd == 0
		k.Unread, _ = sock.Unread(fd)
	})
	c.shade(&k)
	return k
}

// Taken is how many bytes the peer's kernel has acknowledged, if ours tells.
func (c *Conn) Taken() (n uint64, known bool) {
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		n, known = info.BytesAcked, ok && info.HasBytes
	})
	return n, known
}

// PeerBeat is for an application that took a message for the peer's heartbeat, as browsers cannot
// send a ping.
func (c *Conn) PeerBeat() { c.watch.PeerBeat(c.now(), true) }

// open tells that frames follow.
func (c *Conn) open(subprotocol string) {
	if c.opened.CompareAndSwap(false, true) {
		c.watch.Opened(subprotocol)
	}
}

// Read hands on what comes in, without the pongs that answer pings of ours.
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
		n, at, waited, err := c.readBelow(b)
		if n > 0 {
			n = c.sift(b[:n], at, waited)
		}
		if err != nil {
			c.readFailed(err)
		}
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// readBelow reads from below. waited says that the bytes cannot have lain there for long.
func (c *Conn) readBelow(b []byte) (n int, at model.Instant, waited bool, err error) {
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

// arrived counts bytes in, and says when that was.
func (c *Conn) arrived(n int) model.Instant {
	at := c.now()
	c.heard.Store(int64(at))
	c.in.bytes.Add(uint64(n))
	if c.alert.Load() {
		c.watch.Heard(at)
	}
	return at
}

// waitedFor is how long a read takes at least if it had to wait: the netpoller alone needs about so
// long, while a read of bytes that are there needs a tenth of it.
const waitedFor = model.Instant(20 * time.Microsecond)

// readAhead hands out what was read ahead. It may have nothing to say yet.
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

// readHeld reads on after bytes that may become a pong of ours. It is rare that a pong comes in
// pieces, so it may cost something.
func (c *Conn) readHeld(a *ahead) error {
	b := make([]byte, len(a.held)+512)
	n, at, waited, err := c.readBelow(b[len(a.held):])
	if n == 0 && !ends(err) {
		return err
	}
	b = b[:copy(b, a.held)+n]
	a.held = nil
	if n > 0 {
		a.ready = b[:c.sift(b, at, waited)]
	} else {
		c.follow(b, at) // no pong any more
		a.ready = b
	}
	if err != nil && len(a.ready) == 0 {
		c.readFailed(err)
		return err
	}
	return nil // an error will come again
}

// awaiting reports whether a ping of ours is under way.
func (c *Conn) awaiting() bool { return c.asked.Load() != c.answered.Load() }

// sift follows b, which has just come in, and closes the gaps where pongs of ours were. It returns
// how many bytes are left for the application, at the front of b.
func (c *Conn) sift(b []byte, at model.Instant, waited bool) (kept int) {
	w := c.wire.Load()
	for done := 0; done < len(b); {
		if w != nil {
			if n := c.lose(w, b[done:]); n > 0 {
				done += n
				continue
			}
		}
		if c.in.boundary() && c.awaiting() {
			n, seq := c.match(b[done:])
			if n < 0 {
				c.hold(b[done:])
				return kept
			}
			if n > 0 {
				done += n
				c.pong(seq, at, waited, done == len(b))
				continue
			}
		}
		n := c.follow1(b[done:], at)
		if kept != done {
			copy(b[kept:], b[done:done+n])
		}
		kept += n
		done += n
	}
	return kept
}

// hold keeps the end of what came in until more of it is there.
func (c *Conn) hold(b []byte) {
	if c.ahead == nil {
		c.ahead = new(ahead)
	}
	c.ahead.held = append([]byte(nil), b...)
}

func (c *Conn) follow(b []byte, at model.Instant) {
	for len(b) > 0 {
		b = b[c.follow1(b, at):]
	}
}

// follow1 follows incoming bytes of the application's to the end of a frame at most.
func (c *Conn) follow1(b []byte, at model.Instant) int {
	n, done := c.in.walk(b)
	if !done {
		if c.in.lost {
			c.stray(&c.in, at)
		}
		return n
	}
	switch c.in.head.opcode {
	case OpClose:
		c.end(c.in.ending(model.ByPeer))
	case OpPing:
		c.watch.PeerBeat(at, false)
	case OpPong:
		if p := c.own.Load(); p != nil && p.sum == c.in.sum && c.own.CompareAndSwap(p, nil) {
			c.watch.RoundTrip(time.Duration(at - p.at))
			c.deliver() // what waited for it
		}
	default:
		c.data.Store(int64(at))
	}
	return n
}

const (
	pingPayload = 12 // key and number
	pongByte    = 0x80 | byte(OpPong)
)

// match looks for a pong of ours at the front of b. It returns its size and number, 0 if there is
// none, -1 if b ends before that is certain.
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

// pong takes note of a pong of ours that was taken out of the stream.
func (c *Conn) pong(seq uint32, at model.Instant, waited, last bool) {
	c.in.frames.Add(1)
	if seq > c.answered.Load() {
		c.answered.Store(seq)
	}
	if !waited && last {
		at, waited = c.arrival(at)
	}
	c.watch.Pong(seq, at, waited)
}

// arrival asks the kernel when the bytes came that were read at that moment and did not have to be
// waited for. They are known to be the last that came only if nothing is left behind them.
func (c *Conn) arrival(at model.Instant) (model.Instant, bool) {
	exact := false
	c.control(func(fd uintptr) {
		info, ok := sock.Stat(fd)
		unread, _ := sock.Unread(fd)
		if exact = ok && unread == 0; exact {
			at -= model.Instant(info.LastDataRecv)
		}
	})
	return at, exact
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
