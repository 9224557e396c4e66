package proxy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/tui/eventlog"
)

// handshakeOfSecrets is a handshake with s3cret wherever clients and proxies put secrets.
func handshakeOfSecrets(t *testing.T, p running, path string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"chat", "bearer.authorization.k8s.io.s3cret", "s3cret"}}
	ws, res, err := dialer.Dial(strings.TrimSuffix(p.URL(), "/")+path, http.Header{
		"Authorization": {"Bearer s3cret"}, "Cookie": {"session=s3cret"}, "Apikey": {"s3cret"}, "X-Password": {"s3cret"},
		"X-Session-Id": {"s3cret"}, "X-Signature": {"sha256=s3cret"}, "X-Whatever": {"s3cret"},
		"Referer":        {"https://ann:s3cret@app.example/login?code=s3cret&state=1#s3cret"},
		"X-Original-Uri": {"/ws?token=s3cret"}, "X-Forwarded-Uri": {"/ws;jsessionid=s3cret"},
		"Forwarded": {"for=192.0.2.7;secret=s3cret"}, "Accept-Language": {"de"},
	})
	if err == nil {
		t.Cleanup(func() { ws.Close() })
	}
	return ws, res, err
}

// everywhere returns what the admin plane, the screen's source and the log say, by place.
func everywhere(t *testing.T, p running) map[string]string {
	t.Helper()
	said := map[string]string{}
	s, err := p.monitor.Source().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said["the snapshot"] = fmt.Sprintf("%+v", s)
	paths := []string{"/connections", "/clients", "/storms", "/summary"}
	for _, c := range s.Connections {
		d, err := p.monitor.Source().Detail(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		said["the detail"] = fmt.Sprintf("%+v", d)
		paths = append(paths, "/connections/"+c.ID.String(), "/clients/"+url.PathEscape(c.Client))
	}
	for _, path := range paths {
		said[path] = p.read(t, "/api/v1"+path)
	}
	said["/events"] = p.firstLines(t, "/api/v1/events?since=0")
	if len(s.Connections) > 0 {
		said["/snapshots"] = p.firstLines(t, "/api/v1/snapshots")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	eventlog.Run(over, p.monitor.Source(), slog.New(slog.NewTextHandler(&log, nil)))
	said["the log"] = log.String()
	return said
}

func (r running) read(t *testing.T, path string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	res, err := client.Get(r.AdminURL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d, error %v", path, res.StatusCode, err)
	}
	return string(body)
}

// firstLines are those of an endless answer, up to the first that is about a client, and all before it.
func (r running) firstLines(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, r.AdminURL()+path, nil)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var text strings.Builder
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		text.WriteString(lines.Text())
		if strings.Contains(lines.Text(), `"client":`) {
			return text.String()
		}
	}
	t.Fatalf("GET %s ended without a client: %s", path, text.String())
	return ""
}

// echoesToken answers a handshake with the last subprotocol that is offered, as servers do that take tokens there.
func echoesToken(t *testing.T) string {
	return backend(t, func(w http.ResponseWriter, r *http.Request) {
		offered := websocket.Subprotocols(r)
		upgrader := websocket.Upgrader{Subprotocols: offered[len(offered)-1:], CheckOrigin: func(*http.Request) bool { return true }}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		ws.ReadMessage()
	}).URL
}

