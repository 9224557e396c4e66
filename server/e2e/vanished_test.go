//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Requests for what holter does not beat on, and what a backend says at first.
const (
	tunnelRequest = "GET /tunnel HTTP/1.1\r\nHost: app.example\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
	tunnelAnswer  = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
	socketRequest = "GET /socket HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	socketAnswer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	pollRequest   = "GET /poll HTTP/1.1\r\nHost: app.example\r\n\r\n"
	streamRequest = "GET /stream HTTP/1.1\r\nHost: app.example\r\n\r\n"
	streamAnswer  = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: hello\n\n"
)

// dial connects from within the namespace.
func (n namespace) dial(t *testing.T, address string) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread is of no use to others
		var file *os.File
		if file, err = os.Open("/run/netns/" + n.name); err != nil {
			return
		}
		defer file.Close()
		if err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err == nil {
			c, err = net.Dial("tcp", address)
		}
	}()
	if <-done; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// accept takes the next connection, wants it to ask for path, and answers.
func accept(t *testing.T, l net.Listener, path, answer string) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil || r.URL.Path != path {
		t.Fatalf("asked for %v, %v, want %s", r, err, path)
	}
	if _, err := io.WriteString(c, answer); err != nil {
		t.Fatal(err)
	}
	return c
}

// files returns the number of descriptors that the program has open.
func (p *program) files(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// The kernel finds out that the client's machine has vanished, 30 s after its last byte, where holter does not beat.
// Where it beats, its unanswered ping keeps the kernel from that, and holter does it instead.
func TestVanishedMachines(t *testing.T) {
	long(t, "it takes half a minute")
	t.Parallel()
	for _, scheme := range []string{"none", "both"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			vanish(t, scheme)
		})
	}
}

func vanish(t *testing.T, scheme string) {
	n := isolate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := launch(t, "proxy", "http://"+l.Addr().String(), "--scheme", scheme, "--interval", "1s", "--listen", net.JoinHostPort(n.here, "0"))
	address := p.page[len("http://") : len(p.page)-1]
	p.summary(t) // whose connection is open now
	before := p.files(t)

	const within = 45 * time.Second
	ends := map[string]chan error{}
	for _, kind := range []struct{ path, request, answer string }{
		{"/tunnel", tunnelRequest, tunnelAnswer},
		{"/socket", socketRequest, socketAnswer},
		{"/poll", pollRequest, ""},
		{"/stream", streamRequest, streamAnswer},
	} {
		client := n.dial(t, address)
		if _, err := io.WriteString(client, kind.request); err != nil {
			t.Fatal(err)
		}
		c := accept(t, l, kind.path, kind.answer)
		if kind.answer != "" {
			if _, err := io.ReadFull(client, make([]byte, 12)); err != nil {
				t.Fatal(err)
			}
		}
		end := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, c) // holter's pings too
			end <- err
		}()
		ends[kind.path] = end
	}
	n.cut(t, "-A")
	cut, late := time.Now(), time.After(within)
	for path, end := range ends {
		select {
		case err := <-end:
			t.Logf("the backend of %s saw %v within %v", path, err, time.Since(cut).Round(time.Second))
		case <-late:
			t.Fatalf("the backend of %s has seen nothing for %v", path, within)
		}
	}
	eventually(t, patience, "holter has closed all sockets", func() bool { return p.files(t) <= before })
	p.ended(t, map[string]string{"/tunnel": "1006 network", "/socket": "1006 network"})
}
