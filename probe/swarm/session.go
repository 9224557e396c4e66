package swarm

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
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

var (
	errDropped = errors.New("dropped the connection on purpose")
	errDead    = errors.New("the server did not answer")
)

// session is a client's life on one connection, in two goroutines: one reads and answers, the other
// does what is due (acts). Only the latter draws random numbers and sends messages.
type session struct {
	client *Client
	conn   *websocket.Conn
	heart  *heart
	acts   []*act
	pongs  act // answers that are held back; the first of held is due
	held   []pong

	pings chan string   // payloads of pings whose answers are to be held back
	over  chan struct{} // closed when the reader has ended
	end   error         // why, once over is closed

	said  int        // messages sent
	awake sync.Mutex // held while frozen, so that the reader stops at the next frame
}

// act is something that is due at a time, and after it at another.
type act struct {
	due time.Time
	do  func(ctx context.Context, now time.Time) (next time.Time, err error)
}

type pong struct {
	payload string
	due     time.Time
}

func newSession(c *Client, conn *websocket.Conn) *session {
	s := &session{
		client: c,
		conn:   conn,
		pings:  make(chan string, maxHeldPongs),
		over:   make(chan struct{}),
	}
	s.heart = newHeart(c.role.Beat, c.random.Float64(), c.swarm.clock, &c.swarm.late)
	s.plan(time.Now())
	conn.SetReadLimit(readLimit)
	conn.SetPingHandler(s.ping)
	conn.SetPongHandler(s.pong)
	return s
}

// live returns what ended the connection: the reader's error, or what the client did itself. The
// socket is closed and both goroutines are done then.
func (s *session) live(ctx context.Context) error {
	// A write may be waiting for a server that does not read.
	stop := context.AfterFunc(ctx, func() { s.conn.NetConn().SetWriteDeadline(time.Now().Add(farewell)) })
	defer stop()
	go s.read()
	err := s.run(ctx)
	s.conn.Close()
	<-s.over
	if err == nil {
		return s.end
	}
	return err
}

// run does what is due until the connection ends (nil) or the client ends it.
func (s *session) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := s.next()
		timer.Reset(time.Until(next.due))
		select {
		case <-ctx.Done():
			s.leave()
			return ctx.Err()
		case <-s.over:
			return nil
		case payload := <-s.pings:
			s.hold(payload, time.Now())
		case <-timer.C:
			due, err := next.do(ctx, time.Now())
			if err != nil {
				return s.abandon(err)
			}
			next.due = due
		}
	}
}

func (s *session) next() *act {
	first := &s.pongs
	for _, a := range s.acts {
		if a.due.Before(first.due) {
			first = a
		}
	}
	return first
}

// leave says goodbye and gives the server a moment to answer.
func (s *session) leave() {
	message := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	s.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(farewell))
	s.drain()
}

// abandon is what a failed act means for the connection. If a write failed, the reader knows better
// why: the server's close frame may be waiting.
func (s *session) abandon(err error) error {
	if errors.Is(err, errDropped) || errors.Is(err, errDead) {
		return err
	}
	s.drain()
	return nil
}

// drain gives the reader a moment to come to the end of what is still under way.
func (s *session) drain() {
	select {
	case <-s.over:
	case <-time.After(farewell):
	}
}

func (s *session) read() {
	defer close(s.over)
	for {
		_, message, err := s.conn.NextReader()
		s.rest()
		if err == nil {
			s.heart.heard()
			_, err = io.Copy(io.Discard, message)
		}
		if err != nil {
			s.end = err
			return
		}
	}
}

// rest keeps the reader from going on while the client is frozen: what arrives stays in the socket.
func (s *session) rest() {
	s.awake.Lock()
	defer s.awake.Unlock()
}

// ping answers at once, holds the answer back, or does not answer.
func (s *session) ping(payload string) error {
	s.rest()
	s.heart.heard()
	role := s.client.role
	switch {
	case role.Mute:
	case role.late():
		select {
		case s.pings <- payload:
		default:
		}
	default:
		return s.answer(payload)
	}
	return nil
}

func (s *session) pong(payload string) error {
	s.rest()
	s.heart.pong(payload)
	return nil
}

// answer writes a pong. That the connection is on its way out is for the reader to find.
func (s *session) answer(payload string) error {
	err := s.conn.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(writeTimeout))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// hold keeps an answer until it is due. Answers keep their order, as they would on a slow path.
func (s *session) hold(payload string, now time.Time) {
	c := s.client
	due := now.Add(c.path + c.role.Wobble.draw(c.random))
	if n := len(s.held); n > 0 && due.Before(s.held[n-1].due) {
		due = s.held[n-1].due
	}
	s.held = append(s.held, pong{payload, due})
	if len(s.held) > maxHeldPongs {
		s.held = s.held[1:]
	}
	s.pongs.due = s.held[0].due
}

// reset closes a socket so that the peer sees a reset, through TLS if need be.
func reset(conn net.Conn) {
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = inner.NetConn()
	}
	if socket, ok := conn.(*net.TCPConn); ok {
		socket.SetLinger(0)
	}
	conn.Close()
}
