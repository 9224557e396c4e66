package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"holter/server"
)

// A handshake that waits for the upstream takes a place, so that many at once do not get past the limit, and gives it
// back if the upstream refuses.
func TestProxyLimitsHandshakes(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan string)
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		asked <- struct{}{}
		select {
		case head := <-answer:
			io.WriteString(c, head)
		case <-t.Context().Done():
		}
		io.Copy(io.Discard, in)
	})
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.MaxConns, o.MaxConnsPerIP = 1, 1 })
	upgrade := func() (net.Conn, chan int) {
		status := make(chan int, 1)
		c := connectTo(t, p.Addr().String())
		go func() {
			io.WriteString(c, chatRequest)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				status <- 0
				return
			}
			status <- res.StatusCode
		}()
		return c, status
	}
	want := func(what string, got chan int, status int) {
		t.Helper()
		if s := <-got; s != status {
			t.Errorf("%s: status %d, want %d", what, s, status)
		}
	}
	for _, head := range []string{"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", accepted} {
		first, status := upgrade()
		select {
		case <-asked:
		case s := <-status:
			t.Fatalf("status %d without asking the upstream", s)
		}
		_, second := upgrade()
		want("beside one in its handshake", second, http.StatusServiceUnavailable)
		answer <- head
		if head != accepted {
			want("refused by the upstream", status, http.StatusForbidden)
			first.Close()
			continue
		}
		want("the first", status, http.StatusSwitchingProtocols)
		_, third := upgrade()
		want("beside one that is open", third, http.StatusServiceUnavailable)
		if n := p.monitor.Source().Size(); n != 1 {
			t.Errorf("%d connections are counted", n)
		}
		first.Close()
	}
	waitFor(t, "the end", func() bool { return p.monitor.Source().Size() == 0 })
}
