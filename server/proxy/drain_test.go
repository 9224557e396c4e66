package proxy

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server"
)

// A drain tells both ends of a connection, and ends tunnels, which have no close frames.
func TestDrainTellsBothEnds(t *testing.T) {
	backendSaw := make(chan error, 10)
	upgrader := websocket.Upgrader{}
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "other" {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"))
			_, err = c.Read(make([]byte, 1))
			backendSaw <- err
			return
		}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		_, _, err = ws.ReadMessage()
		backendSaw <- err
	})
	p := runProxy(t, b.URL, func(_ *server.Options, o *Options) { o.Drain = 300 * time.Millisecond })
	clients := []*websocket.Conn{p.dial(t, "ann"), p.dial(t, "bob")}
	tunnel := connectTo(t, p.Addr().String())
	tunnel.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"))
	if n, err := tunnel.Read(make([]byte, 1000)); n == 0 || err != nil {
		t.Fatalf("no tunnel: %v", err)
	}
	waitFor(t, "all connections", func() bool { return p.monitor.Source().Size() == 3 })
	begin := time.Now()
	p.WindDown(t.Context())
	if took := time.Since(begin); took > 300*time.Millisecond+3*closeWait {
		t.Errorf("took %v", took)
	}
	if n := p.monitor.Source().Size(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	for _, c := range clients {
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			t.Errorf("a client saw %v", err)
		}
	}
	if _, err := tunnel.Read(make([]byte, 1)); err == nil {
		t.Error("the tunnel is open")
	}
	told := 0
	for range 3 {
		if err := <-backendSaw; websocket.IsCloseError(err, websocket.CloseServiceRestart) {
			told++
		} else if err == nil {
			t.Error("the backend of the tunnel saw a byte")
		}
	}
	if told != 2 {
		t.Errorf("the backend was told of %d restarts", told)
	}
}
