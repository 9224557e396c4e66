package endpoint

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server"
	"holter/server/api"
	"holter/server/plane"
)

// running is a whole server, with its monitor.
type running struct {
	*plane.Data
	monitor *server.Monitor
	stop    func() error // and wait for the end
}

func runServer(t testing.TB, change func(*server.Options, *Options)) running {
	t.Helper()
	o := server.Options{Admin: "127.0.0.1:0", Logger: silent}
	d := Options{ListenOptions: plane.ListenOptions{Listen: "127.0.0.1:0"}, ReadLimit: testLimit}
	if change != nil {
		change(&o, &d)
	}
	m := server.New(o)
	s, err := New(m, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	return running{s, m, runUntilEnd(t, s.Run)}
}

func (r running) dial(t *testing.T, client string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(r.URL()+"?client="+url.QueryEscape(client), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(patienceOfTests))
	return ws
}

// call sends a request to the admin plane and decodes its answer into v.
func (r running) call(t *testing.T, method, path string, v any) {
	t.Helper()
	status, answer, _ := call(t, r.AdminURL(), method, path, "")
	if err := json.Unmarshal([]byte(answer), v); err != nil || status != 200 {
		t.Fatalf("%s %s: status %d, %s, error %v", method, path, status, answer, err)
	}
}

// await follows the events until one is as wanted.
func (r running) await(t *testing.T, wanted func(*model.Event) bool) model.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	for seq := uint64(0); ; {
		events, err := r.monitor.Source().Events(ctx, seq)
		if err != nil {
			t.Fatal("what was waited for did not happen: ", err)
		}
		for _, e := range events {
			if seq = e.Seq; wanted(&e) {
				return e
			}
		}
	}
}

func wantClose(t *testing.T, ws *websocket.Conn, code int) {
	t.Helper()
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		if closed, ok := errors.AsType[*websocket.CloseError](err); !ok || closed.Code != code {
			t.Errorf("ended with %v, want close code %d", err, code)
		}
		return
	}
}

// A client is kicked over the API, comes back, and is known.
func TestServerFromEndToEnd(t *testing.T) {
	s := runServer(t, nil)
	var health api.Health
	s.call(t, "GET", "/health", &health)

	first := s.dial(t, "ann")
	opened := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened })
	var detail api.Detail
	s.call(t, "GET", "/api/v1/connections/"+opened.Connection.ID.String(), &detail)
	if detail.Client != "ann" || detail.Generation != 1 || detail.Path != "/ws" || detail.State != "normal" {
		t.Errorf("connection %+v", detail)
	}

	var kicked api.Kicked
	s.call(t, "DELETE", "/api/v1/connections/"+detail.ID+"?code=4001&reason=out", &kicked)
	if wantClose(t, first, 4001); kicked.Kicked != 1 {
		t.Errorf("kicked %d", kicked.Kicked)
	}
	closed := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionClosed })
	if c := closed.Connection.Close; c == nil || c.Code != 4001 || c.By != model.ByHolter {
		t.Errorf("closed as %+v", c)
	}
	if status, answer, _ := call(t, s.AdminURL(), "DELETE", "/api/v1/connections/"+detail.ID, ""); status != 410 {
		t.Errorf("kicking the closed: status %d, %s", status, answer)
	}

	s.dial(t, "ann")
	s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened && e.Connection.Generation == 2 })
	var ann api.ClientDetail
	s.call(t, "GET", "/api/v1/clients/ann", &ann)
	if ann.Generation != 2 || ann.State != "normal" || len(ann.Connections) != 2 || len(ann.ReconnectsMS) != 1 {
		t.Errorf("client %+v", ann)
	}
	var summary api.Summary
	if s.call(t, "GET", "/api/v1/summary", &summary); summary.Address != s.URL() || summary.States.Closed != 1 {
		t.Errorf("summary %+v", summary)
	}
	var list api.Connections
	if s.call(t, "GET", "/api/v1/connections?q=ann&sort=-age&limit=1", &list); list.Total != 2 || list.Next == "" {
		t.Errorf("list %+v", list)
	}
	var host api.Host
	s.call(t, "GET", "/api/v1/host", &host)
}

