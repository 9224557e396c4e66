package swarm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/process"
)

const (
	handshakeTimeout = 10 * time.Second
	// handshakes bounds how many handshakes run at a time. More of them would not be faster, but take memory
	// and time in the garbage collector.
	handshakes = 256
	// patience is how long a handshake keeps its place among them. One that takes longer is waiting for the
	// server, and must not keep others from starting.
	patience = 20 * time.Millisecond
)

// newDialer makes a dialer with small buffers, because there may be thousands of clients and most messages are
// short. A long message needs a write buffer of its size to be sent as one frame, but only while it is written:
// the pool lends it.
func newDialer(o *Options, w *way) *websocket.Dialer {
	longest := leastPayload
	for _, role := range o.Cast {
		longest = max(longest, role.Payload)
	}
	return &websocket.Dialer{
		NetDialContext:    w.plain,
		NetDialTLSContext: w.secure,
		HandshakeTimeout:  handshakeTimeout,
		Subprotocols:      o.Subprotocols,
		ReadBufferSize:    readBuffer,
		WriteBufferSize:   longest,
		WriteBufferPool:   &sync.Pool{},
	}
}

// readBuffer is in bytes. Longer messages are read in several steps.
const readBuffer = 256

// placeholder stands for the client's id in the URL and in headers. In the path of a URL it is escaped.
const (
	placeholder        = "{id}"
	escapedPlaceholder = "%7Bid%7D"
)

// withPlaceholder returns base as text. If base has no placeholder for the id, one is added to the query.
func withPlaceholder(base *url.URL) string {
	if text := base.String(); strings.Contains(text, escapedPlaceholder) || strings.Contains(text, placeholder) {
		return text
	}
	u := *base
	u.RawQuery = strings.TrimSuffix("client="+placeholder+"&"+u.RawQuery, "&")
	return u.String()
}

// clientURL is the URL that the client with this id connects to.
func clientURL(template, id string) string {
	return strings.NewReplacer(escapedPlaceholder, url.PathEscape(id), placeholder, url.QueryEscape(id)).Replace(template)
}

// requestHeader makes the header of the client's handshakes.
func (c *Client) requestHeader() http.Header {
	header := http.Header{"User-Agent": {c.swarm.userAgents[c.role]}}
	for name, values := range c.swarm.options.Header {
		header[name] = nil
		for _, value := range values {
			header.Add(name, strings.ReplaceAll(value, placeholder, c.id))
		}
	}
	return header
}

// dial waits for its turn and performs the handshake. It does so in a goroutine of its own, because a handshake
// needs a large stack: the client's goroutine would keep that stack for all of its life.
func (c *Client) dial(ctx context.Context) (conn *websocket.Conn, err error) {
	if !c.swarm.handshakes.Acquire(ctx.Done(), c) {
		return nil, ctx.Err()
	}
	defer c.swarm.handshakes.Release(c)
	c.swarm.tally.attempt(c.swarm.clock.Now())
	done := make(chan struct{})
	process.Go(func() {
		defer close(done)
		conn, err = c.handshake(ctx)
	})
	<-done
	return conn, err
}

func (c *Client) handshake(ctx context.Context) (*websocket.Conn, error) {
	dialer := c.swarm.dialer
	if c.role.Slow {
		dialer = c.swarm.slowDialer
	}
	ctx = context.WithValue(ctx, clientNumber{}, c.number)
	begin := time.Now()
	conn, response, err := dialer.DialContext(ctx, clientURL(c.swarm.template, c.id), c.requestHeader())
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && response.StatusCode != http.StatusSwitchingProtocols:
		return nil, newRefused(response)
	case err != nil:
		return nil, err
	}
	if err := checkSubprotocol(c.swarm.options.Subprotocols, response.Header.Values("Sec-Websocket-Protocol")); err != nil {
		conn.Close()
		return nil, err
	}
	c.swarm.record.handshake.add(time.Since(begin))
	return conn, nil
}

var (
	errSubprotocol   = errors.New("the server chose a subprotocol that was not offered")
	errNoSubprotocol = errors.New("the server chose none of the subprotocols that were offered")
)

// checkSubprotocol returns an error if a browser would not take the server's choice: it must be one of those that were
// offered, and it must be there if any was (WHATWG WebSockets, "establish a WebSocket connection").
func checkSubprotocol(offered, chosen []string) error {
	switch {
	case len(chosen) == 0 && len(offered) == 0, len(chosen) == 1 && slices.Contains(offered, chosen[0]):
		return nil
	case len(chosen) == 0:
		return errNoSubprotocol
	}
	return fmt.Errorf("%w (%q)", errSubprotocol, shown(strings.Join(chosen, ", ")))
}