// Nothing that came as a secret is said anywhere, whichever name the client goes by.
func TestSecretsAreNotShown(t *testing.T) {
	upstream := echoesToken(t)
	for _, identity := range []string{"", "header:Authorization", "header:X-Session-Id", "cookie:session", "query:token", "path:-1"} {
		t.Run(identity, func(t *testing.T) {
			p := runProxy(t, upstream, func(o *server.Options, _ *Options) { o.Identity, o.Admin = identity, "127.0.0.1:0" })
			ws, _, err := handshakeOfSecrets(t, p, "/ws;sid=s3cret%3Fkey=s3cret?token=s3cret")
			if err != nil || ws.Subprotocol() != "s3cret" {
				t.Fatalf("the client was told %v, error %v", ws, err)
			}
			d := p.state(t, "the connection", func(d model.Detail) bool { return d.Open() })
			if d.Subprotocol != "(not shown)" {
				t.Errorf("the chosen subprotocol is shown as %q", d.Subprotocol)
			}
			for where, text := range everywhere(t, p) {
				if i := strings.Index(text, "s3cret"); i >= 0 {
					t.Errorf("%s tells …%s…", where, text[max(0, i-100):min(len(text), i+100)])
				}
			}
			wantFields(t, d, map[string]string{
				"Accept-Language": "de", "X-Whatever": "(not shown)",
				"Sec-Websocket-Protocol": "chat, bearer.authorization.k8s.io.(not shown), (not shown)",
				"Referer":                "https://app.example/login?code=(not shown)&state=(not shown)#(not shown)",
			})
			for _, filter := range []string{"subprotocol~s3", "path~s3", "client~s3", "s3cret"} {
				var list struct{ Total int }
				if p.get(t, "/api/v1/connections?q="+url.QueryEscape(filter), &list); list.Total != 0 {
					t.Errorf("the filter %s finds what is masked", filter)
				}
			}
		})
	}
}

func wantFields(t *testing.T, d model.Detail, want map[string]string) {
	t.Helper()
	shown := map[string]string{}
	for _, f := range d.Header {
		shown[f.Name] = f.Value
	}
	for name, value := range want {
		if shown[name] != value {
			t.Errorf("%s is shown as %q, want %q", name, shown[name], value)
		}
	}
}

// Who wants to see it all says so.
func TestSecretsAreShownOnPurpose(t *testing.T) {
	p := runProxy(t, echoesToken(t), func(o *server.Options, _ *Options) {
		o.ShowSecrets, o.Identity, o.Admin = true, "cookie:session", "127.0.0.1:0"
	})
	if _, _, err := handshakeOfSecrets(t, p, "/ws;sid=s3cret"); err != nil {
		t.Fatal(err)
	}
	d := p.state(t, "the connection", func(d model.Detail) bool { return d.Open() })
	if d.Subprotocol != "s3cret" || d.Client != "s3cret" || d.Path != "/ws;sid=s3cret" {
		t.Errorf("shown as %+v", d.Connection)
	}
	wantFields(t, d, map[string]string{
		"Authorization": "Bearer s3cret", "X-Whatever": "s3cret", "X-Original-Uri": "/ws?token=s3cret",
		"Sec-Websocket-Protocol": "chat, bearer.authorization.k8s.io.s3cret, s3cret",
	})
}

// A handshake that comes to nothing tells no more than one that does: neither what the client sent, nor what a
// broken upstream answered.
func TestRefusalsShowNoSecrets(t *testing.T) {
	refusing := backend(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.String(), http.StatusForbidden) }).URL
	broken := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		readRequest(in)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nSet-Cookie session=s3cret\r\n\r\n")
	})
	for name, upstream := range map[string]string{"refuses": refusing, "is broken": broken, "is down": "http://" + closedAddress(t)} {
		t.Run(name, func(t *testing.T) {
			p := runProxy(t, upstream, func(o *server.Options, o2 *Options) {
				o.Identity, o.Admin, o2.UpstreamTimeout = "cookie:session", "127.0.0.1:0", time.Second
			})
			_, res, err := handshakeOfSecrets(t, p, "/ws;sid=s3cret?token=s3cret")
			if err == nil || res == nil {
				t.Fatalf("error %v", err)
			}
			if body, _ := io.ReadAll(res.Body); name != "refuses" && strings.Contains(string(body), "s3cret") {
				t.Errorf("the client is told %s", body)
			}
			p.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
			for where, text := range everywhere(t, p) {
				if i := strings.Index(text, "s3cret"); i >= 0 {
					t.Errorf("%s tells …%s…", where, text[max(0, i-100):min(len(text), i+100)])
				}
			}
		})
	}
}
