//go:build unix

package terminal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

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

func TestRefuses(t *testing.T) {
	for kind, want := range map[string]bool{"": true, "dumb": true, "unknown": true, "linux": false, "xterm-256color": false, "vt100": false} {
		if why := Refuses(func(string) string { return kind }); (why != "") != want {
			t.Errorf("TERM=%q: %q", kind, why)
		}
	}
}

// state is how a terminal is set.
func state(t *testing.T, tty *os.File) term.State {
	t.Helper()
	s, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

// reading is what is read from a terminal until want is there.
func reading(t *testing.T, control *os.File, want string) string {
	t.Helper()
	var text bytes.Buffer
	for buf := make([]byte, 1024); !strings.Contains(text.String(), want); {
		n, err := control.Read(buf)
		if err != nil {
			t.Fatalf("no %q in %q: %v", want, &text, err)
		}
		text.Write(buf[:n])
	}
	return text.String()
}

func TestTakeAndLeave(t *testing.T) {
	control, tty := open(t)
	before := state(t, tty)
	terminal := Open(tty, tty)
	if terminal.own == nil {
		t.Error("writes to the terminal cannot be broken off")
	}
	enter, err := terminal.Take()
	if err != nil || enter != take || state(t, tty) == before {
		t.Errorf("%q, %v, as before: %t", enter, err, state(t, tty) == before)
	}
	if n, err := terminal.Write([]byte("picture")); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if !terminal.Aside("aside") || state(t, tty) == before {
		t.Errorf("as before: %t", state(t, tty) == before)
	}
	if !terminal.Close("the end") || state(t, tty) != before {
		t.Errorf("as before: %t", state(t, tty) == before)
	}
	if got, want := reading(t, control, "end"), "picture"+leave+"aside"+"the end"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	if n, err := terminal.Write([]byte("more")); n != 0 || err == nil {
		t.Errorf("after the end %d bytes, %v", n, err)
	}
	terminal.Abort()
	if state(t, tty) != before {
		t.Error("another state after a second end")
	}
}

func TestTerminalThatTakesNothing(t *testing.T) {
	_, tty := open(t)
	before := state(t, tty)
	terminal := Open(tty, tty)
	terminal.Take()
	n, err := terminal.Write(make([]byte, 1<<20))
	if n == 0 || n == 1<<20 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	for inVain := 0; inVain < 2; inVain++ { // the kernel may make room once more a moment later
		if n, _ := terminal.Write(make([]byte, 1<<10)); n > 0 {
			inVain = 0
		}
	}
	begin := time.Now()
	if terminal.Close("the end") {
		t.Error("took the end")
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("ended after %v", d)
	}
	if state(t, tty) != before {
		t.Error("not restored")
	}
}

func TestTerminalThatIsGone(t *testing.T) {
	control, tty := open(t)
	terminal := Open(tty, tty)
	terminal.Take()
	if w, h, err := terminal.Size(); w != 80 || h != 24 || err != nil {
		t.Errorf("%d by %d, %v", w, h, err)
	}
	control.Close()
	if _, _, err := terminal.Size(); !errors.Is(err, ErrGone) {
		t.Errorf("its size: %v", err)
	}
	if _, err := terminal.Write([]byte("x")); !errors.Is(err, ErrGone) {
		t.Errorf("a write: %v", err)
	}
	terminal.Close("the end")
}

func TestWithoutTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	Open(r, w).Abort()
	w.Close()
	if text, _ := io.ReadAll(r); len(text) > 0 {
		t.Errorf("wrote %q", text)
	}
}
