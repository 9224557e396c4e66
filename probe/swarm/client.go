package swarm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Client is one simulated client: it connects, lives on the connection as its role says, and
// connects again by its policy under the same id until its context ends or it has reason to give up.
type Client struct {
	id         string
	url        string
	header     http.Header
	role       Role
	swarm      *Swarm
	random     *rand.Rand // of the goroutine in Run only
	delays     *delays
	path       time.Duration // how late its answers are
	phase      phase
	generation int

	mu   sync.Mutex
	conn *websocket.Conn // nil between two connections
}

func newClient(s *Swarm, id string, role Role, random *rand.Rand) *Client {
	return &Client{
		id:     id,
		url:    endpoint(s.url, id),
		header: http.Header{"User-Agent": {role.userAgent(s.options.Prefix)}},
		role:   role,
		swarm:  s,
		random: random,
		delays: role.Policy.start(random),
		path:   role.Path.draw(random),
	}
}

// Run returns when ctx ends or the client gives up; its connection and goroutines are gone then.
func (c *Client) Run(ctx context.Context) {
	for {
		c.enter(connecting)
		lasted, err := c.connection(ctx)
		if ctx.Err() != nil {
			c.enter(stopped)
			return
		}
		wait, again := c.again(lasted, err)
		if !again {
			c.enter(gaveUp)
			return
		}
		c.enter(waiting)
		sleep(ctx, wait)
	}
}

// connection opens one and lives on it to its end: how long it lasted, 0 if it never opened, and
// what ended it.
func (c *Client) connection(ctx context.Context) (time.Duration, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		c.swarm.tally.failed(err)
		return 0, err
	}
	c.generation++
	c.hold(conn)
	defer c.hold(nil)
	c.enter(connected)
	c.swarm.tally.connected(c.generation)
	opened := time.Now()
	err = newSession(c, conn).live(ctx)
	return time.Since(opened), err
}

// breath keeps a client without a back-off from running against a closed door without end. It is
// below what anybody would call a delay.
const breath = 50 * time.Millisecond

// again is how long to wait before the next attempt, and false if there shall be none. A wait that
// the server asks for comes before the policy's delay, so that those it has sent away together do
// not come back together.
func (c *Client) again(lasted time.Duration, err error) (time.Duration, bool) {
	if final(err) {
		return 0, false
	}
	delay, ok := c.delays.next(lasted)
	if lasted < breath {
		delay = max(delay, breath)
	}
	return asked(err) + delay, ok
}

// final reports whether a connection ended for a reason that the next one would meet too, or
// because the server was done with the client.
func final(err error) bool {
	return websocket.IsCloseError(err,
		websocket.CloseNormalClosure,
		websocket.CloseProtocolError,
		websocket.CloseUnsupportedData,
		websocket.CloseInvalidFramePayloadData,
		websocket.ClosePolicyViolation,
		websocket.CloseMessageTooBig,
		websocket.CloseMandatoryExtension)
}

// tryLater is what the close code 1013, which carries no time, is taken to ask for.
const tryLater = 5 * time.Second

// asked is how long the server wants the client to stay away.
func asked(err error) time.Duration {
	if r, ok := errors.AsType[*refused](err); ok {
		return r.retryAfter
	}
	if websocket.IsCloseError(err, websocket.CloseTryAgainLater) {
		return tryLater
	}
	return 0
}

func (c *Client) enter(to phase) {
	c.swarm.tally.move(c.phase, to)
	c.phase = to
}

func (c *Client) hold(conn *websocket.Conn) {
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
	reset(c.conn.NetConn())
	return true
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
