//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// farewell is how a client was closed.
type farewell struct {
	after time.Duration // since the signal
	wait  float64       // seconds that it was asked to wait
	err   error
}

var asksToWait = regexp.MustCompile(`^restart; retry-after=([0-9.]+)$`)

// farewells are those of n clients of a server, each of which answers its close frame. begin is when the signal is sent.
func farewells(t *testing.T, url string, n int, begin func() time.Time) func() []farewell {
	t.Helper()
	var clients []*websocket.Conn
	for i := range n {
		c, _, err := websocket.DefaultDialer.DialContext(t.Context(), fmt.Sprintf("%s?client=c%d", url, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		clients = append(clients, c)
	}
	ends := make(chan farewell, n)
	for _, c := range clients {
		go func() {
			_, _, err := c.ReadMessage()
			f := farewell{after: time.Since(begin()), err: err}
			if e, ok := err.(*websocket.CloseError); ok && e.Code == websocket.CloseServiceRestart {
				if words := asksToWait.FindStringSubmatch(e.Text); words != nil {
					f.wait, _ = strconv.ParseFloat(words[1], 64)
				}
			}
			ends <- f
		}()
	}
	return func() (all []farewell) {
		for range n {
			all = append(all, <-ends)
		}
		slices.SortFunc(all, func(a, b farewell) int { return int(a.after - b.after) })
		return all
	}
}

// After SIGTERM the closes are spread over the time of --drain, each with a time of its own to come back, and whoever comes
// meanwhile hears when to come again. Plain requests are answered until the end.
func TestDrain(t *testing.T) {
	t.Parallel()
	backend := start(t)
	for name, p := range map[string]*program{
		"serve": start(t, "--drain", "3s"),
		"proxy": launch(t, "proxy", "--drain", "3s", backend.page),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n, over = 30, 3 * time.Second
			var signalled time.Time
			sent := make(chan struct{})
			url := p.page + "ws"
			ends := farewells(t, "ws"+url[len("http"):], n, func() time.Time { <-sent; return signalled })
			eventually(t, patience, "all connections", func() bool { return p.summary(t).States.Normal == n })
			signalled = time.Now()
			close(sent)
			p.signal(t, syscall.SIGTERM)
			said := p.line(t, "closing all connections for a restart")
			if said["connections"] != float64(n) || said["over_ms"] != 3000.0 {
				t.Errorf("said %v", said)
			}
			eventually(t, patience, "the drain", func() bool { return p.summary(t).DrainingUntil != nil })

			_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+url[len("http"):], nil)
			if err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("a newcomer got %v, %v", answer, err)
			}
			if after, _ := strconv.Atoi(answer.Header.Get("Retry-After")); after < 2 || after > 10 {
				t.Errorf("asked to come back after %q", answer.Header.Get("Retry-After"))
			}
			if until := p.summary(t).DrainingUntil; until == nil || until.Sub(signalled) < 2*time.Second || until.Sub(signalled) > 2*over {
				t.Errorf("draining until %v", until)
			}
			res, err := http.Get(p.admin + "/health")
			if err != nil || res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("health: %v, %v", res, err)
			} else {
				res.Body.Close()
			}
			if res, err := http.Get(p.page); err != nil || res.StatusCode != http.StatusOK || !res.Close {
				t.Errorf("a plain request: %+v, %v", res, err)
			} else {
				res.Body.Close()
			}

			all := ends()
			waits := map[float64]bool{}
			for i, f := range all {
				if f.wait == 0 {
					t.Fatalf("client %d saw %v", i, f.err)
				}
				waits[f.wait] = true
				if back := f.after + time.Duration(f.wait*float64(time.Second)); back < over || back > over+8*time.Second {
					t.Errorf("closed after %v, and asked to come back after %.1f s", f.after, f.wait)
				}
			}
			if len(waits) < n/2 {
				t.Errorf("%d different times to come back, for %d clients", len(waits), n)
			}
			if half := all[n/2].after; half < over/4 || half > over*3/4 {
				t.Errorf("half of the clients were closed after %v of %v", half, over)
			}
			if code, _ := p.wait(t); code != 0 {
				t.Errorf("exit code %d: %s", code, &p.stderr)
			}
			if took := time.Since(signalled); took < over*8/10 || took > over+2*time.Second {
				t.Errorf("ended after %v, want about %v", took, over)
			}
		})
	}
}

// Without a drain all is as after other signals, and a second signal ends a drain.
func TestDrainCanBeDoneWithout(t *testing.T) {
	t.Parallel()
	p := start(t, "--drain", "0s")
	ends := farewells(t, p.websocket, 20, time.Now)
	p.signal(t, syscall.SIGTERM)
	for _, f := range ends() {
		if !websocket.IsCloseError(f.err, websocket.CloseGoingAway) {
			t.Errorf("a client saw %v", f.err)
		}
	}
	if code, took := p.wait(t); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}

	p = start(t, "--drain", "1h")
	farewells(t, p.websocket, 20, time.Now)
	p.signal(t, syscall.SIGTERM)
	p.line(t, "closing all connections for a restart")
	eventually(t, patience, "a close", func() bool { return p.summary(t).States.Closed > 0 })
	p.signal(t, syscall.SIGTERM)
	if code, took := p.wait(t); code != 128+15 || took > 5*time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}
}

// A screen goes on during a drain, and says so. The user need not wait for its end.
func TestScreenDuringADrain(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	l := online(t, 100, 30, []string{"TERM=xterm"}, holter, "--drain", "1h", "--admin", "127.0.0.1:0", "--listen", address)
	l.until(t, "1 connections")
	ends := farewells(t, "ws://"+address+"/ws", 10, time.Now)
	l.until(t, "c9")
	l.cmd.Process.Signal(syscall.SIGTERM)
	l.until(t, "DRAINING")
	l.typed(t, "\x03")
	if code, took := l.ends(t); code != 0 || took > 5*time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}
	gone := 0
	for _, f := range ends() {
		if websocket.IsCloseError(f.err, websocket.CloseGoingAway) {
			gone++
		}
	}
	if gone < 5 {
		t.Errorf("%d clients were told that holter goes away", gone)
	}
	l.left(t)
}
