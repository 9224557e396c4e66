//go:build unix

package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// manager stands for systemd: it listens to what a service says, and opens its sockets.
type manager struct {
	*net.UnixConn
	path string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &manager{c, path}
}

// hears waits until the service says something with all of these words.
func (m *manager) hears(t *testing.T, words ...string) string {
	t.Helper()
	m.SetReadDeadline(time.Now().Add(patience))
	var all []string
	for b := make([]byte, 4096); ; {
		n, err := m.Read(b)
		if err != nil {
			t.Fatalf("never heard %q, only %q", words, all)
		}
		text, missing := string(b[:n]), false
		for _, word := range words {
			missing = missing || !strings.Contains(text, word)
		}
		if !missing {
			return text
		}
		all = append(all, text)
	}
}

// opens is a socket as systemd opens it, with its address.
func (m *manager) opens(t *testing.T) (*os.File, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, l.Addr().String()
}

// command is a holter that this manager starts with sockets of these names. LISTEN_PID is known only to the new process.
func (m *manager) command(t *testing.T, names string, sockets []*os.File, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, holter, "serve", "--headless", "--log-format", "json"}, args...)
	cmd := exec.CommandContext(t.Context(), "sh", args...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=600000")
	if len(sockets) > 0 {
		cmd.Env = append(cmd.Env, "LISTEN_FDS="+string(rune('0'+len(sockets))), "LISTEN_FDNAMES="+names)
	}
	cmd.ExtraFiles = sockets
	return cmd
}

// As a service of systemd holter takes over its sockets, and says that it is ready, that it lives, and that it stops. Clients that
// come between two holters wait in the socket, and are not refused.
func TestServiceOfSystemd(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	data, at := m.opens(t)
	admin, adminAt := m.opens(t)
	p := begin(t, m.command(t, "admin:data", []*os.File{admin, data}, "--drain", "1s", "--listen", "127.0.0.1:1", "--admin", "127.0.0.1:2"))
	if p.websocket != "ws://"+at+"/ws" || p.admin != "http://"+adminAt {
		t.Errorf("listens at %s and %s, was given %s and %s", p.websocket, p.admin, at, adminAt)
	}
	m.hears(t, "READY=1", "STATUS=ws://"+at)
	c := dial(t, p.websocket)
	m.hears(t, "STATUS=", "1 connections")
	for range 3 {
		m.hears(t, "WATCHDOG=1")
	}
	p.signal(t, syscall.SIGTERM)
	m.hears(t, "STOPPING=1", "EXTEND_TIMEOUT_USEC=")
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the client saw %v", err)
	}
	if code, _ := p.wait(t); code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}

	between := make(chan error, 1)
	go func() {
		c, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+at+"/ws", nil)
		if err == nil {
			c.Close()
		}
		between <- err
	}()
	begin(t, m.command(t, "", []*os.File{data}, "--admin", "127.0.0.1:0"))
	if err := <-between; err != nil {
		t.Errorf("a client that came between two holters: %v", err)
	}
	m.hears(t, "READY=1")
}

// A process that hangs says nothing more, and so the watchdog restarts it.
func TestWatchdogOfAStoppedProcess(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	p := begin(t, m.command(t, "", nil, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"))
	m.hears(t, "WATCHDOG=1")
	p.signal(t, syscall.SIGSTOP)
	m.SetReadDeadline(time.Now().Add(time.Second))
	for b := make([]byte, 4096); ; { // what was said before
		if _, err := m.Read(b); err != nil {
			break
		}
	}
	m.SetReadDeadline(time.Now().Add(time.Second))
	if n, err := m.Read(make([]byte, 4096)); err == nil {
		t.Errorf("a stopped process said %d bytes", n)
	}
	p.signal(t, syscall.SIGCONT)
	m.hears(t, "WATCHDOG=1")
}

// Sockets of which it is not clear what they are for, or that others could reach without a token, are refused.
func TestSocketsThatAreRefused(t *testing.T) {
	t.Parallel()
	everywhere, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer everywhere.Close()
	open, err := everywhere.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	m := newManager(t)
	a, _ := m.opens(t)
	b, _ := m.opens(t)
	c, _ := m.opens(t)
	for _, tc := range []struct {
		names   string
		sockets []*os.File
		args    []string
		want    string
	}{
		{"x:y:z", []*os.File{a, b, c}, nil, "FileDescriptorName"},
		{"data:other", []*os.File{a, b}, nil, "FileDescriptorName"},
		{"data:data", []*os.File{a, b}, nil, "FileDescriptorName"},
		{"data:admin", []*os.File{a, open}, nil, "--token"},
		{"data:admin", []*os.File{a, b}, []string{"--admin", ""}, "--admin"},
	} {
		cmd := m.command(t, tc.names, tc.sockets, tc.args...)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), tc.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%s: %v, %s, want one line about %s", tc.names, err, out, tc.want)
		}
	}
}
