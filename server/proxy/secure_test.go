package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/probe/trust/trusttest"
	"holter/server"
	"holter/server/plane"
)

// secureBackend is an echo server with a certificate for 127.0.0.1 and example.com. authority is the file of the
// certificate to trust it by.
func secureBackend(t *testing.T, c *tls.Config) (s *httptest.Server, authority string) {
	t.Helper()
	s = httptest.NewUnstartedServer(echoBackend(t).Config.Handler)
	s.Config.ErrorLog = plane.QuietLog(silent)
	s.TLS = c
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, authority
}

// An upstream whose certificate has another name than its URL is asked for that name, and checked by it.
func TestProxyUpstreamServerName(t *testing.T) {
	asked := make(chan string, 1)
	secure, authority := secureBackend(t, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		asked <- h.ServerName
		return nil, nil
	}})
	for name, status := range map[string]int{"example.com": 0, "other.example": http.StatusBadGateway} {
		p := runProxy(t, secure.URL, func(_ *server.Options, o *Options) { o.UpstreamServerName, o.UpstreamCA = name, authority })
		for _, upgrade := range []bool{true, false} {
			res, body := ask(t, p, upgrade, "application/json")
			if got := <-asked; got != name {
				t.Errorf("asked for %q, want %q", got, name)
			}
			if (res.StatusCode == http.StatusBadGateway) != (status != 0) {
				t.Errorf("%s: %s %s", name, res.Status, body)
			}
			if status != 0 && !strings.Contains(body, "--upstream-server-name NAME") {
				t.Errorf("no hint in %s", body)
			}
		}
		if status == 0 {
			p.dial(t, "ann")
			<-asked
		}
	}
}

// An upstream that wants to know who connects sees the certificate, also if it comes from an authority that the
// upstream does not list.
func TestProxyUpstreamCertificate(t *testing.T) {
	cert, key, roots := certificate(t)
	_, _, others := certificate(t)
	for name, tc := range map[string]struct {
		secure *tls.Config
		shown  bool
	}{
		"verified":    {&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}, true},
		"not listed":  {&tls.Config{ClientAuth: tls.RequireAnyClientCert, ClientCAs: others}, true},
		"without one": {&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, false},
		"a wrong one": {&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: others, MaxVersion: tls.VersionTLS12}, true},
		"not wanted":  {&tls.Config{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			secure, authority := secureBackend(t, tc.secure)
			p := runProxy(t, secure.URL, func(_ *server.Options, o *Options) {
				o.UpstreamCA = authority
				if tc.shown {
					o.UpstreamCert, o.UpstreamKey = cert, key
				}
			})
			for _, upgrade := range []bool{true, false} {
				res, body := ask(t, p, upgrade, "application/json")
				refused := name == "without one" || name == "a wrong one"
				if (res.StatusCode == http.StatusBadGateway) != refused {
					t.Errorf("%s %s", res.Status, body)
				}
				if refused && !strings.Contains(body, "--upstream-cert FILE") {
					t.Errorf("no hint in %s", body)
				}
			}
		})
	}
}

// An upstream without a certificate that holter trusts is not asked for another name.
func TestHintForAnUnknownAuthority(t *testing.T) {
	err := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	if got := describe(err); !strings.Contains(got, "--upstream-ca FILE") || strings.Contains(got, "server-name") {
		t.Errorf("%q", got)
	}
}

// The files of the way to the upstream are replaced: what is open stays, and what comes after that meets the upstream with
// them.
func TestProxyUpstreamFilesAreReplaced(t *testing.T) {
	var shown atomic.Int64
	secure, authority := secureBackend(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert, VerifyConnection: func(s tls.ConnectionState) error {
		shown.Store(s.PeerCertificates[0].SerialNumber.Int64())
		return nil
	}})
	files := trusttest.New(t, 1)
	p := runProxy(t, secure.URL, func(_ *server.Options, o *Options) {
		o.UpstreamCA, o.UpstreamCert, o.UpstreamKey = authority, files.Cert, files.Key
	})
	open := p.dial(t, "ann")
	want := func(what string, certificate int64, refused bool) {
		t.Helper()
		for _, f := range p.Files { // as it is done each second
			f.Refresh()
			if _, err := f.Refresh(); err != nil {
				t.Error(err)
			}
		}
		for _, upgrade := range []bool{true, false} {
			if refused && !upgrade {
				continue // the proxy may still have a connection for it
			}
			if res, body := ask(t, p, upgrade, "application/json"); (res.StatusCode == http.StatusBadGateway) != refused {
				t.Errorf("%s: %s %s", what, res.Status, body)
			}
		}
		if n := shown.Load(); n != certificate {
			t.Errorf("%s: certificate %d was shown", what, n)
		}
	}
	want("the first certificate", 1, false)
	files.Write(t, 2)
	want("the new certificate", 2, false)
	right, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := os.ReadFile(trusttest.New(t, 3).Cert)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		text    []byte
		refused bool
	}{{wrong, true}, {right, false}} {
		if err := os.WriteFile(authority, step.text, 0o600); err != nil {
			t.Fatal(err)
		}
		want("the authority", 2, step.refused)
	}
	open.SetReadDeadline(time.Now().Add(patienceOfTests))
	if err := open.WriteMessage(websocket.TextMessage, []byte("here")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := open.ReadMessage(); err != nil || string(message) != "here" {
		t.Errorf("got %q, error %v", message, err)
	}
}
