package swarm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/reconnect"
	"holter/probe/pause"
	"holter/probe/sock"
)

// Client is one simulated client. It connects, behaves as its role says until the connection ends, and connects
// again under the same id after the delay of its policy. It stops when its context ends or when it gives up.
//
// Its fields belong to the goroutine in Run, but for those that mu protects and for random: while there is a
// session, that session's lock protects random.
type Client struct {
	id         string
	number     int // the one in its id
	role       *Role
	swarm      *Swarm
	random     *rand.Rand
	backoff    reconnect.Backoff
	path       time.Duration // delays each of its pongs
	phase      phase
	generation int           // number of connections so far
	lost       model.Instant // when its last connection ended, 0 before that
	ahead      *outcome      // of the attempt that ConnectFirst has made, nil once it is used

	mu       sync.Mutex
	conn     *websocket.Conn // nil while it is not connected
	presence presence
}

// outcome is how an attempt to connect went.
type outcome struct {
	conn *websocket.Conn
	err  error
}

func newClient(s *Swarm, number int, role *Role, random *rand.Rand) *Client {
	c := &Client{
		id:      fmt.Sprintf("%s-%04d", s.options.Prefix, number),
		number:  number,
		role:    role,
		swarm:   s,
		random:  random,
		backoff: reconnect.NewBackoff(&role.Policy, random),
		path:    role.Path.draw(random),
	}
	c.backoff.SettledAfter(s.options.Ends.Settled)
	return c
}

// Run connects again and again, and returns when ctx ends or the client gives up. By then its connection is
// closed.
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
			c.quit()
			c.enter(gaveUp)
			return
		}
		c.enter(waiting)
		pause.For(ctx, wait)
	}
}

// connectAndLive opens a connection and returns when it has ended: how long it lasted, 0 if it was never opened,
// and why it ended.
func (c *Client) connectAndLive(ctx context.Context) (time.Duration, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.swarm.failed(err)
		}
		return 0, err
	}
	opened := c.swarm.clock.Now()
	if c.lost > 0 {
		c.swarm.record.reconnect.add(time.Duration(opened - c.lost))
	}
	c.generation++
	c.arrived(conn, opened)
	c.enter(connected)
	c.swarm.tally.connected(c.generation)
	err = newSession(c, conn).run(ctx)
	c.lost = c.swarm.clock.Now()
	c.departed(c.lost)
	if ctx.Err() == nil {
		c.swarm.record.count(c.swarm.record.ended, err)
	}
	return time.Duration(max(c.lost-opened, 1)), err
}

// connect returns what came of the attempt of ConnectFirst, if it is not used yet, and otherwise dials.
func (c *Client) connect(ctx context.Context) (*websocket.Conn, error) {
	if ahead := c.ahead; ahead != nil {
		c.ahead = nil
		return ahead.conn, ahead.err
	}
	return c.dial(ctx)
}

// leastDelay is the pause after a connection that failed or ended at once. It keeps a client without a back-off
// from trying in a busy loop, and is too short to count as a back-off.
const leastDelay = 50 * time.Millisecond

// nextDelay returns how long to wait before the next attempt, or false if the client gives up. If the server asks
// for a wait, the policy's delay is added to it, so that clients which were refused together do not come back
// together.
func (c *Client) nextDelay(lasted time.Duration, err error) (time.Duration, bool) {
	if c.endedBy(lasted, err) {
		return 0, false
	}
	delay, ok := c.backoff.Next(lasted)
	if lasted < leastDelay {
		delay = max(delay, leastDelay)
	}
	if code, _ := closing(err); lasted > 0 {
		if least := c.swarm.options.Ends.AtLeast[code]; least > 0 {
			delay = least + max(delay, Span{0, least}.draw(c.random))
		}
	}
	if !c.role.Policy.Deaf {
		delay += requestedDelay(err)
	}
	return delay, ok
}

// endedBy reports whether the client takes what has happened for the end: a connection that lasted this long, or an
// attempt that failed if lasted is 0.
func (c *Client) endedBy(lasted time.Duration, err error) bool {
	ends := &c.swarm.options.Ends
	if lasted > 0 {
		return ends.AtClose(closing(err))
	}
	status := 0
	if r, ok := errors.AsType[*refused](err); ok {
		status = r.status
	}
	return ends.AtRefusal(status, c.generation > 0)
}

// closing returns the close code with which a connection ended, as a browser tells it to a script, and whether a reason
// came with it.
func closing(err error) (code int, reasoned bool) {
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code == websocket.CloseAbnormalClosure {
		return websocket.CloseAbnormalClosure, false
	}
	return e.Code, e.Text != ""
}

// tryLaterDelay is how long a client waits after the close code 1013 (try again later) if the reason carries no time.
const tryLaterDelay = 5 * time.Second

// requestedDelay returns how long the server asked the client to wait, 0 if it did not ask.
func requestedDelay(err error) time.Duration {
	if r, ok := errors.AsType[*refused](err); ok {
		return r.retryAfter
	}
	e, ok := errors.AsType[*websocket.CloseError](err)
	if !ok || e.Code != websocket.CloseTryAgainLater && e.Code != websocket.CloseServiceRestart {
		return 0
	}
	if wait := model.RetryAfter(e.Text); wait > 0 || e.Code == websocket.CloseServiceRestart {
		return min(wait, maxRetryAfter)
	}
	return tryLaterDelay
}

func (c *Client) enter(to phase) {
	c.swarm.tally.move(c.phase, to)
	c.phase = to
}

// cut resets the client's connection, as a middlebox would: the server receives no close frame and no end of
// stream. It reports whether there was a connection. Any goroutine may call it.
func (c *Client) cut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return false
	}
	sock.Close(c.conn.NetConn(), true)
	return true
}
