//go:build unix

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// guest is a client that holter has not started itself. It answers pings and reads until its connection ends.
type guest struct {
	*websocket.Conn
	echoes chan string
	end    error // to be read once echoes is closed
}

func visit(t *testing.T, url, name string) *guest {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), url+"?client="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{Conn: c, echoes: make(chan string, 10)}
	t.Cleanup(func() { c.Close() })
	go func() {
		defer close(g.echoes)
		for g.end == nil {
			var text []byte
			if _, text, g.end = c.ReadMessage(); g.end == nil {
				g.echoes <- string(text)
			}
		}
	}()
	return g
}

// lives fails if the connection has ended.
func (g *guest) lives(t *testing.T) {
	t.Helper()
	if err := g.WriteMessage(websocket.TextMessage, []byte("there?")); err != nil {
		t.Fatal(err)
	}
	if _, ok := <-g.echoes; !ok {
		t.Fatalf("the connection has ended: %v", g.end)
	}
}

// ended waits for the end of the connection.
func (g *guest) ended(t *testing.T) error {
	t.Helper()
	select {
	case <-g.echoes:
		return g.end
	case <-time.After(patience):
		t.Fatal("the connection lives on")
		return nil
	}
}

// asking is a holter at a terminal with a client that is not its own.
func asking(t *testing.T, args ...string) (tmux, *guest, string) {
	t.Helper()
	x := startTmux(t, 80, 24)
	listen, admin := freePort(t), freePort(t)
	x.write(t, strings.Join(append([]string{holter, "--listen", listen, "--admin", admin}, args...), " ")+"; echo exit=$?")
	x.press(t, "Enter")
	x.until(t, "1 connections")
	c := visit(t, "ws://"+listen+"/ws", "tester")
	x.until(t, "tester")
	return x, c, admin
}

// A q that is pressed by accident ends nothing of others, however often it is pressed and wherever.
func TestQuitAsksBeforeItEndsConnectionsOfOthers(t *testing.T) {
	t.Parallel()
	x, c, admin := asking(t, "--demo", "3")
	visit(t, "ws://"+c.RemoteAddr().String()+"/ws", "second")
	x.until(t, "second")
	const question = "2 connections of others would be closed."

	x.press(t, "?")
	x.until(t, "normal: it answers in time")
	x.press(t, "q")
	x.while(t, "normal: it answers in time")
	x.press(t, "Enter")
	x.until(t, "round trips")
	x.press(t, "q")
	x.while(t, "round trips")
	c.lives(t)

	x.press(t, "q")
	x.until(t, question)
	x.until(t, "▸ Cancel")
	x.press(t, "q")
	x.while(t, question)
	for _, word := range []string{"query", "qqqy", "qqqqyyqy"} { // in one read, or in several
		x.write(t, word)
		x.shows(t, "the page of the host", func(s string) bool {
			x.press(t, "5") // closes what the word has opened, and then goes there
			return strings.Contains(s, "Machine")
		})
		c.lives(t)
	}
	x.shows(t, "the connections", func(s string) bool { // a key in one read with the one that closed a question is for nothing
		x.press(t, "1")
		return strings.Contains(s, "SILENCE")
	})
	var asked time.Time
	x.shows(t, question, func(s string) bool { // the question of a word may come late, and be what the first Q is told to
		if strings.Contains(s, question) {
			return true
		}
		if time.Since(asked) > time.Second {
			x.press(t, "Q")
			asked = time.Now()
		}
		return false
	})
	x.press(t, "Enter")
	x.while(t, question)
	c.lives(t)

	// A screen elsewhere ends nothing, and so does not ask.
	other := atTerminal(t, "attach", admin)
	other.until(t, "tester")
	if _, err := other.file.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if code := other.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	c.lives(t)

	// Nor does a terminal get around the question by being too small for a picture.
	x.do(t, "resize-window", "-x", "40", "-y", "10")
	x.until(t, "holter needs")
	x.press(t, "q")
	x.until(t, "y quits")
	x.press(t, "q")
	x.until(t, "holter needs")
	c.lives(t)
	x.do(t, "resize-window", "-x", "80", "-y", "24")
	x.until(t, "tester")

	x.press(t, "q")
	x.until(t, question)
	x.press(t, "y")
	x.until(t, "exit=0")
	if err := c.ended(t); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the client saw %v, want a close frame with 1001", err)
	}
}

func TestProxyAsksBeforeItEndsConnections(t *testing.T) {
	t.Parallel()
	backend := start(t)
	x := startTmux(t, 80, 24)
	listen := freePort(t)
	x.write(t, holter+" proxy "+backend.page+" --listen "+listen+" --admin 127.0.0.1:0; echo exit=$?")
	x.press(t, "Enter")
	x.until(t, "1 connections")
	c := visit(t, "ws://"+listen+"/ws", "tester")
	x.until(t, "tester")
	x.press(t, "q")
	x.until(t, "1 connection of others would be closed.")
	x.press(t, "Tab", "Enter")
	x.until(t, "exit=0")
	c.ended(t)
}

// ctrl+c is no letter that a hand strays onto. It ends a server at once.
func TestInterruptAsksNothing(t *testing.T) {
	t.Parallel()
	x, _, _ := asking(t)
	x.press(t, "C-c")
	x.until(t, "exit=0")
}
