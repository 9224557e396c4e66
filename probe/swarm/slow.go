package swarm

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"holter/probe/sock"
)

// A slow client reads slowRead bytes after each slowPause, so that a server which sends more has its buffers
// filled. The client's receive buffer has slowBuffer bytes, or the system's minimum.
const (
	slowRead   = 64
	slowPause  = 125 * time.Millisecond
	slowBuffer = 4096
)

// slowConn reads slowly once slow is set.
type slowConn struct {
	net.Conn
	slow atomic.Bool
}

func (c *slowConn) Read(p []byte) (int, error) {
	if !c.slow.Load() {
		return c.Conn.Read(p)
	}
	time.Sleep(slowPause)
	return c.Conn.Read(p[:min(len(p), slowRead)])
}

// NetConn returns the connection below.
func (c *slowConn) NetConn() net.Conn { return c.Conn }

// slow returns a copy of w whose connections can be slowed down.
func (w *way) slow() *way {
	slow := *w
	slow.socket = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := w.socket(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if socket, ok := sock.As[*net.TCPConn](conn); ok {
			socket.SetReadBuffer(slowBuffer)
		}
		return &slowConn{Conn: conn}, nil
	}
	return &slow
}

// slowDown makes a connection slow. It must come from a slow way; there may be TLS above it.
func slowDown(conn net.Conn) {
	if c, ok := sock.As[*slowConn](conn); ok {
		c.slow.Store(true)
	}
}
