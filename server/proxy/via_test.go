package proxy

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/plane"
)

// noProxies leaves no proxy in the environment.
func noProxies(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		t.Setenv(name, "")
		t.Setenv(strings.ToLower(name), "")
	}
}

// tunnels is a proxy that leads all its tunnels to one address, and notes what it was asked.
func tunnels(t *testing.T, to string) (url string, asked <-chan string) {
	requests := make(chan string, 100)
	s := backend(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Method + " " + r.RequestURI + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		far, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		relay(near, far)
	})
	return s.URL, requests
}

// relay copies between two connections until both ends are through.
func relay(near, far net.Conn) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		io.Copy(far, near)
		far.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(near, far)
	near.(*net.TCPConn).CloseWrite()
	<-over
	near.Close()
	far.Close()
}

// The proxy that the environment names is used for handshakes and all else, with its user and password.
func TestProxyThroughAProxy(t *testing.T) {
	plain := echoBackend(t)
	secure, _ := secureBackend(t, nil)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:s3 cret"))
	for name, tc := range map[string]struct {
		upstream, address string
		variable          string
		change            func(*Options)
	}{
		"http":  {"http://backend.invalid", plain.Listener.Addr().String(), "HTTP_PROXY", func(*Options) {}},
		"https": {"https://backend.invalid", secure.Listener.Addr().String(), "https_proxy", func(o *Options) { o.InsecureUpstream = true }},
	} {
		t.Run(name, func(t *testing.T) {
			noProxies(t)
			proxy, asked := tunnels(t, tc.address)
			t.Setenv(tc.variable, strings.Replace(proxy, "http://", "http://ann:s3%20cret@", 1))
			var log bytes.Buffer
			p := runProxy(t, tc.upstream, func(o *server.Options, po *Options) {
				o.Interval, o.Logger = 10*time.Millisecond, slog.New(slog.NewTextHandler(&log, nil))
				tc.change(po)
			})
			if text := log.String(); !strings.Contains(text, proxy) || !strings.Contains(text, tc.variable) || strings.Contains(text, "cret") {
				t.Errorf("logged %s", text)
			}
			port := map[string]string{"http": "80", "https": "443"}[name]
			want := fmt.Sprintf("CONNECT backend.invalid:%[1]s backend.invalid:%[1]s %[2]s", port, basic)
			if res, body := ask(t, p, false, "*/*"); res.StatusCode != http.StatusBadRequest { // no upgrade, says gorilla
				t.Errorf("%s %s", res.Status, body)
			}
			if got := <-asked; got != want {
				t.Errorf("a page asked the proxy for %s, want %s", got, want)
			}
			c := p.dial(t, "ann")
			if got := <-asked; got != want {
				t.Errorf("a handshake asked the proxy for %s, want %s", got, want)
			}
			if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.ReadMessage(); err != nil || string(got) != "hello" {
				t.Errorf("%q came back: %v", got, err)
			}
			over := make(chan struct{})
			go func() { defer close(over); c.ReadMessage() }() // answers pings
			p.state(t, "beats on both legs", func(d model.Detail) bool {
				return len(d.Legs) == 2 && d.Legs[0].PongsReceived > 2 && d.Legs[1].PongsReceived > 2
			})
			c.Close()
			<-over
		})
	}
}

