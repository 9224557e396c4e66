package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/process"
	"holter/probe/pulse"
)

// lab is a WebSocket server and the clients that come to it, all of them in this process.
type lab struct {
	address  string
	server   *http.Server
	clock    *pulse.Clock
	upgrader websocket.Upgrader
	doors    map[string]http.Handler // where guests come in, by the name of their scheme
	working  process.Group           // the server, the clock, the monitors and the server's ends
	stop     context.CancelFunc
	fail     context.CancelCauseFunc
	beats    atomic.Int64

	mu     sync.Mutex // protects all following
	guests map[string]*guest
	last   int // number of the newest guest
}

// guest is a client that the server expects, until it leaves.
type guest struct {
	name   string
	scheme *scheme
	serve  func(*end)
	end    *end          // the server's
	seated chan struct{} // closed when the server's end is there
	left   chan struct{} // closed when it is over
}

// The buffers of the chat example.
const bufferSize = 1024

// openLab opens a lab for schemes. What the caller does in it should end with the returned context: it is
// cancelled when ctx ends or when a part of the lab fails, and its cause is the error of that part.
func openLab(ctx context.Context, schemes []scheme, monitor NewMonitor) (*lab, context.Context, error) {
	listener, err := listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) // the ends go first
	l := &lab{
		address:  listener.Addr().String(),
		clock:    pulse.NewClock(),
		upgrader: websocket.Upgrader{ReadBufferSize: bufferSize, WriteBufferSize: bufferSize},
		doors:    map[string]http.Handler{},
		stop:     stop,
		fail:     fail,
		guests:   map[string]*guest{},
	}
	l.working.Go(func() { l.clock.Run(running) })
	for i := range schemes {
		l.open(running, &schemes[i], monitor)
	}
	l.server = &http.Server{Handler: l, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: handshakeTimeout}
	l.working.Go(func() { l.server.Serve(listener) })
	return l, ctx, nil
}

// open opens the door of a scheme. One of holter's leads through a monitor.
func (l *lab) open(running context.Context, s *scheme, monitor NewMonitor) {
	if s.fixed() {
		l.doors[s.name] = http.HandlerFunc(l.seat)
		return
	}
	m := monitor(Settings{Scheme: s.who, Interval: s.ping})
	l.doors[s.name] = m.Wrap(http.HandlerFunc(l.seat))
	l.run(running, m.Run)
	l.run(running, func(ctx context.Context) error { return l.follow(ctx, m) })
}

// run runs a part of the lab whose error ends the context that openLab returned.
func (l *lab) run(ctx context.Context, part func(context.Context) error) {
	l.working.Go(func() {
		if err := part(ctx); err != nil {
			l.fail(err)
		}
	})
}

// close returns once nothing of the lab is left. Its clients have to be gone.
func (l *lab) close() {
	l.stop()
	l.server.Close()
	l.working.Wait()
	l.fail(context.Canceled)
}

// newEnd is an end without its connection.
func (l *lab) newEnd(random float64) *end {
	return &end{random: random, clock: l.clock, beats: &l.beats, record: record{done: make(chan struct{})}}
}

// expect gives a guest a name to come with.
func (l *lab) expect(s *scheme, p pace, server *end) *guest {
	g := &guest{scheme: s, serve: s.server(p), end: server, seated: make(chan struct{}), left: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	g.name = strconv.Itoa(l.last)
	l.guests[g.name] = g
	return g
}

// guest is the guest with that name, nil if none is expected.
func (l *lab) guest(name string) *guest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.guests[name]
}

// target is what a guest's request asks for. A monitor takes the client's name from it.
func (g *guest) target() string { return "/?client=" + g.name }

func (l *lab) guestOf(r *http.Request) *guest { return l.guest(r.URL.Query().Get("client")) }

// ServeHTTP sends a guest through the door of its scheme.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := l.guestOf(r)
	if g == nil {
		http.NotFound(w, r)
		return
	}
	l.doors[g.scheme.name].ServeHTTP(w, r)
}

// seat is behind all doors. As in the chat example the handler returns and the connection lives on.
func (l *lab) seat(w http.ResponseWriter, r *http.Request) {
	g := l.guestOf(r)
	conn, err := l.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if tap, ok := conn.NetConn().(interface{ Prove() }); ok {
		tap.Prove() // or the first ping would wait for a frame
	}
	g.end.conn = conn
	close(g.seated)
	l.working.Go(func() {
		defer close(g.left)
		g.serve(g.end)
	})
}

// leave ends the server's end, if there is one, and returns when it is over.
func (l *lab) leave(g *guest) {
	l.mu.Lock()
	delete(l.guests, g.name)
	l.mu.Unlock()
	select {
	case <-g.seated:
		g.end.conn.Close()
		<-g.left
	default:
	}
}

const handshakeTimeout = 20 * time.Second

var errNotSeated = errors.New("the server took the connection and did not keep it")

// handshake opens the client's end on a connection to the server, and waits for the server's.
func (l *lab) handshake(ctx context.Context, g *guest, client *end, c *net.TCPConn) error {
	ws := websocket.Dialer{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
		NetDialContext:   func(context.Context, string, string) (net.Conn, error) { return c, nil },
	}
	conn, _, err := ws.DialContext(ctx, "ws://"+l.address+g.target(), nil)
	if err != nil {
		return fmt.Errorf("handshake over loopback: %w", err)
	}
	client.conn = conn
	select {
	case <-g.seated:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(handshakeTimeout):
		return errNotSeated
	}
}
