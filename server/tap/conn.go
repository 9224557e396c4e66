// Package tap watches WebSocket connections from below: a Conn is a net.Conn that follows the frames
// which pass through it, and beats between them. It does not know which library or handler uses it.
package tap

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holter/model"
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

// PeerBeat is for an application that took a message for the peer's heartbeat, as browsers cannot
// send a ping.
func (c *Conn) PeerBeat() { c.watch.PeerBeat(c.now(), true) }

// open tells that frames follow.
func (c *Conn) open(subprotocol string) {
	if c.opened.CompareAndSwap(false, true) {
		c.watch.Opened(subprotocol)
	}
}