// A backend on this machine, and one that NO_PROXY names, are reached without the proxy.
func TestProxyStraightDespiteAProxy(t *testing.T) {
	for name, tc := range map[string]struct {
		target string
		env    map[string]string
		via    string
	}{
		"none":              {"http://backend.example", nil, ""},
		"loopback":          {"http://127.0.0.1:3000", map[string]string{"HTTP_PROXY": "http://p:1"}, ""},
		"IPv6 loopback":     {"http://[::1]:3000", map[string]string{"HTTP_PROXY": "http://p:1"}, ""},
		"localhost":         {"https://localhost", map[string]string{"HTTPS_PROXY": "http://p:1"}, ""},
		"exempt":            {"http://backend.example", map[string]string{"HTTP_PROXY": "http://p:1", "NO_PROXY": "a, .example"}, ""},
		"exempt, lower":     {"http://backend.example", map[string]string{"http_proxy": "http://p:1", "no_proxy": "backend.example"}, ""},
		"exempt network":    {"http://10.1.2.3", map[string]string{"HTTP_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, ""},
		"exempt nonsense":   {"http://10.1.2.3", map[string]string{"HTTP_PROXY": "::", "NO_PROXY": "*"}, ""},
		"of another scheme": {"http://backend.example", map[string]string{"HTTPS_PROXY": "http://p:1"}, ""},
		"another exempt":    {"http://backend.example", map[string]string{"HTTP_PROXY": "http://p:1", "NO_PROXY": "example.com"}, "http://p:1"},
		"without a scheme":  {"http://backend.example", map[string]string{"HTTP_PROXY": "p.example:3128"}, "http://p.example:3128"},
		"without a port":    {"http://backend.example", map[string]string{"HTTP_PROXY": "https://p.example"}, "https://p.example"},
		"SOCKS":             {"https://backend.example", map[string]string{"HTTPS_PROXY": "socks5h://ann:pw@p.example"}, "socks5h://p.example"},
		"both cases":        {"http://backend.example", map[string]string{"HTTP_PROXY": "http://p:1", "http_proxy": "http://q:1"}, "http://p:1"},
	} {
		t.Run(name, func(t *testing.T) {
			noProxies(t)
			for name, value := range tc.env {
				t.Setenv(name, value)
			}
			target, err := url.Parse(tc.target)
			if err != nil {
				t.Fatal(err)
			}
			v, err := viaEnvironment(target)
			if got := fmt.Sprint(v); err != nil || (v != nil) != (tc.via != "") || v != nil && got != tc.via {
				t.Errorf("%s, want %q; error %v", got, tc.via, err)
			}
		})
	}
}

// An address of a proxy that is none is refused at the start, and not shown: it may have a password in it.
func TestProxyRefusesAnAddressThatIsNoProxy(t *testing.T) {
	noProxies(t)
	for _, value := range []string{"http://ann:s3cret@p:port", "ftp://ann:s3cret@p", "http://", "socks4://s3cret", "http://ann:s3cret@"} {
		t.Setenv("HTTP_PROXY", value)
		o := Options{
			ListenOptions:   plane.ListenOptions{Listen: "127.0.0.1:0"},
			UpstreamOptions: UpstreamOptions{Upstream: "http://backend.example"},
		}
		_, err := New(server.New(server.Options{Logger: silent}).Door(), o)
		if err == nil || !strings.Contains(err.Error(), "HTTP_PROXY in the environment is no address of a proxy") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// A proxy that leads nowhere is named in the answer, with what it did.
func TestProxyThroughAProxyThatFails(t *testing.T) {
	says := func(answer string) string {
		return rawBackend(t, func(c net.Conn, in *bufio.Reader) {
			readRequest(in)
			io.WriteString(c, answer)
		})
	}
	mute := rawBackend(t, func(c net.Conn, in *bufio.Reader) { io.Copy(io.Discard, in) })
	endless := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for line := "X: " + strings.Repeat("x", 1000) + "\r\n"; ; {
			if _, err := io.WriteString(c, line); err != nil {
				return
			}
		}
	})
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = plane.QuietLog(silent)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	down := closedAddress(t)
	for name, tc := range map[string]struct {
		proxy  string
		status int
		says   string
	}{
		"down":         {"http://" + down, 502, "it cannot be reached at " + down + ": connection refused"},
		"no such name": {"http://no-such-host.invalid", 502, "it has a name that cannot be resolved"},
		"refuses":      {says("HTTP/1.1 407 Proxy Authentication Required\x1b[31m\r\nContent-Length: 0\r\n\r\n"), 502, "it refused with 407 Proxy Authentication Required"},
		"redirects":    {says("HTTP/1.1 302 Found\r\nLocation: http://login.example\r\n\r\n"), 502, "it refused with 302 Found"},
		"garbage":      {says("220 mail.example ESMTP\r\n\r\n"), 502, "malformed HTTP"},
		"hangs up":     {says(""), 502, "unexpected EOF"},
		"mute":         {mute, 504, "it did not answer: no answer within 200ms"},
		"mute SOCKS":   {strings.Replace(mute, "http:", "socks5:", 1), 504, "it did not answer: no answer within 200ms"},
		"waits":        {says("HTTP/1.1 100 Continue\r\n\r\n"), 502, "unexpected EOF"},
		"endless":      {endless, 502, "more than 262144 bytes"},
		"not trusted":  {secure.URL, 502, "it shows a certificate that is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			noProxies(t)
			t.Setenv("HTTP_PROXY", strings.Replace(tc.proxy, "://", "://ann:s3cret@", 1))
			p := runProxy(t, "http://backend.invalid", func(_ *server.Options, o *Options) {
				if tc.status == http.StatusGatewayTimeout {
					o.UpstreamTimeout = 200 * time.Millisecond
				}
			})
			for _, upgrade := range []bool{true, false} {
				res, body := ask(t, p, upgrade, "application/json")
				want := "The upstream http://backend.invalid cannot be reached through the proxy " + tc.proxy + ", which HTTP_PROXY names: "
				if res.StatusCode != tc.status || !strings.Contains(body, want) || !strings.Contains(body, tc.says) ||
					!strings.Contains(body, "NO_PROXY") || strings.Contains(body, "s3cret") || strings.Contains(body, "\x1b") {
					t.Errorf("%s %s\nwant %s %s", res.Status, body, want, tc.says)
				}
			}
		})
	}
}

// A client that gives up takes its way through the proxy with it.
func TestProxyClientGivesUpBeforeTheTunnel(t *testing.T) {
	noProxies(t)
	here, gone := make(chan struct{}), make(chan struct{})
	t.Setenv("HTTP_PROXY", rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		close(here)
		io.Copy(io.Discard, in)
		close(gone)
	}))
	c := connectTo(t, runProxy(t, "http://backend.invalid", nil).Addr().String())
	io.WriteString(c, chatRequest)
	<-here
	c.Close()
	select {
	case <-gone:
	case <-time.After(patienceOfTests):
		t.Error("the proxy does not learn of it")
	}
}

