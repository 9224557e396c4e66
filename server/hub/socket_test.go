package hub

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/tap"
)

// endpoint is a Gin server on a real socket whose handler gets tapped connections.
type endpoint struct {
	url      string
	dialer   websocket.Dialer
	handlers sync.WaitGroup
}

type tapWriter struct {
	gin.ResponseWriter
	hub     *Hub
	request *http.Request
}

func (w tapWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return tap.Hijack(w.ResponseWriter, func(c net.Conn, early []byte) *tap.Conn { return w.hub.Adopt(w.request, c, early, nil) })
}

func listen(t testing.TB, h *Hub, secure bool, handle func(*websocket.Conn)) *endpoint {
	t.Helper()
	e := new(endpoint)
	engine := gin.New()
	engine.GET("/ws", func(c *gin.Context) {
		e.handlers.Add(1)
		defer e.handlers.Done()
		var upgrader websocket.Upgrader
		ws, err := upgrader.Upgrade(tapWriter{c.Writer, h, c.Request}, c.Request, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		handle(ws)
	})
	server := httptest.NewUnstartedServer(engine)
	if secure {
		server.StartTLS()
		e.dialer.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	} else {
		server.Start()
	}
	e.url = strings.Replace(server.URL, "http", "ws", 1) + "/ws"
	t.Cleanup(func() {
		server.Close()
		e.handlers.Wait()
	})
	return e
}

// dial opens a connection as client.
func (e *endpoint) dial(t testing.TB, client string) *websocket.Conn {
	t.Helper()
	c, response, err := e.dialer.Dial(e.url+"?client="+client, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	t.Cleanup(func() { c.Close() })
	return c
}

// eventually polls a condition that other goroutines bring about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(5 * ms)
	defer poll.Stop()
	for limit := time.Now().Add(15 * time.Second); !ok(); <-poll.C {
		if time.Now().After(limit) {
			t.Fatalf("never saw %s", what)
		}
	}
}

// echo ends with the message "end", and otherwise with the connection.
func echo(ws *websocket.Conn) {
	for {
		kind, message, err := ws.ReadMessage()
		if err != nil || string(message) == "end" || ws.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// openFiles returns the number of descriptors that the process has.
func openFiles(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(names)
}

// watchEvents checks the events for gaps until it is stopped. It returns their number.
func watchEvents(t testing.TB, h *Hub) (stop func() uint64) {
	ctx, cancel := context.WithCancel(context.Background())
	over, seq := make(chan struct{}), uint64(0)
	go func() {
		defer close(over)
		for {
			batch, err := h.Events(ctx, seq)
			if err != nil {
				return
			}
			for _, e := range batch {
				if seq++; e.Seq != seq || e.Type == model.Dropped {
					t.Errorf("event %d is %d, %s", seq, e.Seq, e.Type)
				}
			}
		}
	}()
	return func() uint64 {
		cancel()
		<-over
		return seq
	}
}

func TestAllEndsAtOnce(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) { endAtOnce(t, secure) })
	}
}

// endAtOnce opens many connections. Ending handlers, vanishing peers, kicks and the shutdown compete to close
// each of them.
func endAtOnce(t *testing.T, secure bool) {
	const n = 200
	h, stop := start(t, quick())
	e := listen(t, h, secure, echo)
	e.dial(t, "first").Close() // the process opens some descriptors with its first connection
	eventually(t, "the end of the first", func() bool { return h.Size() == 0 })
	before := openFiles(t)
	seen := watchEvents(t, h)

	begin := make(chan struct{})
	var all sync.WaitGroup
	act := func(f func()) {
		all.Go(func() {
			<-begin
			f()
		})
	}
	for i := range n {
		c := e.dial(t, "many")
		all.Go(func() { // answers pings and close frames
			defer c.Close()
			for _, _, err := c.ReadMessage(); err == nil; _, _, err = c.ReadMessage() {
			}
		})
		if i%2 == 0 {
			act(func() { c.WriteMessage(websocket.TextMessage, []byte("end")) })
		} else {
			act(func() { c.NetConn().Close() })
		}
	}
	act(func() { h.Kick(t.Context(), model.Kick{Query: "all"}) })
	act(func() { h.Kick(t.Context(), model.Kick{Query: "all", Reset: true}) })
	act(stop)
	close(begin)
	all.Wait()

	eventually(t, "the end of all", func() bool { return h.Size() == 0 })
	e.handlers.Wait()
	wantEmpty(t, h)
	s := snapshot(t, h)
	for _, c := range s.Connections {
		lines := story(h, c.ID)
		first, last, all := lines[0], lines[len(lines)-1], strings.Join(lines, ", ")
		if first != "connection.opened" || !strings.HasPrefix(last, "closed ") || strings.Count(all, "opened")+strings.Count(all, "closed ") != 2 {
			t.Errorf("the events of %s are %s", c.ID, all)
		}
		if c.Close == nil || c.State != model.Closed {
			t.Errorf("%s is %s, close %v", c.ID, c.State, c.Close)
		}
	}
	told := uint64(len(events(h)))
	eventually(t, "all events", func() bool { return seen() == told })
	connects, closes := h.count.connects.Load(), h.count.closes.Load()
	if connects != n+1 || closes != n+1 || len(s.Connections) != n+1 {
		t.Errorf("%d connects, %d closes, %d on the list, want %d", connects, closes, len(s.Connections), n+1)
	}
	eventually(t, "the descriptors of before", func() bool { return openFiles(t) <= before })
}

