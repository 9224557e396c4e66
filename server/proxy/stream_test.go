package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
)

// drain reads messages, and answers pings, until the connection ends. It counts the messages.
func drain(c *websocket.Conn, messages chan<- int) {
	for n := 1; ; n++ {
		if _, _, err := c.ReadMessage(); err != nil {
			close(messages)
			return
		}
		select {
		case messages <- n:
		default:
		}
	}
}

// One of the streams of an upstream stops, with both ends well. It is the upstream's fault.
func TestUpstreamStopsSending(t *testing.T) {
	t.Parallel()
	const steady = 450 // messages that make a habit, at ten a second
	stop := make(chan struct{})
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		var upgrader websocket.Upgrader
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		over := make(chan int, 1)
		go drain(c, over)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		stop := stop
		for feeding := tick.C; ; {
			select {
			case <-feeding:
				c.WriteMessage(websocket.TextMessage, []byte("17.25"))
			case <-stop:
				if stop = nil; r.URL.Path == "/feed/1" {
					feeding = nil
				}
			case _, open := <-over:
				if !open {
					return
				}
			}
		}
	}).URL
	p := runProxy(t, url, beatSoon)
	messages := make([]chan int, 3)
	for i := range messages {
		c, res, err := websocket.DefaultDialer.Dial(fmt.Sprintf("%s/feed/%d", strings.TrimSuffix(p.URL(), "/"), i+1), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		defer c.Close()
		messages[i] = make(chan int, 1)
		go drain(c, messages[i])
	}
	for n := range messages[0] {
		if n >= steady {
			break
		}
	}
	close(stop)
	found := p.await(t, func(e *model.Event) bool { return e.Type == model.CauseFound })
	c := found.Connection
	if c.Path != "/feed/1" || c.Side != model.UpstreamSide || c.State != model.Normal || c.Diagnosis.Cause != model.CauseStreamStalled ||
		!strings.HasPrefix(c.Diagnosis.Detail, "No data has come from the upstream for ") {
		t.Errorf("%s, the %s side %s: %+v", c.Path, c.Side, c.State, c.Diagnosis)
	}
	t.Log(c.Diagnosis.Detail)
	s, err := p.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Connections {
		if c := &s.Connections[i]; c.Path != "/feed/1" && c.Diagnosis.Cause != "" {
			t.Errorf("%s: %+v", c.Path, c.Diagnosis)
		}
	}
}
