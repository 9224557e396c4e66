package proxy

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/server"
	"holter/server/api"
	"holter/server/plane"
)

// closedAddress is an address on which no program listens.
func closedAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// An upstream that fails is answered for, with what was tried.
func TestProxyFailures(t *testing.T) {
	down := closedAddress(t)
	garbage := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "220 mail.example ESMTP\x1b[31m <script>\r\n\r\n")
	})
	mute := rawBackend(t, func(c net.Conn, in *bufio.Reader) { io.Copy(io.Discard, in) })
	hasty := rawBackend(t, func(net.Conn, *bufio.Reader) {})
	endless := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n")
		for line := "X: " + strings.Repeat("x", 1000) + "\r\n"; ; {
			if _, err := io.WriteString(c, line); err != nil {
				return
			}
		}
	})
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = plane.QuietLog(silent)
	t.Cleanup(secure.Close)
	for name, tc := range map[string]struct {
		upstream string
		upgrade  bool
		status   int
		code     string
		says     string
	}{
		"down":               {"http://" + down, false, 502, "bad_gateway", "http://" + down + " cannot be reached at " + down + ": connection refused"},
		"down for a socket":  {"http://" + down, true, 502, "bad_gateway", "connection refused"},
		"no such name":       {"http://no-such-host.invalid", true, 502, "bad_gateway", "a name that cannot be resolved"},
		"garbage":            {garbage, false, 502, "bad_gateway", "malformed HTTP"},
		"garbage for a 101":  {garbage, true, 502, "bad_gateway", "malformed HTTP"},
		"mute":               {mute, true, 504, "gateway_timeout", "no answer within 200ms"},
		"hasty":              {hasty, false, 502, "bad_gateway", "did not answer as it should"},
		"hasty for a socket": {hasty, true, 502, "bad_gateway", "did not answer as it should"},
		"endless":            {endless, true, 502, "bad_gateway", "more than 262144 bytes"},
		"not trusted":        {secure.URL, false, 502, "bad_gateway", "--upstream-ca"},
		"not trusted for it": {secure.URL, true, 502, "bad_gateway", "--insecure-upstream"},
	} {
		t.Run(name, func(t *testing.T) {
			p := runProxy(t, tc.upstream, func(_ *server.Options, o *Options) {
				if tc.status == http.StatusGatewayTimeout {
					o.UpstreamTimeout = 200 * time.Millisecond
				}
			})
			for _, accept := range []string{"application/json", "text/html,*/*;q=0.8"} {
				res, body := ask(t, p, tc.upgrade, accept)
				if res.StatusCode != tc.status || strings.Contains(body, "\x1b") {
					t.Errorf("%s %q", res.Status, body)
				}
				if strings.HasPrefix(accept, "text/html") {
					if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || strings.Contains(body, "<script") || !strings.Contains(body, "holter proxy") {
						t.Errorf("%v %q", res.Header, body)
					}
					continue
				}
				var e api.Error
				if err := json.Unmarshal([]byte(body), &e); err != nil || string(e.Error.Code) != tc.code || !strings.Contains(e.Error.Message, tc.says) {
					t.Errorf("%v, %q", err, body)
				}
			}
		})
	}
}

func ask(t *testing.T, p running, upgrade bool, accept string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", p.PageURL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	if upgrade {
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Connection", "Upgrade")
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	return res, text(t, res)
}

