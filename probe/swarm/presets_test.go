package swarm

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/model/reconnect"
)

// newMoody starts a server that treats client number n, counting from 1, as mood asks, with the n-th of the numbers: it
// closes the first connection with this code, by close, or with a reason besides, by reason; it refuses the first attempt
// with this status, by refuse, or the second, by later.
func newMoody(t *testing.T, mood string, numbers []int) (url string) {
	var mu sync.Mutex
	seen := map[string]int{}
	var handlers sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1) // before the connection is hijacked: the server waits for none that is
		defer handlers.Done()
		client := r.URL.Query().Get("client")
		n, _ := strconv.Atoi(strings.TrimPrefix(client, "c-"))
		number := numbers[n-1]
		mu.Lock()
		seen[client]++
		attempt := seen[client]
		mu.Unlock()
		if mood == "refuse" && attempt == 1 || mood == "later" && attempt == 2 {
			w.WriteHeader(number)
			return
		}
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		if attempt == 1 {
			endBy(conn, mood, number)
			return
		}
		conn.ReadMessage() // until the client has gone
	}))
	t.Cleanup(func() {
		server.Close()
		handlers.Wait()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func endBy(conn *websocket.Conn, mood string, code int) {
	var text []byte
	switch {
	case mood == "later", code == websocket.CloseAbnormalClosure:
		return
	case mood == "reason":
		text = websocket.FormatCloseMessage(code, "kicked")
	case code != websocket.CloseNoStatusReceived:
		text = websocket.FormatCloseMessage(code, "")
	}
	conn.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second))
	conn.ReadMessage()
}

// happens lets a client of a preset, with its delays left out, meet each of the numbers. It returns those that ended it.
func happens(t *testing.T, preset, mood string, numbers []int) (ended string) {
	t.Helper()
	ends := reconnect.FindPreset(preset).Ends
	ends.AtLeast = nil
	s, stop := start(t, Options{
		URL: newMoody(t, mood, numbers), Clients: len(numbers), Prefix: "c", Ends: ends,
		Cast: []Role{{Behaviour{Name: "steady"}, model.Policy{Kind: model.PolicyFixed, Base: time.Millisecond, Deaf: true}, 1}},
	})
	attempts := map[string]int{"close": 2, "reason": 2, "refuse": 2, "later": 3}[mood]
	eventually(t, preset+" to meet "+mood, func() bool {
		stats := s.Stats()
		return stats.GaveUp+stats.Connected == len(numbers) &&
			stats.Connects+stats.Refused == attempts*stats.Connected+(attempts-1)*stats.GaveUp
	})
	stop()
	for i, c := range s.clients {
		if c.phase == gaveUp {
			ended += fmt.Sprint(" ", numbers[i])
		}
	}
	return strings.TrimSpace(ended)
}

// A preset ends where its client does: after these close codes and refusals, and no others.
func TestPresetsEndWhereTheirClientsDo(t *testing.T) {
	codes := []int{1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3499, 3500, 3999,
		4000, 4001, 4401, 4499, 4500, 4999}
	statuses := []int{200, 301, 302, 400, 401, 403, 404, 410, 426, 429, 500, 502, 503, 504}
	all := strings.Trim(fmt.Sprint(statuses), "[]")
	lasting := "200 301 302 400 401 403 404 410 426 429" // not of a server that is busy for a while
	polite := "1000 1002 1003 1007 1008 1009 1010"
	presets := map[string]struct{ close, reason, refuse, later string }{
		"socketio":   {},
		"phoenix":    {},
		"signalr":    {refuse: all},
		"centrifugo": {close: "1009", reason: "1009 3500 3999 4500 4999"},
		"grpc":       {},
		"holter":     {close: polite, reason: polite},
		"graphql-ws": {
			close: "1002 1003 1007 1008 1009 1010 1011 4401 4500", reason: "1002 1003 1007 1008 1009 1010 1011 4401 4500", refuse: all, later: all,
		},
		"homeassistant": {refuse: all},
		"nats":          {refuse: all},
		"websockets":    {refuse: lasting, later: lasting},
		"stomp":         {}, "mqtt": {}, "autobahn": {}, "actioncable": {}, "reconnecting-websocket": {}, "partysocket": {}, "reconnectingwebsocket": {},
		"react-use-websocket": {}, "websockets-legacy": {}, "ocpp": {}, "libocpp": {},
	}
	for _, known := range reconnect.KnownClients {
		preset := known.Preset
		want, ok := presets[preset]
		if !ok {
			t.Errorf("what ends %s is missing here", preset)
		}
		t.Run(preset, func(t *testing.T) {
			t.Parallel()
			if got := happens(t, preset, "close", codes); got != want.close {
				t.Errorf("ended by close codes %s, want %s", got, want.close)
			}
			withReason := append(append([]int(nil), codes[:4]...), codes[6:]...)
			if got := happens(t, preset, "reason", withReason); got != want.reason {
				t.Errorf("ended by close codes %s with a reason, want %s", got, want.reason)
			}
			if got := happens(t, preset, "refuse", statuses); got != want.refuse {
				t.Errorf("ended by first refusals %s, want %s", got, want.refuse)
			}
			if got := happens(t, preset, "later", statuses); got != want.later {
				t.Errorf("ended by later refusals %s, want %s", got, want.later)
			}
		})
	}
}

// holter's page waits when a close code asks it to.
func TestPresetsWaitWhenTheyAreAsked(t *testing.T) {
	c, err := command("ws://h/", "--preset", "holter")
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.options()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]Span{
		1001: {0, 500 * time.Millisecond}, 1012: {5 * time.Second, 10 * time.Second}, 1013: {10 * time.Second, 20 * time.Second},
	} {
		for range 50 {
			wait, again := s.clients[0].nextDelay(time.Hour, &websocket.CloseError{Code: code})
			if !again || wait < want.Min || wait > want.Max {
				t.Errorf("close %d: waits %s, want %s to %s", code, wait, want.Min, want.Max)
			}
		}
	}
}

// Where a client is let in and thrown out again, its delays begin anew as those of its preset do.
func TestPresetsBeginAnew(t *testing.T) {
	for preset, want := range map[string]time.Duration{"phoenix": 10 * time.Millisecond, "socketio": 1500 * time.Millisecond} {
		c, err := command("ws://h/", "--preset", preset)
		if err != nil {
			t.Fatal(err)
		}
		o, err := c.options()
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			wait, again := s.clients[0].nextDelay(200*time.Millisecond, &websocket.CloseError{Code: 4401})
			if !again || wait > want {
				t.Errorf("%s waits %s, want %s at most", preset, wait, want)
			}
		}
	}
}
