package swarm

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

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

// slowDialer returns a copy of d whose connections can be slowed down.
func slowDialer(d *websocket.Dialer) *websocket.Dialer {
	slow := *d
	slow.NetDialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.NetDialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if socket, ok := conn.(*net.TCPConn); ok {
			socket.SetReadBuffer(slowBuffer)
		}
		return &slowConn{Conn: conn}, nil
	}
	return &slow
}

// slowDown makes a connection slow. It must come from a slowDialer; there may be TLS above it.
func slowDown(conn net.Conn) {
	if c, ok := sock.As[*slowConn](conn); ok {
		c.slow.Store(true)
	}
}