// What a backend sends at once after the tunnel has been built is not lost, although it comes with the proxy's answer.
func TestProxyReadsNoFurtherThanTheTunnelsHead(t *testing.T) {
	noProxies(t)
	t.Setenv("HTTP_PROXY", rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 200 OK\nX-Via: a\n\nHTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n")
		readRequest(in)
	}))
	if res, body := ask(t, runProxy(t, "http://backend.invalid", nil), true, "*/*"); res.StatusCode != http.StatusTeapot {
		t.Errorf("%s %s", res.Status, body)
	}
}

// SOCKS5 as in RFC 1928 and 1929, for an upstream whose name the proxy resolves.
func TestProxyThroughSOCKS(t *testing.T) {
	noProxies(t)
	echo := echoBackend(t).Listener.Addr().String()
	asked := make(chan string, 1)
	socks := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		take := func(n int) []byte {
			b := make([]byte, n)
			io.ReadFull(in, b)
			return b
		}
		take(int(take(2)[1])) // methods
		c.Write([]byte{5, 2}) // user and password
		user := take(int(take(2)[1]))
		password := take(int(take(1)[0]))
		c.Write([]byte{1, 0})
		name := take(int(take(5)[4]))
		port := take(2)
		asked <- fmt.Sprintf("%s %s %s:%d", user, password, name, int(port[0])<<8|int(port[1]))
		c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		far, err := net.Dial("tcp", echo)
		if err != nil {
			t.Error(err)
			return
		}
		relay(c, far)
	})
	t.Setenv("HTTP_PROXY", strings.Replace(socks, "http://", "socks5://ann:s3cret@", 1))
	p := runProxy(t, "http://backend.invalid:8080", nil)
	c := p.dial(t, "ann")
	if got := <-asked; got != "ann s3cret backend.invalid:8080" {
		t.Errorf("asked for %s", got)
	}
	if err := c.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.ReadMessage(); err != nil || string(got) != "hello" {
		t.Errorf("%q came back: %v", got, err)
	}
	c.Close()
}
