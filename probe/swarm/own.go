package swarm

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Own remembers the sockets of a swarm by their own addresses, so that a server in the same process can tell the swarm's
// connections from all others. Any goroutine may call it. It remembers closed sockets too, because a server notices a
// little later that a client has gone. There are never more of them than the machine has ports.
type Own struct {
	mu     sync.Mutex
	closed map[netip.AddrPort]time.Time // the zero time while a socket is open
}

// Has reports whether a connection from this address that a server accepted at this time is one of the swarm's.
func (o *Own) Has(remote netip.AddrPort, accepted time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	closed, ok := o.closed[unmapped(remote)]
	return ok && (closed.IsZero() || accepted.Before(closed)) // after that, the port may belong to somebody else
}

// watch returns a dialFunc that does what socket does, and remembers the sockets.
func (o *Own) watch(socket dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := socket(ctx, network, address)
		if err != nil {
			return nil, err
		}
		local, ok := conn.LocalAddr().(*net.TCPAddr)
		if !ok {
			return conn, nil
		}
		at := unmapped(local.AddrPort())
		o.note(at, time.Time{})
		return &ownConn{Conn: conn, closed: sync.OnceFunc(func() { o.note(at, time.Now()) })}, nil
	}
}

func (o *Own) note(at netip.AddrPort, closed time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed == nil {
		o.closed = map[netip.AddrPort]time.Time{}
	}
	o.closed[at] = closed
}

// unmapped is an address as both ends of a connection write it, also where one of them has it mapped into IPv6.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// ownConn is a connection of the swarm's.
type ownConn struct {
	net.Conn
	closed func()
}

// Close notes the time before the port is free for others.
func (c *ownConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *ownConn) NetConn() net.Conn { return c.Conn }
