// Package tap watches WebSocket connections from below. A Conn is a net.Conn that parses the headers of
// the frames that pass through it in either direction, and sends pings of its own between them. It does
// not know which library or handler uses it.
//
// The package owns the bytes of a connection from the moment it is hijacked: where a frame begins, when
// holter's own frames go out, which pongs answer them, who ended the connection first, and the faults that
// disturb it. It copies no payload, decides nothing about beats or the health of a peer, and keeps no list
// of connections. Those decisions are the Watcher's, which in this project is package hub.
//
// An application calls the methods of net.Conn, and a proxy calls CopyTo, from goroutines of its own. The owner of
// the Watcher calls the other methods. They never wait for the socket, so one goroutine can serve thousands of
// connections.
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

// Watcher receives what a Conn observes. The goroutines that move the bytes call its methods, some of them
// with writeLock held. So a method must not wait, and must not call anything of the Conn that takes a lock.
type Watcher interface {
	// Opened: the handshake is over and frames follow. It is the first call, and comes once.
	Opened(subprotocol string)
	// Sent: the ping with this number was written at that moment.
	Sent(seq uint32, at model.Instant)
	// Pong: a pong answered the ping with this number. If exact is false, the pong may have waited unread
	// in the socket before at.
	Pong(seq uint32, at model.Instant, exact bool)
	// RoundTrip: a ping of the application's own was answered after this time.
	RoundTrip(rtt time.Duration)
	// PeerBeat: the peer sent a beat of its own: a ping or, if page is set, a message that the
	// application takes for one.
	PeerBeat(at model.Instant, page bool)
	// Beat: one of the applications sent a beat that PeerBeat does not report: this end a ping (sent), or either end a
	// pong that answers no ping.
	Beat(at model.Instant, sent bool)
	// Heard: a byte came in while an Alert was on.
	Heard(at model.Instant)
	// Lost: in these directions it is no longer known where frames begin. A second call follows if the
	// other direction is lost as well.
	Lost(in, out bool)
	// Closed: the connection has ended, or the upgrade was refused. It comes once. The socket may still be
	// open, as after the end of a stream.
	Closed(e Ending)
	// TooLong: the peer is sending a message that is longer than Bound allows. Its bytes pass all the same.
	TooLong()
	// Gone: the socket was closed. It comes once, after Closed. Only a goroutine that was moving bytes meanwhile may
	// still report what it read or wrote before.
	Gone()
}

// Conn is a tapped connection. While no ping of its own is under way, it passes every byte on as a plain net.Conn
// would. Otherwise it removes the pongs that answer its own pings from the incoming stream, and nothing else.
//
// "Ours" in this package are the frames that the Conn itself sends: pings and one close frame. Four kinds
// of goroutines meet here:
//
//   - The reader is in Read or CopyTo and holds readLock. It parses what comes in, removes our pongs, and
//     calls the Watcher.
//   - The writer is in Write or CloseWrite, or flushes the held start of a frame, and holds writeLock. It
//     parses what goes out. At each frame boundary it also sends our frames that are due.
//   - The scheduler calls Ping, Retry and Shut, and must never wait. It leaves a note of the frame. If
//     writeLock is free it takes the lock and acts as the writer. Otherwise the goroutine that holds the lock
//     finds the note: it looks for one after it has released the lock, so that none is forgotten. A reader that
//     receives a pong of the application's does the same, as our ping may have waited for that pong.
//   - Any goroutine may set a deadline or faults, or ask for a figure. It takes neither lock.
//
// Locks are taken in this order: readLock, writeLock (which a reader only tries), polite.mu, wire.mu. A
// method that needs one of the first two says so at the head of its file or in its comment.
type Conn struct {
	net.Conn // below: a *net.TCPConn, a *tls.Conn, or anything else

	// Set before the first read or write, and then only read.
	watch  Watcher
	now    func() model.Instant
	key    uint64  // begins the payload of every ping of this connection
	polite *polite // writes our frames where there is no bare socket; nil where there is one
	tally  *tally  // counts beside in and out; nil for none
	client bool    // this end is the WebSocket's client and masks what it sends

	// Our pings. The scheduler sets note, the writer clears it and advances asked, the reader advances
	// answered.
	note     atomic.Uint32 // number of the ping that waits for a frame boundary, 0 for none
	asked    atomic.Uint32 // number of the newest ping written
	answered atomic.Uint32 // number of the newest ping that a pong answered

	// Our close frame until it is written. Shut sets it, the writer clears it.
	last atomic.Pointer[[]byte]
	// The application's newest ping without a pong. The writer sets it, the reader clears it.
	own atomic.Pointer[ownPing]

	// Figures that any goroutine may read.
	heard   atomic.Int64 // Instant of the last byte in; the reader's
	spoke   atomic.Int64 // Instant of the last byte in that was not a pong of ours, 0 for none; the reader's
	said    atomic.Int64 // Instant of the last byte out; the writer's
	writing atomic.Int64 // Instant at which the write under way began, 0 if there is none; the writer's
	data    atomic.Int64 // Instant of the last data frame if there is no flow, 0 before the first; of the reader and of the writer
	flow    *Flow        // nil after NewUpstream; never changes

	// What other goroutines ask of reader and writer.
	readBy  atomic.Int64         // Instant of the application's read deadline, 0 for none
	writeBy atomic.Int64         // Instant of the application's write deadline, 0 for none
	wire    atomic.Pointer[wire] // the faults on this connection; nil before the first

	// How far the connection has come. All but flagAlert are set once, by the first goroutine to get there.
	flags atomic.Uint32
	signs signs // of the end
	ended atomic.Pointer[Ending]

	readLock sync.Mutex // held by the reader; protects the following fields up to writeLock
	in       stream
	ahead    *ahead // nil while there is nothing in it

	writeLock sync.Mutex // held by the writer; protects all following
	out       stream
	opening   *opening // the state of the HTTP response until its head has passed; nil for none
	rest      []byte   // of a frame of ours that the socket took only in part
	start     starting
	broken    error // of bytes that Write had accepted before; the next Write returns it
	phase     phase
	silent    bool // a close frame went out: no frame of ours may follow
	shut      bool // that close frame was ours: no frame of the application's may follow

	large atomic.Uint32 // KiB of the frame under way from the peer, if it is a large one: a figure, and the reader's
}

