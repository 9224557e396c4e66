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
	// How long to wait for the server's own close frame once the client is on its way out.
	farewell = time.Second
	// Pings beyond this many unanswered ones are forgotten; RFC 6455, 5.5.3 asks only for the
	// answer to the latest.
	maxHeldPongs = 16
)

var errDropped = errors.New("dropped on purpose")

// session is a client's life on one connection. The client's goroutine reads and answers. What is due
// at a time is done by a timer, whose goroutine is there for no longer than that takes.
type session struct {
	client *Client
	conn   *websocket.Conn
	pulse  *pulse.Pulse // nil if the client does not beat
	opened model.Instant
	nonce  uint32 // in its messages

	awake sync.Mutex         // held while frozen, so that the reader stops at the next frame
	head  [leastPayload]byte // of the message that is being read; the reader's

	mu    sync.Mutex // protects all following, and the client's random source
	timer *time.Timer
	due   [actCount]model.Instant
	held  []pong // answers that are held back
	over  bool   // nothing is done any more
	cause error  // why the client itself ended the connection
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

// run returns what ended the connection: the reader's error, or what the client did itself. The
// socket is closed then, and nothing is done on it any more.
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

// performDue does what is due.
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

// arm sets the timer to the end of the slot in which something is due.
func (s *session) arm() {
	due := s.due[s.next()]
	if s.over || due == never {
		s.timer.Stop()
		return
	}
	s.timer.Reset(s.client.swarm.clock.Until(due))
}

// fail is what a failed act means for the connection. If a write failed, the reader knows better
// why, for the server's close frame may be waiting: it gets a moment to come to it.
func (s *session) fail(err error) {
	s.over = true
	if errors.Is(err, errDropped) || errors.Is(err, pulse.ErrDead) {
		s.cause = err
		s.conn.Close()
		return
	}
	s.conn.SetReadDeadline(time.Now().Add(farewell))
}

// leave says goodbye and gives the server a moment to answer.
func (s *session) leave() {
	until := time.Now().Add(farewell)
	s.conn.NetConn().SetWriteDeadline(until) // a write may be waiting for a server that does not read
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), until)
	s.conn.SetReadDeadline(until)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.thaw()
}

// read reads to the connection's end, and says what that was.
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

// waitWhileFrozen keeps the reader from going on while the client is frozen: what arrives stays in the socket.
func (s *session) waitWhileFrozen() {
	s.awake.Lock()
	defer s.awake.Unlock()
}

// pinged answers at once, holds the answer back, or does not answer.
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

// writePong writes a pong. That the connection is on its way out is for the reader to find.
func (s *session) writePong(payload string) error {
	err := s.conn.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(writeTimeout))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// holdPong keeps an answer until it is due. Answers keep their order, as they would on a slow path.
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