func TestPeerThatDoesNotReadIsClosed(t *testing.T) {
	t.Parallel()
	o := quick()
	o.Rhythm.Interval = 100 * ms
	o.WriteTimeout = 2 * time.Second
	h, _ := start(t, o)
	failed := make(chan error, 1)
	e := listen(t, h, false, func(ws *websocket.Conn) {
		message := make([]byte, 1<<20)
		for {
			if err := ws.WriteMessage(websocket.BinaryMessage, message); err != nil {
				failed <- err
				return
			}
		}
	})
	e.dial(t, "ann") // and reads nothing
	<-failed
	eventually(t, "the end", func() bool { return h.Size() == 0 })
	d := detail(t, h, 1)
	if d.Close.Code != CodeTimeout || d.Close.By != model.ByHolter || !strings.HasPrefix(d.Close.Reason, "write timeout") {
		t.Errorf("%+v", d.Close)
	}
	if runtime.GOOS == "linux" { // where the kernel tells, the peer is suspect first, and no probe ends it
		wantStory(t, h, 1, "connection.opened", "normal to suspect: backpressure", "closed 3008 by holter while closed")
	}
}

// A peer that reads nothing for a while is suspect meanwhile. It is normal again once it reads, whatever it sends.
func TestPeerThatReadsAgain(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the evidence comes from Linux's TCP_INFO")
	}
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := quick()
			o.Rhythm.Interval = 200 * ms
			h, _ := start(t, o)
			const size = 24 << 20
			e := listen(t, h, secure, func(ws *websocket.Conn) {
				wrote := make(chan struct{})
				go func() {
					defer close(wrote)
					ws.WriteMessage(websocket.BinaryMessage, make([]byte, size))
				}()
				for _, _, err := ws.NextReader(); err == nil; _, _, err = ws.NextReader() {
				}
				<-wrote
			})
			c := e.dial(t, "ann")
			state := func(want model.State) {
				eventually(t, want.String(), func() bool {
					c.WriteMessage(websocket.TextMessage, []byte("I live"))
					return detail(t, h, 1).State == want
				})
			}
			state(model.Suspect)
			time.Sleep(5 * time.Second) // longer than beats and probes would give it
			if d := detail(t, h, 1); d.State != model.Suspect || d.Diagnosis.Cause != model.CauseBackpressure {
				t.Errorf("%s: %+v", d.State, d.Diagnosis)
			}
			read := make(chan struct{})
			go func() {
				defer close(read)
				for _, _, err := c.ReadMessage(); err == nil; _, _, err = c.ReadMessage() {
				}
			}()
			state(model.Normal)
			wantStory(t, h, 1, "connection.opened", "normal to suspect: backpressure", "suspect to normal: jitter")
			c.Close()
			<-read
		})
	}
}

// A slow peer may take any time to read a long message, as long as there is progress.
func TestSlowPeerIsNotStuck(t *testing.T) {
	t.Parallel()
	o := quick()
	o.WriteTimeout = time.Second
	h, _ := start(t, o)
	const size = 48 << 20
	wrote := make(chan time.Duration, 1)
	e := listen(t, h, false, func(ws *websocket.Conn) {
		begin := time.Now()
		if err := ws.WriteMessage(websocket.BinaryMessage, make([]byte, size)); err != nil {
			t.Error(err)
		}
		wrote <- time.Since(begin)
	})
	c := e.dial(t, "ann").NetConn()
	pace := time.NewTicker(50 * ms)
	defer pace.Stop()
	for left := int64(size - 64<<10); left > 0; left -= 1 << 20 { // its first bytes may have come with the 101
		<-pace.C
		if _, err := io.CopyN(io.Discard, c, min(left, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if took := <-wrote; took < o.WriteTimeout {
		t.Errorf("the write took only %v: nothing was tested", took)
	}
}

func TestRealPeerIsKicked(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			h, _ := start(t, quick())
			c := listen(t, h, secure, echo).dial(t, "ann")
			c.WriteMessage(websocket.TextMessage, []byte("hello"))
			if _, message, err := c.ReadMessage(); err != nil || string(message) != "hello" {
				t.Fatalf("%q, %v", message, err)
			}
			if n, err := h.Kick(t.Context(), model.Kick{Query: "client=ann", Code: 4001, Reason: "bye"}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			_, _, err := c.ReadMessage()
			if end, ok := err.(*websocket.CloseError); !ok || end.Code != 4001 || end.Text != "bye" {
				t.Errorf("the client saw %v", err)
			}
			eventually(t, "the end", func() bool { return h.Size() == 0 })
			wantStory(t, h, 1, "connection.opened", "closed 4001 by holter while closed")
		})
	}
}
