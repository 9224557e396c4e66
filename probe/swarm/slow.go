package swarm

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
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

// NetConn is for who wants to reset the socket.
func (c *slowConn) NetConn() net.Conn { return c.Conn }

// slowed is d for slow readers.
func slowed(d *websocket.Dialer) *websocket.Dialer {
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

// slowDown ends the haste of a connection that slowed dialed, also through TLS.
func slowDown(conn net.Conn) {
	for {
		if c, ok := conn.(*slowConn); ok {
			c.slow.Store(true)
			return
		}
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		conn = inner.NetConn()
	}
}