// A handshake that the upstream refuses reaches the client whole, and the screen as a refusal.
func TestProxyRefusedHandshake(t *testing.T) {
	for _, status := range []int{301, 400, 401, 403, 404, 426, 500} {
		url := backend(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="chat"`)
			w.WriteHeader(status)
			io.WriteString(w, strings.Repeat("not you ", 1000))
		}).URL
		p := runProxy(t, url, nil)
		c, res, err := websocket.DefaultDialer.Dial(p.URL(), nil)
		if err == nil {
			c.Close()
			t.Fatal("no refusal")
		}
		body, _ := io.ReadAll(res.Body) // as much as gorilla keeps
		if res.StatusCode != status || res.Header.Get("WWW-Authenticate") == "" || !strings.HasPrefix(string(body), "not you not you") {
			t.Errorf("%s %v %q", res.Status, res.Header, body)
		}
		s, _ := p.monitor.Source().Snapshot(t.Context())
		if len(s.Connections) > 0 {
			t.Errorf("%v", s.Connections)
		}
		events, _ := p.monitor.Source().Events(t.Context(), 0)
		refused := 0
		for _, e := range events {
			if e.Refusal != nil && e.Refusal.Status == status {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%d refusals in %v", refused, events)
		}
	}
}

// A client that is told to expect no more on its connection may wait for the end of that.
func TestProxyRefusedHandshakeCloses(t *testing.T) {
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 7\r\n\r\nnot you")
	})
	answer := recite(t, runProxy(t, url, nil).Addr().String(), chatRequest) // until the connection closes
	if !strings.Contains(answer, "Connection: close\r\n") || !strings.HasSuffix(answer, "not you") {
		t.Errorf("%q", answer)
	}
}

// A client that gives up takes its handshake with it.
func TestProxyClientGivesUp(t *testing.T) {
	here, gone := make(chan struct{}), make(chan struct{})
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		close(here)
		io.Copy(io.Discard, in)
		close(gone)
	})
	c := connectTo(t, runProxy(t, url, nil).Addr().String())
	io.WriteString(c, chatRequest)
	<-here
	c.Close()
	select {
	case <-gone:
	case <-time.After(patienceOfTests):
		t.Error("the upstream does not learn of it")
	}
}

func TestProxyLimit(t *testing.T) {
	p := runProxy(t, echoBackend(t).URL, func(o *server.Options, _ *Options) { o.MaxConns = 1 })
	p.dial(t, "ann")
	if _, res, err := websocket.DefaultDialer.Dial(p.URL(), nil); err == nil || res.StatusCode != 503 {
		t.Errorf("%v", err)
	}
	if res, _ := ask(t, p, false, "*/*"); res.StatusCode != 400 { // which is the upstream's
		t.Errorf("%s: the limit is for WebSockets", res.Status)
	}
}

func TestUpstreamOptionsValidate(t *testing.T) {
	cert, key, _ := certificate(t)
	_, other, _ := certificate(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) {}, ""},
		{func(o *Options) { o.Upstream = "https://backend.example/" }, ""},
		{func(o *Options) { o.Upstream = "http://[::1]:3000" }, ""},
		{func(o *Options) { o.Upstream = "HTTP://Backend.Example" }, ""},
		{func(o *Options) { o.Upstream = "localhost:3000" }, "write http://HOST:PORT"},
		{func(o *Options) { o.Upstream = "http://" }, "write http://HOST:PORT"},
		{func(o *Options) { o.Upstream = "ws://localhost:3000" }, "write http://HOST:PORT"},
		{func(o *Options) { o.Upstream = "http://localhost:3000/app" }, "nothing after it"},
		{func(o *Options) { o.Upstream = "http://localhost:3000?a" }, "nothing after it"},
		{func(o *Options) { o.Upstream = "http://ann:pw@localhost:3000" }, "has a user or a password: leave them out"},
		{func(o *Options) { o.Upstream = "http://localhost:7070" }, "holter itself"},
		{func(o *Options) { o.Listen, o.Upstream = ":80", "http://127.0.0.1" }, "holter itself"},
		{func(o *Options) { o.UpstreamTimeout = -1 }, "--upstream-timeout"},
		{func(o *Options) { o.UpstreamCA = empty }, "for an https upstream"},
		{func(o *Options) { o.InsecureUpstream = true }, "for an https upstream"},
		{func(o *Options) { o.Upstream, o.UpstreamCA, o.InsecureUpstream = "https://a", empty, true }, "give one or the other"},
		{func(o *Options) { o.Upstream, o.UpstreamCA = "https://a", empty }, "no certificate in it"},
		{func(o *Options) { o.Upstream, o.UpstreamCA = "https://a", empty+"x" }, "load --upstream-ca: open"},
		{func(o *Options) { o.UpstreamServerName = "backend.example" }, "--upstream-server-name is for an https upstream"},
		{func(o *Options) { o.UpstreamCert = empty }, "--upstream-cert is for an https upstream"},
		{func(o *Options) { o.UpstreamKey = empty }, "--upstream-key is for an https upstream"},
		{func(o *Options) { o.Upstream, o.UpstreamCert = "https://a", empty }, "--upstream-cert without --upstream-key: write both"},
		{func(o *Options) { o.Upstream, o.UpstreamKey = "https://a", empty }, "--upstream-key without --upstream-cert: write both"},
		{func(o *Options) { o.Upstream, o.UpstreamCert, o.UpstreamKey = "https://a", empty, empty }, "load --upstream-cert and --upstream-key: "},
		{func(o *Options) { o.Upstream, o.UpstreamCert, o.UpstreamKey = "https://a", cert, key }, ""},
		{func(o *Options) { o.Upstream, o.UpstreamCert, o.UpstreamKey = "https://a", cert, other }, "load --upstream-cert and --upstream-key: "},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "backend_1.example." }, ""},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "::1" }, ""},
		{func(o *Options) {
			o.Upstream, o.UpstreamServerName, o.InsecureUpstream = "https://a", "backend.example", true
		}, ""},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "https://b" }, "no name of a host"},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "b:443" }, "no name of a host"},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "bücher.example" }, "no name of a host"},
		{func(o *Options) { o.Upstream, o.UpstreamServerName = "https://a", "." }, "no name of a host"},
		{func(o *Options) { o.TrustedProxies = []string{"10.0.0.0/8", "::1", "192.168.1.7"} }, ""},
		{func(o *Options) { o.TrustedProxies = []string{"10.0.0.0/33"} }, "--trusted-proxies"},
		{func(o *Options) { o.Listen = "x" }, "--listen"},
	} {
		o := Options{
			ListenOptions:   plane.ListenOptions{Listen: "127.0.0.1:7070"},
			UpstreamOptions: UpstreamOptions{Upstream: "http://localhost:3000", UpstreamTimeout: time.Second},
		}
		tc.change(&o)
		_, err := New(server.New(server.Options{Logger: silent}).Door(), o)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want %q", o, err, tc.want)
		}
	}
}

// A proxy refuses a monitor that would watch nothing.
func TestProxyRefusesAnInvalidMonitor(t *testing.T) {
	m := server.New(server.Options{Detector: "oracle", Logger: silent})
	_, err := New(m.Door(), Options{
		ListenOptions:   plane.ListenOptions{Listen: "127.0.0.1:0"},
		UpstreamOptions: UpstreamOptions{Upstream: "http://127.0.0.1:3000"},
	})
	if err == nil || !strings.Contains(err.Error(), "write deviation, jacobson or phi") {
		t.Errorf("error %v", err)
	}
}
