package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holter/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long a check may take in these tests.
const limit = 300 * time.Millisecond

func check(t *testing.T, s Settings) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	began := time.Now()
	r := NewHTTP(s).Check(ctx)
	if took := time.Since(began); took > limit+2*time.Second {
		t.Errorf("the check took %v", took)
	}
	return r
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// listen answers each connection as raw does, which gets the connection once a request has come.
func listen(t *testing.T, raw func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			raw(c)
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestStatusDecides(t *testing.T) {
	for status, well := range map[int]bool{200: true, 204: true, 299: true, 301: false, 304: false, 401: false, 404: false, 429: false, 500: false, 503: false} {
		r := check(t, Settings{URL: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere?token=secret")
			w.WriteHeader(status)
		})})
		if r.Well() != well || r.Status != fmt.Sprint(status) {
			t.Errorf("%d: %+v", status, r)
		}
		if !well && (r.Why.Cause != model.CauseStatus || !strings.Contains(r.Why.Detail, fmt.Sprint(status)) || strings.Contains(r.Why.Detail, "secret")) {
			t.Errorf("%d: %+v", status, r.Why)
		}
	}
}

// Redirects are not followed, be it in circles or to another service.
func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, r.URL.Path+"?again=1", http.StatusFound)
	})
	r := check(t, Settings{URL: url + "/health"})
	if r.Why.Cause != model.CauseStatus || asked != 1 || !strings.Contains(r.Why.Detail, "302 Found to /health, and redirects are not followed") {
		t.Errorf("%d requests, %+v", asked, r)
	}
}

// What comes after the head does not matter: a body that never ends, or one that floods.
func TestBodiesWithoutEnd(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, r *http.Request){
		"hangs": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"floods": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
	} {
		if r := check(t, Settings{URL: serve(t, write)}); !r.Well() {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		raw  func(net.Conn)
		want model.Cause
	}{
		"nothing":       {func(c net.Conn) { io.Copy(io.Discard, c) }, model.CauseTimedOut},
		"ends at once":  {func(net.Conn) {}, model.CauseNoHTTP},
		"reset":         {func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, model.CauseNoHTTP},
		"not HTTP":      {func(c net.Conn) { io.WriteString(c, "220 mail.example ESMTP\r\n") }, model.CauseNoHTTP},
		"half a head":   {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); io.Copy(io.Discard, c) }, model.CauseTimedOut},
		"endless head":  {func(c net.Conn) { flood(c, "HTTP/1.1 200 OK\r\n", "X-Header: "+strings.Repeat("x", 1000)+"\r\n") }, model.CauseNoHTTP},
		"drip":          {func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\n") }, model.CauseTimedOut},
		"endless 1xx":   {func(c net.Conn) { flood(c, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") }, model.CauseNoHTTP},
		"strange words": {func(c net.Conn) { io.WriteString(c, "HTTP/1.1 500 \x1b[2J\r\nContent-Length: 0\r\n\r\n") }, model.CauseStatus},
	} {
		r := check(t, Settings{URL: listen(t, tt.raw)})
		if r.Why.Cause != tt.want || r.Why.Detail == "" || model.FirstInvisible(r.Why.Detail) >= 0 {
			t.Errorf("%s: %+v, want %s", name, r, tt.want)
		}
	}
}

// flood writes the last of its lines again and again.
func flood(c net.Conn, lines ...string) {
	c.SetWriteDeadline(time.Now().Add(5 * time.Second))
	for i := 0; ; i++ {
		if _, err := io.WriteString(c, lines[min(i, len(lines)-1)]); err != nil {
			return
		}
	}
}

// drip writes a byte at a time.
func drip(c net.Conn, text string) {
	for i := range text {
		if _, err := io.WriteString(c, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(limit / 5)
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for url, want := range map[string]model.Cause{
		"http://" + l.Addr().String(): model.CauseRefused,
		"http://holter.invalid/":      model.CauseDNS,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		r := NewHTTP(Settings{URL: url}).Check(ctx)
		cancel()
		if r.Why.Cause != want && !(want == model.CauseDNS && r.Why.Cause == model.CauseTimedOut) { // some resolvers do not answer
			t.Errorf("%s: %+v, want %s", url, r, want)
		}
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	if r := check(t, Settings{URL: s.URL}); r.Why.Cause != model.CauseTLS || !strings.Contains(r.Why.Detail, "certificate") {
		t.Errorf("a certificate of nobody: %+v", r)
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	if r := check(t, Settings{URL: s.URL, TLS: &tls.Config{RootCAs: pool}}); !r.Well() {
		t.Errorf("a certificate that is trusted: %+v", r)
	}
	if r := check(t, Settings{URL: s.URL, TLS: &tls.Config{RootCAs: x509.NewCertPool(), InsecureSkipVerify: true}}); !r.Well() {
		t.Errorf("any certificate: %+v", r)
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	if r := check(t, Settings{URL: strings.Replace(plain, "http:", "https:", 1)}); r.Why.Cause != model.CauseTLS {
		t.Errorf("a server without TLS: %+v", r)
	}
	if r := check(t, Settings{URL: strings.Replace(s.URL, "https:", "http:", 1)}); r.Why.Cause != model.CauseStatus && r.Why.Cause != model.CauseNoHTTP {
		t.Errorf("plain HTTP to a server with TLS: %+v", r)
	}
}

func TestHeader(t *testing.T) {
	var got http.Header
	host := ""
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got, host = r.Header, r.Host })
	if r := check(t, Settings{URL: url, Header: http.Header{"Authorization": {"Bearer x"}, "Host": {"api.example"}}}); !r.Well() {
		t.Fatal(r)
	}
	if got.Get("Authorization") != "Bearer x" || host != "api.example" || got.Get("User-Agent") != "holter" {
		t.Errorf("host %s, header %v", host, got)
	}
}

func TestUserInTheURL(t *testing.T) {
	var user, password string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { user, password, _ = r.BasicAuth() })
	if r := check(t, Settings{URL: strings.Replace(url, "://", "://ann:s3cret@", 1)}); !r.Well() || user != "ann" || password != "s3cret" {
		t.Errorf("%+v, asked as %s %s", r, user, password)
	}
}

func TestParseField(t *testing.T) {
	if name, value, err := ParseField("x-token:  a:b "); name != "X-Token" || value != "a:b" || err != nil {
		t.Error(name, value, err)
	}
	for _, text := range []string{"", "secret", ": secret", "a b: secret", "X: secret\r\nY: z", "X\ny: secret"} {
		if _, _, err := ParseField(text); err == nil || strings.Contains(strings.TrimPrefix(err.Error(), fmt.Sprintf("%.40q", "secret")), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
