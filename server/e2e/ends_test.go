//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/server/api"
)

// unheeding is a backend that ignores the end of what a client sends: it closes nothing before the test is over.
// The path of a request says what it does.
type unheeding struct {
	net.Listener
	over sync.WaitGroup

	mu    sync.Mutex // protects all following
	conns []net.Conn
	ports map[string]int // of the other end, by the client's name
}

func ignoreEnds(t *testing.T) *unheeding {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &unheeding{Listener: l, ports: map[string]int{}}
	b.over.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, c)
			b.mu.Unlock()
			b.over.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		b.mu.Lock()
		for _, c := range b.conns {
			c.Close()
		}
		b.mu.Unlock()
		b.over.Wait()
	})
	return b
}

func (b *unheeding) serve(c net.Conn) {
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	b.mu.Lock()
	b.ports[r.URL.Query().Get("client")] = c.RemoteAddr().(*net.TCPAddr).Port
	b.mu.Unlock()
	switch r.URL.Path {
	case "/refused":
		io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		c.Close()
		return
	case "/tunnel":
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		io.Copy(io.Discard, in)
		return
	}
	io.WriteString(c, socketAnswer)
	switch r.URL.Path {
	case "/deaf":
	case "/flooded":
		pour(c, ws.NewBinaryFrame(make([]byte, 1<<16)))
	default:
		answerPings(c, in)
	}
}

// pour writes messages until nobody takes them any more.
func pour(c net.Conn, message ws.Frame) {
	frame := ws.MustCompileFrame(message)
	for {
		if _, err := c.Write(frame); err != nil {
			return
		}
	}
}

// answerPings reads frames until there are no more.
func answerPings(c net.Conn, in *bufio.Reader) {
	for {
		h, err := ws.ReadHeader(in)
		if err != nil {
			return
		}
		payload := make([]byte, h.Length) // the test itself has caused it
		if _, err := io.ReadFull(in, payload); err != nil {
			return
		}
		if h.OpCode == ws.OpPing {
			if h.Masked {
				ws.Cipher(payload, h.Mask, 0)
			}
			ws.WriteFrame(c, ws.NewPongFrame(payload))
		}
	}
}

// ending is one way for a client to end, once it is connected: do returns when the client may close its socket. It is
// nil if the backend refuses.
type ending struct {
	path string
	do   func(c *net.TCPConn)
}

const unread = 300 * time.Millisecond // for which a client takes nothing, or gets nothing rid

var endings = []ending{
	{"/reset", func(c *net.TCPConn) { c.SetLinger(0) }},
	{"/fin", func(*net.TCPConn) {}},
	{"/half-closed", func(c *net.TCPConn) {
		c.CloseWrite()
		io.Copy(io.Discard, c)
	}},
	{"/refused", nil},
	{"/kicked", func(c *net.TCPConn) { io.Copy(io.Discard, c) }},
	{"/mute", func(c *net.TCPConn) { // gets pings of holter's and answers none
		c.SetReadDeadline(time.Now().Add(5 * unread))
		io.Copy(io.Discard, c)
	}},
	{"/flooded", func(c *net.TCPConn) {
		time.Sleep(unread)
		c.SetLinger(0)
	}},
	{"/deaf", func(c *net.TCPConn) {
		c.SetWriteDeadline(time.Now().Add(unread))
		pour(c, ws.MaskFrame(ws.NewBinaryFrame(make([]byte, 1<<16))))
		c.SetLinger(0)
	}},
	{"/tunnel", func(*net.TCPConn) {}},
}

// sockets are those that a program holds, by the port that tells them apart: that of the client, or holter's own to
// the backend.
type sockets struct{ clients, upstreams map[int]bool }

// heldSockets reads which sockets of the whole machine belong to holter between these two ports.
func heldSockets(t *testing.T, listen, backend int) (s sockets) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	s = sockets{map[int]bool{}, map[int]bool{}}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		const stateListen, noFile = "0A", "0"
		if len(f) < 10 || f[3] == stateListen || f[9] == noFile {
			continue
		}
		local, remote := portOf(f[1]), portOf(f[2])
		if local == listen {
			s.clients[remote] = true
		}
		if remote == backend {
			s.upstreams[local] = true
		}
	}
	return s
}

// portOf reads the port of an address as the kernel writes it.
func portOf(address string) int {
	_, port, _ := strings.Cut(address, ":")
	n, _ := strconv.ParseInt(port, 16, 32)
	return int(n)
}

// mixture is many clients that end in all ways, and what is known of those that holter has let in.
type mixture struct {
	address string
	backend *unheeding
	refused atomic.Int64 // for lack of a place

	mu        sync.Mutex // protects all following
	clients   map[int]string
	upstreams map[int]string
	problems  []string
}

