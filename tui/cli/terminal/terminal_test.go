//go:build unix

package terminal

import (
	"bufio"
	"os"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

func open(t *testing.T) (control, terminal *os.File) {
	t.Helper()
	control, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() {
		terminal.Close()
		control.Close()
	})
	return control, terminal
}

func TestInteractive(t *testing.T) {
	_, tty := open(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, tc := range []struct {
		name    string
		in, out *os.File
		want    bool
	}{
		{"terminal", tty, tty, true},
		{"output to a pipe", tty, w, false},
		{"input from a pipe", r, tty, false},
	} {
		if got := Interactive(tc.in, tc.out); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestRestore(t *testing.T) {
	control, tty := open(t)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	saved := Save(tty, tty)
	if _, err := term.MakeRaw(int(tty.Fd())); err != nil {
		t.Fatal(err)
	}
	saved.Restore()
	after, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if *after != *before {
		t.Errorf("state %v, want %v", after, before)
	}
	text := make([]byte, len(leave))
	if _, err := bufio.NewReader(control).Read(text); err != nil || string(text) != leave {
		t.Errorf("wrote %q, %v", text, err)
	}
}

func TestRestoreWithoutTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	Save(r, w).Restore()
	w.Close()
	if n, _ := r.Read(make([]byte, 1)); n != 0 {
		t.Error("wrote escape codes into a pipe")
	}
}
