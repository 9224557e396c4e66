package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"holter/server/plane"
	"holter/server/tap"
)

// upstream makes the connections to the backend. It is the http.RoundTripper of the proxy.
type upstream struct {
	url       *url.URL
	address   string // to dial
	timeout   time.Duration
	secure    *tls.Config // nil for http
	dialer    net.Dialer
	via       *via            // nil for the straight way
	transport *http.Transport // for everything but handshakes
}

// idleTimeout is how long a connection to the upstream is kept for another request. It is shorter than what
// upstreams have (Node.js 5 s, gunicorn 2 s), as a request on a connection that is just being closed is lost.
const idleTimeout = time.Second

func newUpstream(o UpstreamOptions) (*upstream, error) {
	target, err := o.url()
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(o.UpstreamTimeout, 30*time.Second)
	u := &upstream{
		url: target, address: dialAddress(target), timeout: timeout,
		dialer: net.Dialer{Timeout: timeout, KeepAliveConfig: plane.KeepAlive},
	}
	if u.via, err = viaEnvironment(target); err != nil {
		return nil, err
	}
	if target.Scheme == "https" {
		if u.secure, err = o.tls(cmp.Or(o.UpstreamServerName, target.Hostname())); err != nil {
			return nil, err
		}
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	u.transport = &http.Transport{
		DialContext:           func(ctx context.Context, _, _ string) (net.Conn, error) { return u.connect(ctx) },
		TLSClientConfig:       u.secure,
		TLSHandshakeTimeout:   timeout,
		DisableCompression:    true, // it would ask for it in the client's name, and unpack it
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: time.Second,
		Protocols:             &http1,
	}
	return u, nil
}

// connect opens a connection to the backend, through the proxy that the environment names if it names one.
func (u *upstream) connect(ctx context.Context) (net.Conn, error) {
	if u.via != nil {
		return u.via.open(ctx, &u.dialer, u.address, u.timeout)
	}
	return u.dialer.DialContext(ctx, "tcp", u.address)
}

// dialAddress is the host and port of a URL without a path.
func dialAddress(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (o UpstreamOptions) tls(name string) (*tls.Config, error) {
	c := &tls.Config{ServerName: name, InsecureSkipVerify: o.InsecureUpstream, NextProtos: []string{"http/1.1"}}
	if o.UpstreamCert != "" {
		pair, err := tls.LoadX509KeyPair(o.UpstreamCert, o.UpstreamKey)
		if err != nil {
			return nil, fmt.Errorf("load --upstream-cert and --upstream-key: %w", err)
		}
		// In Certificates, one from an authority that the upstream does not list would silently not be shown.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	if o.UpstreamCA == "" {
		return c, nil
	}
	text, err := os.ReadFile(o.UpstreamCA)
	if err != nil {
		return nil, fmt.Errorf("read --upstream-ca: %w", err)
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		c.RootCAs = x509.NewCertPool()
	}
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--upstream-ca %s has no certificate in it: write a file of PEM blocks", o.UpstreamCA)
	}
	return c, nil
}

// RoundTrip sends a request. It opens a connection for each handshake, and for each request whose target
// http.Transport would rewrite.
func (u *upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	upgrade := r.Header["Upgrade"] != nil && (r.Body == nil || tap.IsUpgrade(r))
	if upgrade || r.URL.RequestURI() != r.RequestURI {
		return u.exchange(r)
	}
	return u.transport.RoundTrip(r)
}

// aim turns a request to the upstream, with the target exactly as the client sent it. Package url would escape
// some targets, so the target is given as opaque. Package url would take a target that begins with two
// slashes for a host. For such a target, RoundTrip compares the target that would be sent with RequestURI.
func (u *upstream) aim(out *http.Request) {
	was := out.URL
	out.URL = &url.URL{Scheme: u.url.Scheme, Host: u.url.Host}
	if !strings.HasPrefix(out.RequestURI, "//") {
		out.URL.Opaque = out.RequestURI
		return
	}
	out.URL.Path, out.URL.RawPath = was.Path, was.RawPath
	_, query, found := strings.Cut(out.RequestURI, "?")
	out.URL.RawQuery, out.URL.ForceQuery = query, found
}