func (m *mixture) problem(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// live lets one client connect, again and again until there is a place, and end.
func (m *mixture) live(name string, e ending) {
	for !m.try(name, e) {
		m.refused.Add(1)
		time.Sleep(200 * time.Millisecond)
	}
}

func (m *mixture) try(name string, e ending) (admitted bool) {
	conn, err := net.Dial("tcp", m.address)
	if err != nil {
		m.problem("%s: %v", name, err)
		return true
	}
	defer conn.Close()
	c := conn.(*net.TCPConn)
	c.SetDeadline(time.Now().Add(2 * patience))
	request := strings.Replace(socketRequest, "/socket", e.path+"?client="+name, 1)
	if e.path == "/tunnel" {
		request = strings.Replace(request, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 1)
	}
	io.WriteString(c, request)
	head := make([]byte, 4096)
	n, err := c.Read(head)
	if err != nil {
		m.problem("%s: no answer: %v", name, err)
		return true
	}
	switch status := string(bytes.Fields(head[:n])[1]); {
	case status == "503":
		return false
	case e.do == nil && status == "403":
		return true
	case status != "101":
		m.problem("%s: status %s", name, status)
		return true
	}
	m.enter(name, c.LocalAddr().(*net.TCPAddr).Port)
	ws.WriteFrame(c, ws.MaskFrame(ws.NewTextFrame([]byte("hello"))))
	e.do(c)
	return true
}

// enter remembers which sockets a connection has.
func (m *mixture) enter(name string, client int) {
	m.backend.mu.Lock()
	upstream := m.backend.ports[name]
	m.backend.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[client], m.upstreams[upstream] = name, name
}

// held returns the names of the connections that have a socket.
func (m *mixture) held(s sockets) map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := map[string]bool{}
	for port := range s.clients {
		names[m.clients[port]] = true
	}
	for port := range s.upstreams {
		names[m.upstreams[port]] = true
	}
	delete(names, "")
	return names
}

// atATime returns how many sockets to the backend are in both of two looks, and so were open at a time: a single look
// takes its time. One whose handshake the backend has refused needs no place while it is closed.
func (m *mixture) atATime(first, last sockets) (n int) {
	m.backend.mu.Lock()
	defer m.backend.mu.Unlock()
	refused := map[int]bool{}
	for name, port := range m.backend.ports {
		if strings.HasPrefix(name, "refused-") {
			refused[port] = true
		}
	}
	for port := range first.upstreams {
		if last.upstreams[port] && !refused[port] {
			n++
		}
	}
	return n
}

// What ends in whatever way before a backend that ignores it leaves nothing behind, is on the list for as long as
// there is a socket of it, and counts for the limit.
func TestMixedEnds(t *testing.T) {
	const bound = 3 * time.Second
	all, limit := 300, 150
	if os.Getenv("HOLTER_E2E_LONG") != "" {
		all, limit = 2000, 300
	}
	b := ignoreEnds(t)
	p := launch(t, "proxy", "http://"+b.Addr().String(), "--half-close-timeout", bound.String(), "--max-conns", strconv.Itoa(limit),
		"--interval", "500ms", "--linger", "100ms")
	listen, backend := mustPort(t, strings.TrimSuffix(strings.TrimPrefix(p.page, "http://"), "/")), mustPort(t, b.Addr().String())
	m := &mixture{
		address: net.JoinHostPort("127.0.0.1", strconv.Itoa(listen)), backend: b, clients: map[int]string{}, upstreams: map[int]string{},
	}
	before := p.host(t, func(api.Host) bool { return true })
	files := p.files(t)

	var clients sync.WaitGroup
	places := make(chan struct{}, limit+limit/10) // a few more than there is room for
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range all {
			places <- struct{}{}
			clients.Go(func() {
				e := endings[i%len(endings)]
				m.live(fmt.Sprintf("%s-%d", strings.TrimPrefix(e.path, "/"), i), e)
				<-places
			})
		}
		clients.Wait()
	}()
	var most, looks int
	look := func() {
		first := heldSockets(t, listen, backend)
		names := m.held(first)
		listed := map[string]bool{}
		for _, c := range p.connections(t, "") {
			listed[c.Client] = true
		}
		last := heldSockets(t, listen, backend)
		still := m.held(last)
		for name := range names {
			if still[name] && !listed[name] {
				m.problem("%s has a socket and is not on the list", name)
			}
		}
		looks, most = looks+1, max(most, m.atATime(first, last))
	}
	for rst := false; ; rst = !rst {
		select {
		case <-done:
		case <-time.After(100 * time.Millisecond):
			p.kick(t, api.Kick{Q: "path=/kicked", RST: rst})
			look()
			continue
		}
		break
	}
	ended := time.Now()
	p.host(t, func(h api.Host) bool {
		look()
		return h.Process.Goroutines <= before.Process.Goroutines && p.files(t) <= files
	})
	t.Logf("all sockets and goroutines are gone within %v; at most %d of %d places taken at a time in %d looks, %d times none was left",
		time.Since(ended).Round(time.Millisecond), most, limit, looks, m.refused.Load())
	if most > limit {
		t.Errorf("%d sockets to the backend at a time, with a limit of %d", most, limit)
	}
	for _, problem := range m.problems[:min(20, len(m.problems))] {
		t.Error(problem)
	}
	if len(m.problems) > 20 {
		t.Errorf("and %d problems more", len(m.problems)-20)
	}
}

func mustPort(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
