package e2e

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// application is somebody's, in which each path goes wrong in its own way. Before that it says hello. struck is closed when it
// is to go wrong, where that is not at once.
type application struct {
	*httptest.Server
	struck chan struct{}
	over   chan struct{} // closed at the end of the test
}

const (
	feedEvery = 150 * time.Millisecond // of a steady stream

	// A beat that comes sooner and sooner too late for a cut at three seconds.
	safeBeat = 2920 * time.Millisecond
	laterBy  = 60 * time.Millisecond
)

func runApplication(t *testing.T) *application {
	t.Helper()
	a := &application{struck: make(chan struct{}), over: make(chan struct{})}
	var handlers sync.WaitGroup
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		switch part(r) {
		case "nowhere":
			http.NotFound(w, r)
			return
		case "moved":
			http.Redirect(w, r, "/", http.StatusFound)
			return
		case "page":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, feedingPage)
			return
		}
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		gone := make(chan struct{})
		defer close(gone)
		handlers.Go(func() {
			select {
			case <-a.over:
			case <-gone:
			}
			c.NetConn().Close()
		})
		a.serve(&handlers, c, r, gone)
	}))
	t.Cleanup(func() {
		close(a.over)
		a.CloseClientConnections()
		a.Close()
		handlers.Wait()
	})
	return a
}

// part is the first segment of the path, which says what goes wrong.
func part(r *http.Request) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return first
}

func (a *application) serve(handlers *sync.WaitGroup, c *websocket.Conn, r *http.Request, gone chan struct{}) {
	if part(r) != "silent" {
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
	}
	switch part(r) {
	case "deaf":
		a.wait(gone, time.Hour)
		return
	case "hangs-up":
		c.SetPingHandler(func(string) error { return c.NetConn().Close() })
	case "pours":
		handlers.Go(func() {
			for message := make([]byte, 64<<10); c.WriteMessage(websocket.BinaryMessage, message) == nil; {
			}
		})
	case "long":
		handlers.Go(func() { c.WriteMessage(websocket.BinaryMessage, make([]byte, longMessage)) })
	case "feed":
		stops := a.over
		if strings.HasPrefix(r.URL.Query().Get("client"), "stalled-") {
			stops = a.struck
		}
		handlers.Go(func() { a.feed(c, gone, stops) })
	case "beats":
		handlers.Go(func() { a.beat(c, gone) })
	}
	for {
		if _, _, err := c.NextReader(); err != nil {
			return
		}
	}
}

// wait reports whether a time has passed, and false if the connection or the test is over before.
func (a *application) wait(gone chan struct{}, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-gone:
	case <-a.over:
	}
	return false
}

// feed says something at a steady pace until it stops.
func (a *application) feed(c *websocket.Conn, gone, stops chan struct{}) {
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if c.WriteMessage(websocket.TextMessage, []byte("x")) != nil {
				return
			}
		case <-gone:
			return
		case <-stops:
			return
		}
	}
}

// beat pings a few times at a rate that is safe, and then later and later.
func (a *application) beat(c *websocket.Conn, gone chan struct{}) {
	safe := 3 + rand.N(4)
	for every := safeBeat / 2; a.wait(gone, every); safe-- {
		if every = max(every, safeBeat); safe <= 0 {
			every += laterBy
		}
		if c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
			return
		}
	}
}
