package swarm

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/reconnect"
	"holter/probe/pause"
	"holter/probe/sock"
)

// Client is one simulated client: it connects, lives on the connection as its role says, and
// connects again by its policy under the same id until its context ends or it has reason to give up.
type Client struct {
	id         string
	role       *Role
	swarm      *Swarm
	random     *rand.Rand // of the goroutine in Run, and while there is a session of that
	backoff    reconnect.Backoff
	path       time.Duration // how late its answers are
	phase      phase
	generation int
	lost       model.Instant   // the end of the last connection, 0 before that
	firstConn  *websocket.Conn // that Scout has opened

	mu   sync.Mutex
	conn *websocket.Conn // nil between two connections
}

func newClient(s *Swarm, id string, role *Role, random *rand.Rand) *Client {
	return &Client{
		id:      id,
		role:    role,
		swarm:   s,
		random:  random,
		backoff: reconnect.NewBackoff(&role.Policy, random),
		path:    role.Path.draw(random),
	}
}

// Run returns when ctx ends or the client gives up; its connection is gone then.
func (c *Client) Run(ctx context.Context) {
	for {
		c.enter(connecting)
		lasted, err := c.connectAndLive(ctx)
		if ctx.Err() != nil {
			c.enter(stopped)
			return
		}
		wait, again := c.nextDelay(lasted, err)
		if !again {
			c.enter(gaveUp)
			return
		}
		c.enter(waiting)
		pause.For(ctx, wait)
	}
}

// connectAndLive opens one and lives on it to its end: how long it lasted, 0 if it never opened, and
// what ended it.
func (c *Client) connectAndLive(ctx context.Context) (time.Duration, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.swarm.tally.failed(err)
			c.swarm.record.count(c.swarm.record.failed, err)
		}
		return 0, err
	}
	opened := c.swarm.clock.Now()
	if c.lost > 0 {
		c.swarm.record.reconnect.add(time.Duration(opened - c.lost))
	}
	c.generation++
	c.setConn(conn)
	defer c.setConn(nil)
	c.enter(connected)
	c.swarm.tally.connected(c.generation)
	err = newSession(c, conn).run(ctx)
	c.lost = c.swarm.clock.Now()
	if ctx.Err() == nil {
		c.swarm.record.count(c.swarm.record.ended, err)
	}
	return time.Duration(c.lost - opened), err
}

// connect dials, unless that has been done.
func (c *Client) connect(ctx context.Context) (*websocket.Conn, error) {
	if conn := c.firstConn; conn != nil {
		c.firstConn = nil
		return conn, nil
	}
	return c.dial(ctx)
}

// leastDelay keeps a client without a back-off from running against a closed door without end. It is
// below what anybody would call a delay.
const leastDelay = 50 * time.Millisecond

// nextDelay is how long to wait before the next attempt, and false if there shall be none. A wait that
// the server asks for comes before the policy's delay, so that those it has sent away together do
// not come back together.
func (c *Client) nextDelay(lasted time.Duration, err error) (time.Duration, bool) {
	if isFinal(err) {
		return 0, false
	}
	delay, ok := c.backoff.Next(lasted)
	if lasted < leastDelay {
		delay = max(delay, leastDelay)
	}
	if !c.role.Policy.Deaf {
		delay += requestedDelay(err)
	}
	return delay, ok
}

// isFinal reports whether a connection ended for a reason that the next one would meet too, or
// because the server was done with the client.
func isFinal(err error) bool {
	return websocket.IsCloseError(err,
		websocket.CloseNormalClosure,
		websocket.CloseProtocolError,
		websocket.CloseUnsupportedData,
		websocket.CloseInvalidFramePayloadData,
		websocket.ClosePolicyViolation,
		websocket.CloseMessageTooBig,
		websocket.CloseMandatoryExtension)
}

// tryLaterDelay is what the close code 1013, which carries no time, is taken to ask for.
const tryLaterDelay = 5 * time.Second

// requestedDelay is how long the server wants the client to stay away.
func requestedDelay(err error) time.Duration {
	if r, ok := errors.AsType[*refused](err); ok {
		return r.retryAfter
	}
	if websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		return tryLaterDelay
	}
	return 0
}

func (c *Client) enter(to phase) {
	c.swarm.tally.move(c.phase, to)
	c.phase = to
}

func (c *Client) setConn(conn *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
}

// cut resets the client's connection, as a box on the path would: there is no close frame and no
// end of stream. It reports whether there was a connection. Any goroutine may call it.
func (c *Client) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return false
	}
	sock.Close(c.conn.NetConn(), true)
	return true
}
