package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// Fields for one hop pass where the client, or the upstream, can do nothing without them.
func TestProxyPassesHopFieldsThatTheOtherEndNeeds(t *testing.T) {
	heads := make(chan string, 1)
	upstream := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		head := readRequest(in)
		heads <- head
		switch {
		case strings.Contains(head, "/426"):
			fmt.Fprint(c, "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.0, websocket\r\nConnection: Upgrade, X-Mine\r\nX-Mine: 1\r\nContent-Length: 0\r\n\r\n")
		case strings.Contains(head, "/407"):
			fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
		default:
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n")
		}
	})
	p := runProxy(t, upstream, nil)
	for path, want := range map[string][]string{
		"/426": {"426", "Upgrade: TLS/1.0, websocket", "Connection: Upgrade"},
		"/407": {"407", "Proxy-Authenticate: Basic"},
		"/200": {"200"},
	} {
		c := connectTo(t, p.Addr().String())
		io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, X-Forwarded-For\r\nHTTP2-Settings: AAMAAABk\r\nProxy-Authorization: Basic YTpi\r\n\r\n")
		answer := readRequest(bufio.NewReader(c))
		for _, w := range want {
			if !strings.Contains(answer, w) {
				t.Errorf("%s answered %q, without %s", path, answer, w)
			}
		}
		if strings.Contains(answer, "X-Mine") || strings.Contains(answer, "h2c") {
			t.Errorf("%s answered %q", path, answer)
		}
		head := <-heads
		for _, w := range []string{"Http2-Settings: AAMAAABk", "Proxy-Authorization: Basic YTpi", "X-Forwarded-For: 127.0.0.1"} {
			if !strings.Contains(head, w) {
				t.Errorf("the upstream got %q, without %s", head, w)
			}
		}
	}
}
