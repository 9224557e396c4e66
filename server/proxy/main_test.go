package proxy

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"holter/model"
	"holter/server"
	"holter/server/plane"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		os.Unsetenv(name) // the machine's
	}
	goleak.VerifyTestMain(m)
}

var silent = slog.New(slog.DiscardHandler)

// patienceOfTests is how long a test waits for what must happen.
const patienceOfTests = 10 * time.Second

// running is a whole proxy, with its monitor.
type running struct {
	*plane.Data
	monitor *server.Monitor
	stop    func() error // and wait for the end
}

// runProxy runs a proxy in front of an upstream until the test ends.
func runProxy(t testing.TB, upstream string, change func(*server.Options, *Options)) running {
	t.Helper()
	o := server.Options{Logger: silent, OnFail: model.OnFailObserve}
	p := Options{ListenOptions: plane.ListenOptions{Listen: "127.0.0.1:0"}, UpstreamOptions: UpstreamOptions{Upstream: upstream}}
	if change != nil {
		change(&o, &p)
	}
	m := server.New(o)
	s, err := New(m.Door(), p)
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

// runUntilEnd calls run until the test is over or the returned function is called, which answers what
// run does. The test fails with an error of run's.
func runUntilEnd(t testing.TB, run func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patienceOfTests):
			return errors.New("what runs does not stop")
		}
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// waitFor polls until cond holds.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patienceOfTests); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for ", what)
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

// get calls the admin plane and decodes its answer into v.
func (r running) get(t *testing.T, path string, v any) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patienceOfTests}
	response, err := client.Get(r.AdminURL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(v); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d, error %v", path, response.StatusCode, err)
	}
}
