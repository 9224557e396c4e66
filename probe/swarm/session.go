package swarm

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/process"
	"holter/probe/pulse"
)

const (
	writeTimeout = 10 * time.Second
	readLimit    = 1 << 20
	// closeTimeout is how long a client that ends its connection waits for the server's close frame.
	closeTimeout = time.Second
	// maxHeldPongs bounds how many pongs are delayed at a time. The oldest are dropped: RFC 6455, 5.5.3
	// requires an answer to the latest ping only.
	maxHeldPongs = 16
)

var errDropped = errors.New("dropped on purpose")

// session is one connection of a client. The client's goroutine reads from it and answers pings. A timer
// performs what is due at a time, such as beats; it costs no goroutine while it waits.
type session struct {
	client *Client
	conn   *websocket.Conn
	pulse  *pulse.Pulse // nil if the client does not beat
	opened model.Instant
	nonce  uint32 // stands in each of its messages

	awake sync.Mutex         // locked while the client is frozen, so that the reader stops at the next frame
	head  [leastPayload]byte // first bytes of the message that is being read; only the reader uses it

	mu    sync.Mutex // protects all following, and the client's random source
	timer *time.Timer
	due   [actCount]model.Instant // when to perform each act, or never
	held  []pong                  // delayed pongs, in the order in which they are due
	over  bool                    // no act is performed any more
	cause error                   // why the client itself ended the connection
}

type pong struct {
	payload string
	due     model.Instant
}

func newSession(c *Client, conn *websocket.Conn) *session {
	s := &session{client: c, conn: conn, opened: c.swarm.clock.Now(), nonce: rand.Uint32()}
	s.pulse = s.newPulse(c.random.Float64())
	conn.SetReadLimit(readLimit)
	conn.SetPingHandler(s.pinged)
	conn.SetPongHandler(s.ponged)
	if c.role.Slow {
		slowDown(conn.NetConn())
	}
	s.plan(s.opened)
	s.timer = time.AfterFunc(model.MaxDelay, process.Guard(s.performDue))
	return s
}

func (s *session) newPulse(spread float64) *pulse.Pulse {
	role, swarm := s.client.role, s.client.swarm
	if role.Beat == 0 {
		return nil
	}
	o := pulse.Options{
		Rhythm: swarm.rhythms[role.Beat], Spread: spread, Among: len(swarm.clients), RoundTrip: swarm.record.beat.add,
	}
	if role.JSONBeat {
		o.Write = func(seq uint32) error { return s.write(jsonPing(seq)) }
	}
	return pulse.New(swarm.clock, s.conn, o)
}

// run reads until the connection ends and returns why it ended: the reader's error, or what the client itself
// did. By then the socket is closed and no act follows.
func (s *session) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, process.Guard(s.leave))
	defer stop()
	s.mu.Lock()
	s.arm()
	s.mu.Unlock()
	err := s.read()
	s.conn.Close() // before the lock: an act may be waiting for a server that does not read
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.timer.Stop()
	if s.cause != nil {
		return s.cause
	}
	return err
}

// performDue performs all acts that are due, and sets the timer to the next one. The timer calls it.
func (s *session) performDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for now := s.client.swarm.clock.Now(); !s.over; {
		next := s.next()
		if s.due[next] > now {
			s.arm()
			return
		}
		due, err := s.perform(next, now)
		if err != nil {
			s.fail(err)
			return
		}
		s.due[next] = due
	}
}

// arm sets the timer to the next act. It runs under mu.
func (s *session) arm() {
	due := s.due[s.next()]
	if s.over || due == never {
		s.timer.Stop()
		return
	}
	s.timer.Reset(s.client.swarm.clock.Until(due))
}

// fail ends the connection after an act has failed. If a write failed, the server's close frame may still be
// unread, and it tells the cause better. So the reader gets closeTimeout to find it. fail runs under mu.
func (s *session) fail(err error) {
	s.over = true
	if errors.Is(err, errDropped) || errors.Is(err, pulse.ErrDead) {
		s.cause = err
		s.conn.Close()
		return
	}
	s.conn.SetReadDeadline(time.Now().Add(closeTimeout))
}

// leave sends a close frame, and gives the server closeTimeout to answer it.
func (s *session) leave() {
	until := time.Now().Add(closeTimeout)
	s.conn.NetConn().SetWriteDeadline(until) // a write may be waiting for a server that does not read
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), until)
	s.conn.SetReadDeadline(until)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.thaw()
}

// read reads until the connection ends, and returns the error that ended it.
func (s *session) read() error {
	for {
		_, message, err := s.conn.NextReader()
		s.waitWhileFrozen()
		if err != nil {
			return err
		}
		s.pulse.Heard()
		n, err := io.ReadFull(message, s.head[:])
		if err == nil {
			_, err = io.Copy(io.Discard, message)
		}
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		s.handleMessage(s.head[:n])
	}
}

// waitWhileFrozen blocks the reader while the client is frozen, so that what arrives stays in the socket.
func (s *session) waitWhileFrozen() {
	s.awake.Lock()
	defer s.awake.Unlock()
}

// pinged handles a ping as the role says: it answers at once, later, or not at all.
func (s *session) pinged(payload string) error {
	s.waitWhileFrozen()
	s.pulse.Heard()
	role := s.client.role
	switch {
	case role.Mute:
	case role.delaysPongs():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.holdPong(payload, s.client.swarm.clock.Now())
		s.arm()
	default:
		return s.writePong(payload)
	}
	return nil
}

func (s *session) ponged(payload string) error {
	s.waitWhileFrozen()
	s.pulse.Pong(payload)
	return nil
}

// writePong writes a pong. It returns nil if the close frame has already been sent: the reader will find the
// end of the connection.
func (s *session) writePong(payload string) error {
	err := s.conn.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(writeTimeout))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// holdPong keeps a pong until it is due. Pongs keep their order, as they would on a slow path. It runs under mu.
func (s *session) holdPong(payload string, now model.Instant) {
	c := s.client
	due := now + model.Instant(c.path+c.role.Wobble.draw(c.random))
	if n := len(s.held); n > 0 {
		due = max(due, s.held[n-1].due)
	}
	s.held = append(s.held, pong{payload, due})
	if len(s.held) > maxHeldPongs {
		s.held = s.held[1:]
	}
	s.due[actHeldPong] = s.held[0].due
}
