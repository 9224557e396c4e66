package swarm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/process"
)

const (
	handshakeTimeout = 10 * time.Second
	// handshakes is how many may run at a time. More of them at once only take memory, and the time to
	// look through it for garbage.
	handshakes = 256
	// patience is how long a handshake holds its place. By then it is waiting for the server, who must
	// not keep others from trying.
	patience = 20 * time.Millisecond
	// A server must not be able to send a client away for ever.
	maxRetryAfter = 5 * time.Minute
)

// refused is a handshake that was answered, but not with 101.
type refused struct {
	status     int
	retryAfter time.Duration // how long the server asks to wait, 0 if it does not
}

func (r *refused) Error() string {
	return strings.TrimSpace(fmt.Sprintf("handshake refused with %d %s", r.status, http.StatusText(r.status)))
}

// busy reports whether the server may let the same client in later.
func (r *refused) busy() bool {
	return r.status == http.StatusServiceUnavailable || r.status == http.StatusTooManyRequests
}

// newDialer has small buffers: there may be thousands of clients, and most messages are short. A long
// one needs a buffer of its size to be one frame, but only for as long as it takes to write.
func newDialer(o *Options) *websocket.Dialer {
	longest := leastPayload
	for _, role := range o.Cast {
		longest = max(longest, role.Payload)
	}
	return &websocket.Dialer{
		NetDialContext:   (&net.Dialer{KeepAlive: -1}).DialContext, // clients have beats of their own
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: handshakeTimeout,
		TLSClientConfig:  o.TLS,
		Subprotocols:     o.Subprotocols,
		ReadBufferSize:   readBuffer,
		WriteBufferSize:  longest,
		WriteBufferPool:  &sync.Pool{},
	}
}

// readBuffer is in bytes. What is longer is read into the buffer in parts.
const readBuffer = 256

// placeholder is what stands for the client's id in URL and headers, and escapedPlaceholder how a path shows it.
const (
	placeholder        = "{id}"
	escapedPlaceholder = "%7Bid%7D"
)

// withPlaceholder is base with a place for the id: where it has one, else in the query.
func withPlaceholder(base *url.URL) string {
	if text := base.String(); strings.Contains(text, escapedPlaceholder) || strings.Contains(text, placeholder) {
		return text
	}
	u := *base
	u.RawQuery = strings.TrimSuffix("client="+placeholder+"&"+u.RawQuery, "&")
	return u.String()
}

// clientURL is where the client with this id connects to.
func clientURL(template, id string) string {
	return strings.NewReplacer(escapedPlaceholder, url.PathEscape(id), placeholder, url.QueryEscape(id)).Replace(template)
}

// requestHeader is what the client's handshakes say beside the usual.
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

// dial does so in a goroutine of its own: the stack that a handshake takes is not to stay with one that
// waits for messages most of its life.
func (c *Client) dial(ctx context.Context) (conn *websocket.Conn, err error) {
	if !c.swarm.handshakes.Acquire(ctx.Done(), c) {
		return nil, ctx.Err()
	}
	defer c.swarm.handshakes.Release(c)
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
	begin := time.Now()
	conn, response, err := dialer.DialContext(ctx, clientURL(c.swarm.template, c.id), c.requestHeader())
	switch {
	case err == nil:
		c.swarm.record.handshake.add(time.Since(begin))
	case errors.Is(err, websocket.ErrBadHandshake) && response.StatusCode != http.StatusSwitchingProtocols:
		return nil, &refused{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	return conn, err
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
