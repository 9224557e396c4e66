//go:build unix

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/gorilla/websocket"
)

// terminal is a holter at a pseudo-terminal that answers no question about itself.
type terminal struct {
	cmd  *exec.Cmd
	file *os.File

	mu     sync.Mutex
	output bytes.Buffer
	ended  chan struct{} // closed when all output is read
}

func atTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	term := &terminal{cmd: exec.CommandContext(t.Context(), holter, args...), ended: make(chan struct{})}
	term.cmd.Dir = t.TempDir()
	term.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CI=")
	file, err := pty.StartWithSize(term.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	term.file = file
	t.Cleanup(func() {
		term.cmd.Process.Kill()
		file.Close()
	})
	go func() {
		defer close(term.ended)
		io.Copy(term, file)
	}()
	return term
}

func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.output.Write(p)
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.output.String()
}

// until waits for text on the terminal.
func (term *terminal) until(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(term.text(), want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q on the terminal, but:\n%q", want, term.text())
		}
	}
}

func (term *terminal) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-term.ended:
	case <-time.After(patience):
		t.Fatalf("still running; on the terminal:\n%q", term.text())
	}
	term.cmd.Wait()
	return term.cmd.ProcessState.ExitCode()
}

// A terminal that does not answer must not be asked: the libraries wait for seconds.
func TestVersionAsksTheTerminalNothing(t *testing.T) {
	best := patience
	for range 3 { // the machine may be busy; a question would cost seconds every time
		begin := time.Now()
		term := atTerminal(t, "version")
		code := term.wait(t)
		best = min(best, time.Since(begin))
		text := term.text()
		if code != 0 || !strings.HasPrefix(text, "holter ") {
			t.Fatalf("exit code %d, output %q", code, text)
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("escape codes in %q", text)
		}
	}
	if best > 300*time.Millisecond {
		t.Errorf("holter version took %v, want at most 300ms", best)
	}
}

// freePort is a port that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		// Below the ports that the system gives to whoever asks for any: a test beside this one does so
		// all the time, and would have it before the program that it is meant for.
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// screen is a holter with its screen up, and one client.
func screen(t *testing.T) (*terminal, *websocket.Conn) {
	t.Helper()
	address := freePort(t)
	term := atTerminal(t, "--listen", address, "--admin", "127.0.0.1:0")
	term.until(t, "\x1b[?1049h")
	c := dial(t, "ws://"+address+"/ws")
	term.until(t, "tester")
	return term, c
}

func TestQuitClosesConnections(t *testing.T) {
	term, c := screen(t)
	for _, key := range []string{"q", "y"} {
		if _, err := term.file.WriteString(key); err != nil {
			t.Fatal(err)
		}
		if key == "q" {
			term.until(t, "would be closed")
		}
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the client saw %v, want a close frame with 1001", err)
	}
	if code := term.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	restored(t, term)
}

func TestSignalsGiveTheTerminalBack(t *testing.T) {
	term, _ := screen(t)
	for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCONT} {
		if err := term.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if code := term.wait(t); code <= 128 {
		t.Errorf("exit code %d, want that of a signal", code)
	}
	restored(t, term)
}

func restored(t *testing.T, term *terminal) {
	t.Helper()
	text := term.text()
	for _, pair := range [][2]string{{"\x1b[?1049h", "\x1b[?1049l"}, {"\x1b[?25l", "\x1b[?25h"}} {
		if strings.LastIndex(text, pair[0]) > strings.LastIndex(text, pair[1]) {
			t.Errorf("after %q no %q", pair[0], pair[1])
		}
	}
}
