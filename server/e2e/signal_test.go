//go:build unix

package e2e

import (
	"syscall"
	"testing"
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
