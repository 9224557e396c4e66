package swarm

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/sock"
)

// A slow reader takes slowRead bytes each slowPause, so that a server which sends more finds its
// buffers filling up. Its own is slowBuffer bytes, or as little as the system gives.
const (
	slowRead   = 64
	slowPause  = 125 * time.Millisecond
	slowBuffer = 4096
)

// slowConn reads slowly once it is told to.
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

// NetConn leads down to the socket.
func (c *slowConn) NetConn() net.Conn { return c.Conn }

// slowDialer is d for slow readers.
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

// slowDown makes a connection slow that slowed dialed, also below TLS.
func slowDown(conn net.Conn) {
	if c, ok := sock.As[*slowConn](conn); ok {
		c.slow.Store(true)
	}
}
