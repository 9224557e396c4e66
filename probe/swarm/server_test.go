package swarm

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"holter/model"
	"holter/probe/pause"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	goleak.VerifyTestMain(m)
}

// echo is a server that echoes messages, pings its clients, and records what each client does.
type echo struct {
	*httptest.Server
	handlers sync.WaitGroup
	closing  chan struct{}

	mu     sync.Mutex
	peers  map[string][]*peer // by client id, oldest first
	refuse http.Header        // if set, upgrades are answered with 503 and this header
	mute   bool               // the server does not read from the first connection of each client
}

// peer is one connection as the server sees it.
type peer struct {
	conn   *websocket.Conn
	agent  string
	header http.Header // of its request
	path   string
	opened time.Time // when its request arrived

	mu       sync.Mutex
	pings    []time.Time // the client's own
	pongs    []time.Time
	trips    []time.Duration // round trips of the server's pings
	messages []time.Time
	closed   time.Time // zero while open
	end      error
}

func newEcho(t *testing.T) *echo { return newEchoOn(t, httptest.NewServer) }

func newEchoOn(t *testing.T, start func(http.Handler) *httptest.Server) *echo {
	e := &echo{peers: map[string][]*peer{}, closing: make(chan struct{})}
	router := gin.New()
	router.GET("/ws", e.serve)
	router.GET("/rooms/:client/ws", e.serve)
	e.Server = start(router)
	t.Cleanup(func() {
		close(e.closing)
		e.Close()
		e.handlers.Wait()
	})
	return e
}

func (e *echo) url() string { return "ws" + strings.TrimPrefix(e.URL, "http") + "/ws?room=1" }

func (e *echo) serve(c *gin.Context) {
	e.handlers.Add(1) // before the connection is hijacked: the server waits for none that is
	defer e.handlers.Done()
	opened, id := time.Now(), c.Query("client")
	if id == "" {
		id = c.Param("client")
	}
	e.mu.Lock()
	refuse, mute := maps.Clone(e.refuse), e.mute && len(e.peers[id]) == 0
	e.mu.Unlock()
	if refuse != nil {
		maps.Copy(c.Writer.Header(), refuse)
		c.Status(http.StatusServiceUnavailable)
		return
	}
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat.v2"}}
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	p := &peer{conn: conn, agent: c.Request.UserAgent(), header: c.Request.Header, path: c.Request.URL.String(), opened: opened}
	e.mu.Lock()
	e.peers[id] = append(e.peers[id], p)
	e.mu.Unlock()
	if mute {
		<-e.closing
		return
	}
	p.live()
}

// pingEvery is short, so that tests see many pings in little time.
const pingEvery = 20 * time.Millisecond

func (p *peer) live() {
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	group.Go(func() { p.ping(ctx) })
	p.conn.SetPongHandler(func(payload string) error { p.pong(payload); return nil })
	answer := p.conn.PingHandler()
	p.conn.SetPingHandler(func(payload string) error { p.note(&p.pings); return answer(payload) })
	for {
		kind, message, err := p.conn.ReadMessage()
		if err == nil {
			p.note(&p.messages)
			// Beats that are messages are answered. All others are echoed unchanged.
			err = p.conn.WriteMessage(kind, bytes.Replace(message, []byte(`"ping"`), []byte(`"pong"`), 1))
		}
		if err != nil {
			p.mu.Lock()
			p.closed, p.end = time.Now(), err
			p.mu.Unlock()
			return
		}
	}
}

func (p *peer) ping(ctx context.Context) {
	for ctx.Err() == nil {
		stamp, _ := time.Now().MarshalText()
		p.conn.WriteControl(websocket.PingMessage, stamp, time.Now().Add(time.Second))
		pause.For(ctx, pingEvery)
	}
}

func (p *peer) pong(payload string) {
	var sent time.Time
	sent.UnmarshalText([]byte(payload))
	p.note(&p.pongs)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trips = append(p.trips, time.Since(sent))
}

func (p *peer) note(times *[]time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*times = append(*times, time.Now())
}

// with calls read under the lock of p.
func with[T any](p *peer, read func() T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return read()
}

func (e *echo) set(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change()
}

// generations are the connections of a client so far.
func (e *echo) generations(id string) []*peer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*peer(nil), e.peers[id]...)
}

// generation waits for the n-th connection of a client, counting from 1.
func (e *echo) generation(t *testing.T, id string, n int) *peer {
	t.Helper()
	eventually(t, "connection of "+id, func() bool { return len(e.generations(id)) >= n })
	return e.generations(id)[n-1]
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout while waiting for: %s", what)
		}
	}
}

// start runs a swarm until the test ends or stop is called. stop returns after Run has returned.
func start(t *testing.T, o Options) (s *Swarm, stop func()) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, run(t, s)
}

// run runs s as start does.
func run(t *testing.T, s *Swarm) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-result; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// one returns the options of a swarm of a single client, c-0001.
func one(e *echo, b Behaviour, p model.Policy) Options {
	return Options{URL: e.url(), Clients: 1, Prefix: "c", Cast: []Role{{b, p, 1}}}
}
