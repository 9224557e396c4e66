package proxy

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// echoBackend echoes messages with gorilla.
func echoBackend(t testing.TB) *httptest.Server {
	u := websocket.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}
	return backend(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, message, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
}

func TestProxyEcho(t *testing.T) {
	p := runProxy(t, echoBackend(t).URL, nil)
	c := p.dial(t, "ann")
	for _, message := range []string{"hello", strings.Repeat("long ", 100_000), ""} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.ReadMessage(); err != nil || string(got) != message {
			t.Fatalf("%d bytes came back as %d: %v", len(message), len(got), err)
		}
	}
}
