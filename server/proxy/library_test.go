package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/plane"
)

// Compression is between the two ends, and holter's beats go in between.
func TestProxyCompression(t *testing.T) {
	p := runProxy(t, echoBackend(t).URL, func(o *server.Options, _ *Options) { o.Interval = 10 * time.Millisecond })
	dialer := websocket.Dialer{EnableCompression: true}
	c, res, err := dialer.Dial(p.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !strings.Contains(res.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		t.Fatalf("%v", res.Header)
	}
	text := strings.Repeat("again and ", 10_000)
	for range 100 {
		if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.ReadMessage(); err != nil || string(got) != text {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	d := p.state(t, "the connection", func(d model.Detail) bool { return true })
	if sent := 100 * len(text); d.BytesIn > uint64(sent)/10 {
		t.Errorf("%d bytes came in for %d: not compressed", d.BytesIn, sent)
	}
}

// coder/websocket at both ends: subprotocol, messages, pings of its own, and the close handshake.
func TestProxyCoder(t *testing.T) {
	status := make(chan coder.StatusCode, 1)
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, &coder.AcceptOptions{Subprotocols: []string{"chat"}, CompressionMode: coder.CompressionContextTakeover})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		for {
			kind, message, err := c.Read(r.Context())
			if err != nil {
				status <- coder.CloseStatus(err)
				return
			}
			c.Write(r.Context(), kind, message)
		}
	}).URL
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.Interval = 10 * time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	c, _, err := coder.Dial(ctx, p.URL(), &coder.DialOptions{Subprotocols: []string{"chat"}, CompressionMode: coder.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	d := p.state(t, "the connection", func(d model.Detail) bool { return true })
	if c.Subprotocol() != "chat" || d.Subprotocol != "chat" {
		t.Errorf("subprotocol %q, shown %q", c.Subprotocol(), d.Subprotocol)
	}
	for size := 1; size < 30_000; size *= 3 {
		message := bytes.Repeat([]byte("x"), size)
		if err := c.Write(ctx, coder.MessageBinary, message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, message) {
			t.Fatalf("%d bytes of %d, %v", len(got), size, err)
		}
	}
	reading := c.CloseRead(ctx)
	if err := c.Ping(ctx); err != nil {
		t.Errorf("a ping of the client's own: %v", err)
	}
	_ = reading
	if err := c.Close(4001, "bye"); err != nil {
		t.Error(err)
	}
	if got := <-status; got != 4001 {
		t.Errorf("the backend saw %d", got)
	}
}

// The same-origin check of a backend holds: its own name is what the client asked for or, rewritten, what Host and
// Origin both say. A foreign page is refused either way.
func TestProxyKeepsTheHost(t *testing.T) {
	u := websocket.Upgrader{} // which compares Host and Origin
	seen := make(chan [2]string, 1)
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- [2]string{r.Host, r.Header.Get("Origin")}
		if c, err := u.Upgrade(w, r, nil); err == nil {
			c.Close()
		}
	}).URL
	for _, rewrite := range []bool{false, true} {
		p := runProxy(t, url, func(_ *server.Options, o *Options) { o.RewriteHost = rewrite })
		own := p.Addr().String()
		host, origin := own, "http://"+own
		if rewrite {
			host, origin = strings.TrimPrefix(url, "http://"), url
		}
		for sent, want := range map[string]string{
			"http://" + own: origin, "https://" + own: map[bool]string{false: "https://" + own, true: origin}[rewrite],
			"http://evil.example": "http://evil.example", "null": "null",
		} {
			c, _, err := websocket.DefaultDialer.Dial(p.URL(), http.Header{"Origin": {sent}})
			if foreign := sent == want && !strings.HasSuffix(sent, own); foreign == (err == nil) {
				t.Errorf("host rewritten %v, from %s: %v", rewrite, sent, err)
			}
			if err == nil {
				c.Close()
			}
			if got := <-seen; got != [2]string{host, want} {
				t.Errorf("host rewritten %v: the backend saw %s, want %s and %s", rewrite, got, host, want)
			}
		}
		r, err := http.NewRequest("POST", p.PageURL(), nil) // a form is checked like a WebSocket
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "http://"+own)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := <-seen; got != [2]string{host, origin} {
			t.Errorf("host rewritten %v: the backend saw %s for a form, want %s and %s", rewrite, got, host, origin)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TLS on either side, and on both.
func TestProxyTLS(t *testing.T) {
	plain := echoBackend(t)
	secure := httptest.NewUnstartedServer(plain.Config.Handler)
	secure.Config.ErrorLog = plane.QuietLog(silent)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key, roots := certificate(t)
	for name, change := range map[string]func(*Options){
		"to the upstream": func(o *Options) { o.Upstream, o.UpstreamCA = secure.URL, authority },
		"without a check": func(o *Options) { o.Upstream, o.InsecureUpstream = secure.URL, true },
		"from the client": func(o *Options) { o.TLSCert, o.TLSKey = cert, key },
		"on both its ends": func(o *Options) {
			o.Upstream, o.UpstreamCA, o.TLSCert, o.TLSKey = secure.URL, authority, cert, key
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := runProxy(t, plain.URL, func(o *server.Options, po *Options) {
				o.Interval = 10 * time.Millisecond
				change(po)
			})
			dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}
			c, _, err := dialer.Dial(p.URL(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, size := range []int{1, 1023, 1024, 1025, 16 << 10, 100_000, 1 << 20, 5} {
				message := bytes.Repeat([]byte("x"), size)
				if err := c.WriteMessage(websocket.BinaryMessage, message); err != nil {
					t.Fatal(err)
				}
				if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, message) {
					t.Fatalf("%d bytes of %d, %v", len(got), size, err)
				}
			}
			over := make(chan struct{})
			go func() { defer close(over); c.ReadMessage() }() // answers pings
			p.state(t, "beats on both legs", func(d model.Detail) bool {
				return len(d.Legs) == 2 && d.Legs[0].PongsReceived > 2 && d.Legs[1].PongsReceived > 2
			})
			d := p.state(t, "it", func(model.Detail) bool { return true })
			p.monitor.Source().Kick(t.Context(), model.Kick{IDs: []model.ID{d.ID}, Code: 4000})
			<-over
			if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 4000) {
				t.Errorf("a kick ends with %v", err)
			}
			client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
			res, err := client.Get(p.PageURL())
			if err != nil {
				t.Fatal(err)
			}
			if io.Copy(io.Discard, res.Body); res.StatusCode != http.StatusBadRequest { // no upgrade, says gorilla
				t.Errorf("%s for a page", res.Status)
			}
			res.Body.Close()
		})
	}
}
