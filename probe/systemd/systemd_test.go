//go:build unix

package systemd

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain is also the service that systemd starts.
func TestMain(m *testing.M) {
	if os.Getenv("AS_SERVICE") == "" {
		os.Exit(m.Run())
	}
	os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	serve()
}

// serve answers with the names of the sockets, and what has become of the environment.
func serve() {
	s := Take()
	sockets, err := s.Sockets()
	text := []string{s.Watchdog().String()}
	for _, x := range sockets {
		text = append(text, x.Name+"="+x.Listener.Addr().String())
	}
	for _, name := range variables {
		text = append(text, os.Getenv(name))
	}
	if err != nil {
		text = append(text, err.Error())
	}
	s.Notify(Ready, Status(strings.Join(text, " ")))
	if again, _ := Take().Sockets(); len(again) != 0 || Take().Managed() {
		os.Exit(3)
	}
	if len(sockets) > 0 {
		c, err := sockets[0].Listener.Accept()
		if err != nil {
			os.Exit(4)
		}
		c.Write([]byte("here"))
	}
	os.Exit(0)
}

// manager is a systemd: it listens to what services say.
func manager(t *testing.T) (*net.UnixConn, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	return c, path
}

func said(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func socketFile(t *testing.T, network, address string) (*os.File, string) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, l.Addr().String()
}

func TestService(t *testing.T) {
	listens, notify := manager(t)
	data, at := socketFile(t, "tcp", "127.0.0.1:0")
	admin, adminAt := socketFile(t, "tcp", "127.0.0.1:0")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "AS_SERVICE=1", "NOTIFY_SOCKET="+notify, "WATCHDOG_USEC=3000000", "LISTEN_FDS=2", "LISTEN_FDNAMES=data:admin")
	cmd.ExtraFiles = []*os.File{data, admin}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := "READY=1\nSTATUS=3s data=" + at + " admin=" + adminAt
	if got := strings.TrimRight(said(t, listens), " "); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	answer := make([]byte, 4)
	if _, err := c.Read(answer); err != nil || string(answer) != "here" {
		t.Errorf("%q, %v", answer, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestSocketsOfNoUse(t *testing.T) {
	unix, _ := socketFile(t, "unix", filepath.Join(t.TempDir(), "s"))
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for want, file := range map[string]*os.File{"does not listen": plain, "write a port": unix} {
		listens, notify := manager(t)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "AS_SERVICE=1", "NOTIFY_SOCKET="+notify, "LISTEN_FDS=1", "LISTEN_FDNAMES=odd")
		cmd.ExtraFiles = []*os.File{file}
		if err := cmd.Run(); err != nil {
			t.Error(err)
		}
		if got := said(t, listens); !strings.Contains(got, want) || !strings.Contains(got, `"odd"`) {
			t.Errorf("said %q, want %q", got, want)
		}
	}
}

func TestReadOfOthers(t *testing.T) {
	env := map[string]string{"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "7", "LISTEN_FDS": "3", "LISTEN_PID": "7"}
	s := read(func(name string) string { return env[name] }, 8)
	if sockets, err := s.Sockets(); s.Managed() || s.Watchdog() != 0 || len(sockets) != 0 || err != nil {
		t.Errorf("what is for another process was taken: %+v", s)
	}
	s.Notify(Ready) // to nobody
	s.socket = filepath.Join(t.TempDir(), "gone")
	s.Notify(Ready)
	if got := Longer(1500 * time.Millisecond); got != "EXTEND_TIMEOUT_USEC=1500000" {
		t.Error(got)
	}
	if got := Status("a\nREADY=1"); got != "STATUS=a READY=1" {
		t.Error(got)
	}
}

// An abstract socket begins with a zero byte, for which systemd writes @.
func TestAbstractSocket(t *testing.T) {
	name := "holter-test-" + strconv.Itoa(os.Getpid())
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "\x00" + name, Net: "unixgram"})
	if err != nil {
		t.Skip("no abstract sockets here: ", err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	(&Service{socket: "@" + name}).Notify(Stopping)
	if got := said(t, c); got != Stopping {
		t.Error(got)
	}
}
