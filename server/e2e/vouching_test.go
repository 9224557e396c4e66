//go:build unix

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// way is one to a server: straight, or through holter.
type way struct {
	name, url string
	holter    *program // nil on the straight one
}

// ways returns the straight one first, and then those through holter at different rates of beats.
func ways(t *testing.T, url string) []way {
	t.Helper()
	all := []way{{"without holter", url, nil}}
	for _, flags := range [][]string{nil, {"--interval", "1s"}} {
		name := strings.TrimSpace("through holter " + strings.Join(flags, " "))
		h := launch(t, "proxy", append(flags, url)...)
		all = append(all, way{name, strings.TrimSuffix(h.page, "/"), h})
	}
	return all
}

// beating waits until holter beats on all connections that go through it, so many for each way.
func beating(t *testing.T, ways []way, each int) {
	t.Helper()
	for _, way := range ways[1:] {
		way.holter.beating(t, each)
	}
}

// asSoon wants the times by each way to be as those by the first, within a fifth.
func asSoon(t *testing.T, what string, ways []way, times [][]time.Duration) {
	t.Helper()
	var straight time.Duration
	for i, way := range ways {
		var mean, longest time.Duration
		for _, d := range times[i] {
			mean += d / time.Duration(len(times[i]))
			longest = max(longest, d)
		}
		t.Logf("%s: %s after %v on average, %v at most", way.name, what, mean.Round(time.Millisecond), longest.Round(time.Millisecond))
		if i == 0 {
			straight = mean
		} else if difference := mean - straight; difference.Abs() > straight/5 {
			t.Errorf("%s: %s after %v on average, and without holter after %v", way.name, what, mean, straight)
		}
	}
}

// fading is a client that answers pings for a time and then never again.
type fading struct {
	socket *websocket.Conn
	silent atomic.Bool
	last   time.Time     // it answered; to be read after over
	over   chan struct{} // closed when the server has dropped it
	end    time.Time
}

func fade(t *testing.T, url string) *fading {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(url, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &fading{socket: socket, over: make(chan struct{}), last: time.Now()}
	socket.SetPingHandler(func(payload string) error {
		if f.silent.Load() {
			return nil
		}
		f.last = time.Now()
		return socket.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(patience))
	})
	go func() {
		defer close(f.over)
		for {
			if _, _, err := socket.NextReader(); err != nil {
				f.end = time.Now()
				return
			}
		}
	}()
	t.Cleanup(func() {
		socket.Close()
		<-f.over
	})
	return f
}

// A server of aiohttp's takes any frame for a sign of life, holter's pings included.
func TestServerMissesItsClientAsSoon(t *testing.T) {
	server := act(t, python(t, "aiohttp", "aiohttp_server.py"))
	ways := ways(t, "http://127.0.0.1:"+server.until(t, "listening on "))
	const (
		each = 8
		beat = 2 * time.Second // of the server
	)
	clients := make([][]*fading, len(ways))
	for range each { // at all phases of the beat
		for i := range ways {
			clients[i] = append(clients[i], fade(t, ways[i].url))
		}
		time.Sleep(beat / each)
	}
	beating(t, ways, each)
	for i := range clients {
		for _, c := range clients[i] {
			c.silent.Store(true)
		}
	}
	times := make([][]time.Duration, len(ways))
	for i := range clients {
		for n, c := range clients[i] {
			select {
			case <-c.over:
			case <-time.After(patience):
				t.Fatalf("%s: client %d was never dropped", ways[i].name, n)
			}
			times[i] = append(times[i], c.end.Sub(c.last))
		}
	}
	asSoon(t, "dropped", ways, times)
	server.dismiss(t)
}

// A ws client with the watchdog that the README of ws shows takes any ping for a sign of life of its server.
func TestClientMissesItsServerAsSoon(t *testing.T) {
	const each = 8
	server := act(t, node(t, "ws-beating-server.js"))
	ways := ways(t, "http://127.0.0.1:"+server.until(t, "listening on "))
	command := node(t, "ws-watchdogs.js", strconv.Itoa(each))
	for _, way := range ways {
		command = append(command, way.url)
	}
	clients := act(t, command)
	clients.until(t, "ready")
	beating(t, ways, each)
	frozen := time.Now()
	if err := server.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	times := make([][]time.Duration, len(ways))
	for range each * len(ways) {
		var i int
		var at int64
		if _, err := fmt.Sscan(clients.until(t, "gave up"), &i, &at); err != nil {
			t.Fatal(err)
		}
		times[i] = append(times[i], time.UnixMilli(at).Sub(frozen))
	}
	asSoon(t, "given up", ways, times)
	clients.dismiss(t)
}
