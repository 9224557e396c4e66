//go:build unix

package input

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

func atTerminal(t *testing.T) (control *os.File, r *Reader) {
	t.Helper()
	control, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	if _, err := term.MakeRaw(terminal.Fd()); err != nil {
		t.Fatal(err)
	}
	if r, err = Open(terminal); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		terminal.Close()
		control.Close()
	})
	return control, r
}

// Close ends a Pump that waits for a key, and leaves to others what comes after it.
func TestCloseWhileReading(t *testing.T) {
	control, r := atTerminal(t)
	go r.Pump()
	control.WriteString("j")
	if msgs, err := r.Next(t.Context()); said(msgs) != "j" || err != nil {
		t.Fatalf("%q, %v", said(msgs), err)
	}
	time.Sleep(10 * time.Millisecond) // most likely it waits now
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		r.Close()
	}()
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Fatal("does not end")
	}
	control.WriteString("k")
	buf := make([]byte, 1)
	if n, err := r.from.Read(buf); n != 1 || buf[0] != 'k' {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestTerminalGone(t *testing.T) {
	control, r := atTerminal(t)
	go r.Pump()
	control.Close()
	if msgs, err := r.Next(t.Context()); len(msgs) > 0 || !errors.Is(err, ErrGone) {
		t.Errorf("%q, %v", said(msgs), err)
	}
}
