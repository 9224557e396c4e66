package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server/plane"
)

// runProxy runs a proxy in front of an upstream until the test ends.
func runProxy(t testing.TB, upstream string, change func(*Options, *ProxyOptions)) running {
	t.Helper()
	o := Options{Logger: silent, OnFail: model.OnFailObserve}
	p := ProxyOptions{ListenOptions: plane.ListenOptions{Listen: "127.0.0.1:0"}, UpstreamOptions: UpstreamOptions{Upstream: upstream}}
	if change != nil {
		change(&o, &p)
	}
	m := New(o)
	s, err := NewProxy(m, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return running{s, m, runUntilEnd(t, s.Run)}
}

// backend is an HTTP server to be proxied.
func backend(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.Config.DisableGeneralOptionsHandler = true
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// rawBackend is a server that speaks for itself.
func rawBackend(t testing.TB, handle func(c net.Conn, in *bufio.Reader)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(patienceOfTests))
			handle(c, bufio.NewReader(c))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-over })
	return "http://" + l.Addr().String()
}

// recite sends a request word for word to an address, and returns all that is answered until the other side
// closes.
func recite(t testing.TB, address, request string) string {
	t.Helper()
	c := connectTo(t, address)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("%v after %q", err, answer)
	}
	return string(answer)
}

func connectTo(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patienceOfTests))
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// shake does the handshake of a client on c, with bytes that follow at once and with more fields. It
// returns the answer and what comes after it.
func shake(t testing.TB, c net.Conn, early string, fields ...string) (*http.Response, *bufio.Reader) {
	t.Helper()
	request := strings.TrimSuffix(chatRequest, "\r\n")
	for _, field := range fields {
		request += field + "\r\n"
	}
	io.WriteString(c, request+"\r\n"+early)
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res, in
}

const (
	chatRequest = "GET /chat HTTP/1.1\r\nHost: app.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// readRequest reads the head of a request, word for word.
func readRequest(in *bufio.Reader) string {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String()
		}
	}
}

// state waits until the only connection of a proxy is as it should be.
func (r running) state(t testing.TB, what string, ok func(model.Detail) bool) model.Detail {
	t.Helper()
	var d model.Detail
	for limit := time.Now().Add(patienceOfTests); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		s, _ := r.monitor.Source().Snapshot(t.Context())
		if len(s.Connections) > 0 {
			d, _ = r.monitor.Source().Detail(t.Context(), s.Connections[0].ID)
			if ok(d) {
				return d
			}
		}
	}
	t.Fatalf("never saw %s: %+v", what, d.Connection)
	return d
}
