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
)

// lab is a WebSocket server and the clients that come to it, all of them in this process.
type lab struct {
	address  string
	server   *http.Server
	schedule *schedule
	upgrader websocket.Upgrader
	working  process.Group // the server, the schedule and the server's ends
	stop     context.CancelFunc
	beats    atomic.Int64

	mu     sync.Mutex // protects all following
	guests map[int]*guest
	last   int // number of the newest guest
}

// guest is a client that the server expects.
type guest struct {
	scheme *scheme
	end    *end          // the server's
	seated chan struct{} // closed when the server's end is there
	left   chan struct{} // closed when it is over
}

// The buffers of the chat example.
const bufferSize = 1024

func openLab() (*lab, error) {
	ctx, stop := context.WithCancel(context.Background())
	listener, err := listen(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	l := &lab{
		address:  listener.Addr().String(),
		schedule: newSchedule(),
		upgrader: websocket.Upgrader{ReadBufferSize: bufferSize, WriteBufferSize: bufferSize},
		stop:     stop,
		guests:   map[int]*guest{},
	}
	l.server = &http.Server{Handler: l, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: handshakeTimeout}
	l.working.Go(func() { l.server.Serve(socketListener{listener.(*net.TCPListener)}) })
	l.working.Go(func() { l.schedule.run(ctx) })
	return l, nil
}

// close returns once nothing of the lab is left. Its clients have to be gone.
func (l *lab) close() {
	l.stop()
	l.server.Close()
	l.working.Wait()
}

// socketListener wraps what it accepts.
type socketListener struct{ *net.TCPListener }

func (l socketListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return newSocket(c), nil
}

// newEnd is an end without its connection.
func (l *lab) newEnd(c clock, random float64) *end {
	return &end{
		clock: c, random: random, schedule: l.schedule, beats: &l.beats,
		record: record{done: make(chan struct{})},
	}
}

// expect gives a guest the number to come with.
func (l *lab) expect(s *scheme, server *end) (int, *guest) {
	g := &guest{scheme: s, end: server, seated: make(chan struct{}), left: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.guests[l.last] = g
	return l.last, g
}

// find is the guest with that number, who is expected no more then.
func (l *lab) find(number string) *guest {
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.guests[n]
	delete(l.guests, n)
	return g
}

// ServeHTTP seats a guest. As in the chat example the handler returns and the connection lives on.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := l.find(r.URL.Query().Get("guest"))
	if g == nil {
		http.NotFound(w, r)
		return
	}
	conn, err := l.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	g.end.conn, g.end.socket = conn, conn.NetConn().(*socket)
	close(g.seated)
	l.working.Go(func() {
		defer close(g.left)
		g.scheme.serve(g.end)
	})
}

// leave returns when the server's end is over, if there ever was one.
func (g *guest) leave() {
	select {
	case <-g.seated:
		g.end.socket.kill()
		<-g.left
	default:
	}
}

const handshakeTimeout = 20 * time.Second

var errNotSeated = errors.New("the server took the connection and did not keep it")

// handshake opens the client's end on a connection to the server, and waits for the server's.
func (l *lab) handshake(ctx context.Context, number int, g *guest, client *end, c *net.TCPConn) error {
	client.socket = newSocket(c)
	ws := websocket.Dialer{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
		NetDialContext:   func(context.Context, string, string) (net.Conn, error) { return client.socket, nil },
	}
	conn, _, err := ws.DialContext(ctx, fmt.Sprintf("ws://%s/?guest=%d", l.address, number), nil)
	if err != nil {
		return fmt.Errorf("handshake over loopback: %w", err)
	}
	client.conn = conn
	select {
	case <-g.seated:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(handshakeTimeout):
		return errNotSeated
	}
}
