package proxy

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holter/model"
	"holter/server"
)

// refusals returns a function that waits for the next refusal.
func (r running) refusals(t *testing.T) func() model.Refusal {
	seen := uint64(0)
	return func() model.Refusal {
		t.Helper()
		e := r.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused && e.Seq > seen })
		seen = e.Seq
		return *e.Refusal
	}
}

// isBroken wants a refusal of a broken handshake.
func isBroken(t *testing.T, got model.Refusal, status int, by model.Refuser, says string) {
	t.Helper()
	if got.Status != status || got.By != by || got.Diagnosis.Cause != model.CauseHandshakeBroken || !strings.Contains(got.Diagnosis.Detail, says) {
		t.Errorf("told %+v\nwant %d by %s with %q", got, status, by, says)
	}
}

const handshakeFields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// What package http refuses before a handler sees it is told as well, and never reaches the upstream.
func TestProxyTellsWhatNoHandlerSees(t *testing.T) {
	var reached atomic.Int32
	upstream := backend(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) }).URL
	p := runProxy(t, upstream, nil)
	next := p.refusals(t)
	for name, tc := range map[string]struct {
		request string
		status  int
		by      model.Refuser
		says    string
	}{
		"stray %":        {"GET /100%/ws HTTP/1.1\r\nHost: x\r\n" + handshakeFields + "\r\n", 400, model.RefusedByHTTP, "write %25"},
		"no Host":        {"GET /ws HTTP/1.1\r\n" + handshakeFields + "\r\n", 400, model.RefusedByHTTP, "proxy_set_header Host $host"},
		"two Hosts":      {"GET /ws HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, model.RefusedByHTTP, "Host"},
		"space":          {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, model.RefusedByHTTP, "%20"},
		"control":        {"GET /a\x01b HTTP/1.1\r\nHost: x\r\n\r\n", 400, model.RefusedByHTTP, "control characters"},
		"no colon":       {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade websocket\r\n\r\n", 400, model.RefusedByHTTP, "without a colon"},
		"HTTP/2 preface": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 505, model.RefusedByHolter, "HTTP/1.1"},
		"HTTP/3.0":       {"GET /ws HTTP/3.0\r\nHost: x\r\n\r\n", 505, model.RefusedByHTTP, "HTTP/1.1"},
		"TLS":            {"\x16\x03\x01\x00\x05hello\r\n\r\n", 400, model.RefusedByHTTP, "ws://"},
		"PROXY":          {"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /ws HTTP/1.1\r\n\r\n", 400, model.RefusedByHTTP, "PROXY protocol"},
		"long head":      {"GET /ws HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", 431, model.RefusedByHTTP, "cookies"},
		"coding":         {"GET /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, model.RefusedByHTTP, "chunked"},
		"expectation":    {"GET /ws HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417, model.RefusedByHTTP, "Expect"},
		"cut":            {"GET /ws HTTP/1.1\r\nHost: x\r\nUpgr", 400, model.RefusedByHTTP, "in the middle"},
		"pipelined":      {"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /100% HTTP/1.1\r\nHost: x\r\n\r\n", 400, model.RefusedByHTTP, "no HTTP that can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			c := connectTo(t, p.Addr().String())
			go func() {
				io.WriteString(c, tc.request)
				if name == "cut" {
					c.CloseWrite()
				}
			}()
			answer := make([]byte, 0, 4096)
			for chunk := make([]byte, 4096); ; { // package http resets a connection whose request it has not read
				n, err := c.Read(chunk)
				if answer = append(answer, chunk[:n]...); err != nil {
					break
				}
			}
			got := next()
			isBroken(t, got, tc.status, tc.by, tc.says)
			if tc.status != 417 && tc.status != 431 && !strings.Contains(string(answer), got.Diagnosis.Detail) {
				t.Errorf("answer %q", answer)
			}
		})
	}
	kept := connectTo(t, p.Addr().String())
	if res, err := http.ReadResponse(askFor(kept, "/"), nil); err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	askFor(kept, "/100%")
	isBroken(t, next(), 400, model.RefusedByHTTP, "write %25")
	if n := reached.Load(); n != 2 {
		t.Errorf("%d requests reached the upstream, want the two good ones", n)
	}
}

// A head that does not come is told and answered. A connection that says nothing is no handshake, nor is one that
// is kept for another request.
func TestProxyTellsSlowHeads(t *testing.T) {
	upstream := backend(t, func(http.ResponseWriter, *http.Request) {}).URL
	p := runProxy(t, upstream, func(_ *server.Options, o *Options) { o.HeaderTimeout = 100 * time.Millisecond })
	next := p.refusals(t)
	silent, kept := connectTo(t, p.Addr().String()), connectTo(t, p.Addr().String())
	if res, err := http.ReadResponse(askFor(kept, "/"), nil); err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	connectTo(t, p.Addr().String()).Close()
	if n, err := silent.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		t.Errorf("read %d bytes and %v on a connection that said nothing", n, err)
	}
	slow := connectTo(t, p.Addr().String())
	io.WriteString(slow, "GET /ws?client=snail HTTP/1.1\r\nHost: x\r\nUpgr")
	answer, _ := io.ReadAll(slow)
	got := next()
	isBroken(t, got, 408, model.RefusedByHTTP, "--header-timeout")
	if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || strings.Count(string(answer), "HTTP/1.1 ") != 1 || !strings.Contains(string(answer), got.Diagnosis.Detail) || got.Client != "snail" {
		t.Errorf("answer %q, client %q", answer, got.Client)
	}
	dropped := connectTo(t, p.Addr().String())
	io.WriteString(dropped, "GET /ws?client=quitter HTTP/1.1\r\n")
	dropped.SetLinger(0)
	dropped.Close()
	if got = next(); got.Client != "quitter" || got.Status != 0 || got.By != model.RefusedByClient {
		t.Errorf("told %+v", got)
	}
}

