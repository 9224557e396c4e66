//go:build unix

package e2e

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// The process is stopped for a moment so that both signals are there when it goes on.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := start(t)
	for range 50 { // some work for the first signal, so that the second comes before its end
		dial(t, p.websocket)
	}
	p.signal(t, syscall.SIGSTOP)
	p.signal(t, syscall.SIGTERM)
	p.signal(t, syscall.SIGINT)
	p.signal(t, syscall.SIGCONT)
	// Signals of different numbers that wait together may come in either order.
	if code, _ := p.wait(t); code != 128+2 && code != 128+15 {
		t.Errorf("exit code %d, want that of a signal", code)
	}
}

// A hangup has a server read its settings anew, however often it comes, and is no first signal.
func TestHangup(t *testing.T) {
	p := start(t)
	c := dial(t, p.websocket)
	for range 3 {
		p.signal(t, syscall.SIGHUP)
		p.line(t, "settings reloaded")
	}
	p.signal(t, syscall.SIGTERM)
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the client saw %v, want a close frame with 1012", err)
	}
	if code, _ := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestHangupUnderNohup(t *testing.T) {
	signal.Ignore(syscall.SIGHUP) // which the program inherits
	p := start(t)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // as it is for the other tests
	p.signal(t, syscall.SIGHUP)
	dial(t, p.websocket)
	p.line(t, "connection opened")
	p.signal(t, syscall.SIGTERM)
	if code, _ := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
