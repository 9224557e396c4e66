package swarm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	handshakeTimeout = 10 * time.Second
	// A server must not be able to send a client away for ever.
	maxRetryAfter = 5 * time.Minute
)

// refused is a handshake that was answered, but not with 101.
type refused struct {
	status     int
	retryAfter time.Duration // how long the server asks to wait, 0 if it does not
}

func (r *refused) Error() string {
	return fmt.Sprintf("handshake refused with status %d", r.status)
}

// Small buffers: a client reads and writes a few dozen bytes at a time, and there may be thousands.
func newDialer() *websocket.Dialer {
	return &websocket.Dialer{
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   1024,
		WriteBufferSize:  1024,
		WriteBufferPool:  &sync.Pool{},
	}
}

// endpoint is where the client with this id connects to: base with the id in its query.
func endpoint(base *url.URL, id string) string {
	u := *base
	query := u.Query()
	query.Set("client", id)
	u.RawQuery = query.Encode()
	return u.String()
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	conn, response, err := c.swarm.dialer.DialContext(ctx, c.url, c.header)
	if errors.Is(err, websocket.ErrBadHandshake) {
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