func TestServerStopsInOrder(t *testing.T) {
	s := runServer(t, nil)
	var clients []*websocket.Conn
	for i := range 20 {
		clients = append(clients, s.dial(t, fmt.Sprint(i)))
	}
	dial(t, s.Addr())  // says nothing
	s.dial(t, "stuck") // never answers the close frame
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	for _, ws := range clients {
		wantClose(t, ws, websocket.CloseGoingAway)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", s.Addr().String()); err == nil {
		c.Close()
		t.Error("still listening")
	}
}

func TestServerBoundsWhatClientsSay(t *testing.T) {
	s := runServer(t, nil)
	s.dial(t, "\x1b[31m"+strings.Repeat("ü", 10_000))
	opened := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionOpened })
	if client := opened.Connection.Client; len(client) > 300 || strings.ContainsRune(client, '\x1b') {
		t.Errorf("client %q", client)
	}
	_, response, err := websocket.DefaultDialer.Dial(s.URL(), http.Header{"Origin": {"https://evil.example"}})
	if err == nil || response.StatusCode != 403 {
		t.Fatalf("a foreign origin got in: %v", err)
	}
	refused := s.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
	if refused.Refusal.Status != 403 || !strings.Contains(refused.Refusal.Reason, "evil.example") {
		t.Errorf("refusal %+v", refused.Refusal)
	}
}

func TestServerPortInUse(t *testing.T) {
	l := listenLoopback(t)
	defer l.Close()
	taken := l.Addr().String()
	for flag, addresses := range map[string][2]string{
		"--listen": {taken, "127.0.0.1:0"},
		"--admin":  {"127.0.0.1:0", taken},
	} {
		s, err := New(server.New(server.Options{Admin: addresses[1], Logger: silent}), Options{ListenOptions: plane.ListenOptions{Listen: addresses[0]}, ReadLimit: 1})
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("listen %s: address already in use: stop the other program or choose another with %s", taken, flag)
		if err := s.Run(t.Context()); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestServerWithTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	s := runServer(t, func(_ *server.Options, d *Options) { d.TLSCert, d.TLSKey = cert, key })
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}
	ws, _, err := dialer.Dial(s.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if _, ok := ws.NetConn().(*tls.Conn); !ok {
		t.Errorf("connected through a %T", ws.NetConn())
	}
	ws.SetReadDeadline(time.Now().Add(patienceOfTests))
	ws.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, message, err := ws.ReadMessage(); err != nil || string(message) != "hello" {
		t.Errorf("got %q, error %v", message, err)
	}
	dial(t, s.Addr()).Write([]byte("GET / HTTP/1.1\r\n\r\n")) // not TLS, which must not disturb others
}

func TestServerNeedsAWholeCertificate(t *testing.T) {
	cert, key, _ := certificate(t)
	for _, d := range []plane.ListenOptions{{TLSCert: cert}, {TLSKey: key}, {TLSCert: key, TLSKey: cert}} {
		d.Listen = "127.0.0.1:0"
		s, err := New(server.New(server.Options{Logger: silent}), Options{ListenOptions: d, ReadLimit: 1})
		if err == nil {
			err = s.Listen()
		}
		if err == nil || !strings.Contains(err.Error(), "--tls-") {
			t.Errorf("%+v: error %v", d, err)
		}
	}
}

// certificate writes one for 127.0.0.1 that signs itself.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8), roots
}

func TestAddressesOfAServer(t *testing.T) {
	s := runServer(t, func(_ *server.Options, d *Options) { d.Listen = ":0" })
	for got, want := range map[string]string{s.URL(): "ws://localhost:", s.PageURL(): "http://localhost:", s.AdminURL(): "http://127.0.0.1:"} {
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s…", got, want)
		}
	}
}
