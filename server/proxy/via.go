package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	socks "golang.org/x/net/proxy"

	"holter/model"
	"holter/probe/process"
)

// via is the proxy between holter and the backend that the environment names. All requests pass through a tunnel
// (CONNECT or SOCKS5), so that the proxy changes nothing in them.
type via struct {
	url      *url.URL
	address  string // to dial
	variable string // the environment variable that names the proxy
}

// viaPorts are the ports of proxies whose URL has none, by scheme.
var viaPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// viaEnvironment returns the proxy that the environment names for target, nil for none. The rules are those of
// [http.ProxyFromEnvironment], which holter's other commands use: NO_PROXY and loopback addresses are exempt. But an
// invalid value is an error.
func viaEnvironment(target *url.URL) (*via, error) {
	const some = "http://proxy.invalid"
	exempt := httpproxy.Config{HTTPProxy: some, HTTPSProxy: some}
	_, exempt.NoProxy = variable("NO_PROXY")
	if used, err := exempt.ProxyFunc()(target); used == nil || err != nil {
		return nil, err
	}
	name, value := variable(strings.ToUpper(target.Scheme) + "_PROXY")
	if value == "" {
		return nil, nil
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	// The error must not show the value, which may have a password in it.
	if err != nil || u.Hostname() == "" || viaPorts[u.Scheme] == "" {
		return nil, fmt.Errorf("%s in the environment is no address of a proxy: write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, or unset it", name)
	}
	port := u.Port()
	if port == "" {
		port = viaPorts[u.Scheme]
	}
	return &via{u, net.JoinHostPort(u.Hostname(), port), name}, nil
}

// variable returns the value of a variable of the environment, or of the one with that name in lower case, and the
// name under which it was found.
func variable(name string) (found, value string) {
	for _, found = range []string{name, strings.ToLower(name)} {
		if value = os.Getenv(found); value != "" {
			break
		}
	}
	return found, value
}

// String is without the user and password.
func (v *via) String() string { return v.url.Scheme + "://" + v.url.Host }

// viaError is the error of a connection through the proxy that the environment names.
type viaError struct {
	via *via
	err error
}

func (e *viaError) Error() string { return fmt.Sprintf("proxy %s: %v", e.via, e.err) }

func (e *viaError) Unwrap() error { return e.err }

// reason describes the error as the end of a sentence that begins with the proxy.
func (e *viaError) reason() string {
	dial, _ := errors.AsType[*net.OpError](e.err)
	name, _ := errors.AsType[*net.DNSError](e.err)
	cert, _ := errors.AsType[*tls.CertificateVerificationError](e.err)
	switch {
	case name != nil:
		return "it has a name that cannot be resolved: " + name.Err
	case dial != nil && dial.Op == "dial" && dial.Addr != nil:
		return fmt.Sprintf("it cannot be reached at %s: %s", dial.Addr, system(dial))
	case errors.Is(e.err, errNoHandshake):
		return "it did not answer: " + e.err.Error()
	case cert != nil:
		return "it shows a certificate that is not trusted: " + model.Abridge(cert.Err.Error(), 300)
	}
	return model.Abridge(withoutHeader(e.err.Error()), 300)
}

// open opens a connection to target, HOST:PORT, through the proxy. Dialing and the tunnel together may take as long as
// timeout.
func (v *via) open(ctx context.Context, dialer *net.Dialer, target string, timeout time.Duration) (net.Conn, error) {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := dialer.DialContext(within, "tcp", v.address)
	if err != nil {
		return nil, &viaError{v, err}
	}
	tunnel, err := v.tunnel(within, conn, target)
	if err == nil {
		return tunnel, nil
	}
	conn.Close()
	if (within.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) && ctx.Err() == nil {
		err = fmt.Errorf("%w within %v", errNoHandshake, timeout)
	}
	return nil, &viaError{v, err}
}

// tunnel asks the proxy at the other end of conn for a tunnel to target.
func (v *via) tunnel(ctx context.Context, conn net.Conn, target string) (net.Conn, error) {
	switch v.url.Scheme {
	case "socks5", "socks5h":
		return conn, v.socks(ctx, conn, target)
	case "https":
		secure := tls.Client(conn, &tls.Config{ServerName: v.url.Hostname(), NextProtos: []string{"http/1.1"}})
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	return conn, v.connect(ctx, conn, target)
}

// socks asks for the tunnel with SOCKS5 (RFC 1928).
func (v *via) socks(ctx context.Context, conn net.Conn, target string) error {
	var auth *socks.Auth
	if u := v.url.User; u != nil {
		password, _ := u.Password()
		auth = &socks.Auth{User: u.Username(), Password: password}
	}
	d, err := socks.SOCKS5("tcp", v.address, auth, socks.Direct)
	if err != nil {
		return err
	}
	// Dial would hide the socket in a connection of its own, so DialWithConn is used.
	over, ok := d.(interface {
		DialWithConn(ctx context.Context, c net.Conn, network, address string) (net.Addr, error)
	})
	if !ok {
		return errors.ErrUnsupported
	}
	_, err = over.DialWithConn(ctx, conn, "tcp", target)
	// The outer error repeats both addresses.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "socks connect" {
		return op.Err
	}
	return err
}

// connect asks for the tunnel with CONNECT (RFC 9110 section 9.3.6).
func (v *via) connect(ctx context.Context, conn net.Conn, target string) error {
	stop := context.AfterFunc(ctx, process.Guard(func() { conn.SetDeadline(time.Unix(1, 0)) }))
	defer stop()
	r := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{"User-Agent": {"holter"}},
	}
	if u := v.url.User; u != nil {
		password, _ := u.Password()
		basic := http.Request{Header: http.Header{}}
		basic.SetBasicAuth(u.Username(), password)
		r.Header["Proxy-Authorization"] = basic.Header["Authorization"]
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	res, err := finalHead(bufio.NewReaderSize(single{conn}, 1<<10), r)
	switch {
	case err != nil:
		return err
	case res.StatusCode >= 300:
		return fmt.Errorf("it refused with %s", model.Abridge(res.Status, 100))
	case !stop():
		return context.Cause(ctx)
	}
	return nil
}

// finalHead reads heads of responses to r until one is not a 1xx, and returns that response.
func finalHead(in *bufio.Reader, r *http.Request) (*http.Response, error) {
	for {
		head, err := readHead(in)
		if err != nil {
			return nil, err
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), r)
		if err != nil || res.StatusCode >= 200 {
			return res, err
		}
	}
}

// single reads byte by byte, so that no byte after the head is read: those bytes come from the backend.
type single struct{ net.Conn }

func (s single) Read(b []byte) (int, error) { return s.Conn.Read(b[:min(1, len(b))]) }