// flags of a Conn.
const (
	flagOpened   uint32 = 1 << iota // Watcher.Opened has been called
	flagClosed                      // Watcher.Closed is being called
	flagReported                    // and has returned
	flagGone                        // the socket was closed
	flagProved                      // a whole frame has shown that this is a WebSocket
	flagTunnel                      // this is not a WebSocket: the bytes pass unparsed
	flagAlert                       // each read that brings bytes is reported to Watcher.Heard
)

func (c *Conn) is(flag uint32) bool { return c.flags.Load()&flag != 0 }

// set sets a flag. It reports whether this call was the first to do so.
func (c *Conn) set(flag uint32) bool { return c.flags.Or(flag)&flag == 0 }

// phase says to which part of the stream the application's next outgoing byte belongs.
type phase uint8

const (
	phaseFirst  phase = iota // not known: nothing has been written yet
	phaseHead                // the HTTP response head
	phaseFrames              // WebSocket frames
	phaseOpaque              // another protocol, or the answer to a refused upgrade
)

// ownPing is the application's newest ping that has no pong yet.
type ownPing struct {
	sum   uint32        // of its payload
	at    model.Instant // it was written
	since model.Instant // the oldest ping without a pong was written
}

// New taps c. Reads return early first: bytes that came in before the tap was there. now gives the time.
func New(c net.Conn, early []byte, watch Watcher, now func() model.Instant) *Conn {
	t := newConn(c, early, watch, now)
	t.flow = new(Flow)
	t.flow.active.Store(t.heard.Load())
	return t
}

// NewUpstream taps c after a handshake in which this end was the client.
func NewUpstream(c net.Conn, early []byte, watch Watcher, now func() model.Instant) *Conn {
	t := newConn(c, early, watch, now)
	t.client, t.phase = true, phaseFrames
	return t
}

func newConn(c net.Conn, early []byte, watch Watcher, now func() model.Instant) *Conn {
	t := &Conn{Conn: c, watch: watch, now: now, key: rand.Uint64()}
	if len(early) > 0 {
		t.ahead = &ahead{early: early}
	}
	if _, bare := c.(syscall.Conn); !bare || !canTryWrite {
		t.polite = new(polite)
	}
	t.heard.Store(int64(now()))
	t.said.Store(t.heard.Load())
	return t
}

// Switched tells the tap that the server has sent its 101 without the tap, with these values of Sec-WebSocket-Accept
// and Sec-WebSocket-Protocol: frames follow at once. The server must call it before the first write.
func (c *Conn) Switched(accept, subprotocol string) {
	c.phase = phaseFrames
	c.accepted(accept)
	c.reportOpened(subprotocol)
}

// Open reports to the Watcher of a NewUpstream that frames follow. The caller does so when the Watcher is
// ready.
func (c *Conn) Open() { c.reportOpened("") }

// Watcher returns the receiver of what c observes.
func (c *Conn) Watcher() Watcher { return c.watch }

// NetConn is the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Spoke returns when the last byte came in that was not a pong of ours, 0 if none has.
func (c *Conn) Spoke() model.Instant { return model.Instant(c.spoke.Load()) }

// Proved reports whether this is known to be a WebSocket: in one direction a whole frame has passed that RFC 6455
// allows as the first one, a pong of ours came in, or Prove was called.
func (c *Conn) Proved() bool { return c.is(flagProved) }

// Heard returns when the last byte came in.
func (c *Conn) Heard() model.Instant { return model.Instant(c.heard.Load()) }

// Said returns when the last byte went out.
func (c *Conn) Said() model.Instant { return model.Instant(c.said.Load()) }

// Silence returns the time since the last byte came in.
func (c *Conn) Silence() time.Duration { return time.Duration(c.now() - c.Heard()) }

// Writing returns when the write under way began, 0 if there is none.
func (c *Conn) Writing() model.Instant { return model.Instant(c.writing.Load()) }

// Traffic returns the numbers of frames and bytes that passed, holter's own included.
func (c *Conn) Traffic() (framesIn, framesOut, bytesIn, bytesOut uint64) {
	return c.in.frames.Load(), c.out.frames.Load(), c.in.bytes.Load(), c.out.bytes.Load()
}

// Alert asks for one call of Heard at each read that brings bytes.
func (c *Conn) Alert(on bool) {
	if on {
		c.flags.Or(flagAlert)
	} else {
		c.flags.And(^flagAlert)
	}
}

// PeerBeat records a heartbeat of the peer that is a message of the application's: a script in a browser cannot send
// a ping.
func (c *Conn) PeerBeat() { c.watch.PeerBeat(c.now(), true) }

func (c *Conn) reportOpened(subprotocol string) {
	if c.set(flagOpened) {
		c.watch.Opened(subprotocol)
	}
}
