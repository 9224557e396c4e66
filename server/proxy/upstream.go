package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holter/probe/trust"
	"holter/server/plane"
	"holter/server/tap"
)

// upstream makes the connections to the backend. It is the http.RoundTripper of the proxy.
type upstream struct {
	url       *url.URL
	address   string // to dial
	timeout   time.Duration
	secure    *secureWay // nil for http
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
		DialTLSContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return u.dial(ctx) },
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

// secureWay is how holter meets an https upstream: as whom, and whom it believes to be there.
type secureWay struct {
	base        *tls.Config
	certificate trust.Pair        // that holter shows, or the zero value
	authorities trust.Authorities // or the zero value
}

func (o UpstreamOptions) tls(name string) (w *secureWay, err error) {
	w = &secureWay{base: &tls.Config{ServerName: name, InsecureSkipVerify: o.InsecureUpstream, NextProtos: []string{"http/1.1"}}}
	if o.UpstreamCert != "" {
		if w.certificate, err = trust.OpenPair("--upstream-cert", o.UpstreamCert, "--upstream-key", o.UpstreamKey); err != nil {
			return nil, err
		}
		w.certificate.ShowTo(w.base)
	}
	if o.UpstreamCA != "" {
		w.authorities, err = trust.OpenAuthorities("--upstream-ca", o.UpstreamCA)
	}
	return w, err
}

// config is for the next handshake.
func (w *secureWay) config() *tls.Config { return w.authorities.Within(w.base) }

// files are those that are read anew when they change.
func (w *secureWay) files() (all []trust.Renewed) {
	if w == nil {
		return nil
	}
	if w.certificate.Files != nil {
		all = append(all, w.certificate)
	}
	if w.authorities.Files != nil {
		all = append(all, w.authorities)
	}
	return all
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