func askFor(c net.Conn, path string) *bufio.Reader {
	io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	return bufio.NewReader(c)
}

// The same over TLS, and what can go wrong before.
func TestProxyTellsWhatNoHandlerSeesOverTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	var overTLS atomic.Bool
	upstream := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		overTLS.Store(r.Header.Get("X-Forwarded-Proto") == "https")
	}).URL
	p := runProxy(t, upstream, func(_ *server.Options, o *Options) {
		o.TLSCert, o.TLSKey = cert, key
		o.HeaderTimeout = 300 * time.Millisecond
	})
	next := p.refusals(t)
	address := p.Addr().String()
	good := tls.Client(connectTo(t, address), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
	if res, err := http.ReadResponse(askFor(good, "/"), nil); err != nil || res.StatusCode != 200 || !overTLS.Load() {
		t.Fatal(res, err, overTLS.Load())
	}
	if res, err := http.ReadResponse(askFor(good, "/100%"), nil); err != nil || res.StatusCode != 400 {
		t.Fatal(res, err)
	}
	isBroken(t, next(), 400, model.RefusedByHTTP, "write %25")

	if answer := recite(t, address, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.0 400 ") {
		t.Errorf("answer %q", answer)
	}
	isBroken(t, next(), 400, model.RefusedByHolter, "wss://")

	if err := tls.Client(connectTo(t, address), &tls.Config{ServerName: "127.0.0.1"}).Handshake(); err == nil {
		t.Error("a stranger's certificate was taken")
	}
	isBroken(t, next(), 0, model.RefusedByClient, "--tls-cert")

	slow := connectTo(t, address)
	slow.Write([]byte{0x16, 3, 1})
	io.ReadAll(slow)
	isBroken(t, next(), 0, model.RefusedByHolter, "--header-timeout")
}

// A handshake that a proxy in front has spoilt goes on as it is. What becomes of it is told.
func TestProxyTellsSpoiltHandshakes(t *testing.T) {
	upstream := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			return
		}
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
		w.WriteHeader(http.StatusUpgradeRequired)
	}).URL
	p := runProxy(t, upstream, nil)
	next := p.refusals(t)
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	for _, tc := range []struct {
		request string
		status  int
		says    string
	}{
		{"GET /ws HTTP/1.0\r\nHost: x\r\nConnection: close\r\n" + key, 426, "HTTP/1.0 and without Upgrade: websocket and Connection: Upgrade"},
		{"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + key, 426, `proxy_set_header Connection "upgrade";`},
		{"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpgrade: websocket\r\n" + key, 426, "without Connection: Upgrade"},
		{"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + key, 200, "proxy_set_header Upgrade $http_upgrade;"},
		{"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n" + key, 426, "without"},
	} {
		answer := recite(t, p.Addr().String(), tc.request+"\r\n")
		if tc.status == 426 && (!strings.Contains(answer, "\r\nUpgrade: websocket\r\n") || !strings.Contains(answer, "\r\nConnection: close, Upgrade\r\n")) {
			t.Errorf("answer %q", answer)
		}
		isBroken(t, next(), tc.status, model.RefusedByUpstream, tc.says)
	}
}

// A client that has no patience with a slow upstream is told of too.
func TestProxyTellsOfClientsThatGiveUp(t *testing.T) {
	came := make(chan struct{}, 1)
	mute := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		came <- struct{}{}
		io.Copy(io.Discard, in)
	})
	p := runProxy(t, mute, nil)
	next := p.refusals(t)
	c := connectTo(t, p.Addr().String())
	io.WriteString(c, chatRequest)
	<-came
	c.Close()
	if got := next(); got.Status != 0 || got.By != model.RefusedByClient || got.Diagnosis.Cause != "" {
		t.Errorf("told %+v", got)
	}
}
