package compare

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"holter/probe/process"
)

// link is the path of one connection: two sockets and what passes between them. Like any box that
// ends TCP it acknowledges what it takes, so the ends' kernels know nothing of what it does.
type link struct {
	client, server lane // what comes from the client, and from the server
	path           path
	bytes          atomic.Uint64 // taken in, both ways
	down           chan struct{}
	carriers       process.Group
}

// lane carries what one end sends.
type lane struct {
	from *net.TCPConn // to that end
	gone atomic.Bool  // all its packets vanish, those on their way too
}

// packet is what one read took in.
type packet struct {
	data []byte
	due  time.Time
}

// inFlight packets may be on their way in one direction before the link takes no more.
const inFlight = 64

// The kernel's own keep-alive, which Go would switch on, is off everywhere: its packets belong to no scheme.
var dialer = net.Dialer{KeepAlive: -1}

func listen(ctx context.Context) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	return config.Listen(ctx, "tcp", "127.0.0.1:0")
}

// newLink connects to server and returns the client's socket at the other end.
func newLink(ctx context.Context, server string, p path, random *rand.Rand) (*link, *net.TCPConn, error) {
	far, err := dialer.DialContext(ctx, "tcp", server)
	if err != nil {
		return nil, nil, err
	}
	client, near, err := pair(ctx)
	if err != nil {
		far.Close()
		return nil, nil, err
	}
	l := &link{path: p, down: make(chan struct{})}
	l.client.from, l.server.from = near, far.(*net.TCPConn)
	up, back := rand.New(rand.NewPCG(random.Uint64(), 0)), rand.New(rand.NewPCG(random.Uint64(), 1))
	l.carriers.Go(func() { l.carry(&l.client, l.server.from, up) })
	l.carriers.Go(func() { l.carry(&l.server, l.client.from, back) })
	return l, client, nil
}

// pair is a connection over loopback, both ends of it.
func pair(ctx context.Context) (client, server *net.TCPConn, err error) {
	listener, err := listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer listener.Close()
	c, err := dialer.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	for { // another program may find the port
		s, err := listener.Accept()
		if err != nil {
			c.Close()
			return nil, nil, fmt.Errorf("accept a connection of our own: %w", err)
		}
		if s.RemoteAddr().String() == c.LocalAddr().String() {
			return c.(*net.TCPConn), s.(*net.TCPConn), nil
		}
		s.Close()
	}
}

// carry takes packets from a lane until it ends, and has them delivered to the other end.
func (l *link) carry(from *lane, to *net.TCPConn, random *rand.Rand) {
	packets := make(chan packet, inFlight)
	l.carriers.Go(func() { l.deliver(packets, &from.gone, to) })
	defer close(packets)
	buffer := make([]byte, 2048)
	for due := time.Now(); ; {
		n, err := from.from.Read(buffer)
		if err != nil {
			return
		}
		l.bytes.Add(uint64(n))
		if arrives := time.Now().Add(l.path.trip(random)); arrives.After(due) {
			due = arrives // TCP keeps the order: what is behind a late packet waits for it
		}
		packets <- packet{append([]byte(nil), buffer[:n]...), due}
	}
}

func (l *link) deliver(packets <-chan packet, gone *atomic.Bool, to *net.TCPConn) {
	for p := range packets {
		if l.wait(time.Until(p.due)); !gone.Load() {
			to.Write(p.data) // an end that has gone shows in the read
		}
	}
	if !gone.Load() {
		to.CloseWrite()
	}
}

// wait returns after d, or at once if the link goes down.
func (l *link) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.down:
	}
}

// vanish has all packets vanish.
func (l *link) vanish() {
	l.client.gone.Store(true)
	l.server.gone.Store(true)
}

// reset has both ends get a reset, and nothing else.
func (l *link) reset() {
	l.vanish()
	for _, socket := range l.sockets() {
		socket.SetLinger(0)
		socket.Close()
	}
}

func (l *link) sockets() [2]*net.TCPConn { return [...]*net.TCPConn{l.client.from, l.server.from} }

// close takes the link down and returns once nothing of it is left.
func (l *link) close() {
	close(l.down)
	for _, socket := range l.sockets() {
		socket.Close()
	}
	l.carriers.Wait()
}
