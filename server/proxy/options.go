package proxy

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"holter/probe/trust"
	"holter/server/plane"
	"holter/server/redact"
)

// Options set up holter proxy.
type Options struct {
	plane.ListenOptions `embed:"" set:"header_limit=1048576"`
	UpstreamOptions
	ProbeOptions
	HalfCloseTimeout time.Duration `default:"5m" help:"Close a half-closed connection after this long without a byte."`
	TrustedProxies   []string      `placeholder:"CIDR" help:"Networks of the proxies in front of holter. holter passes their X-Forwarded headers on, and replaces those of all other clients."`
}

// Help is shown by holter proxy --help.
func (Options) Help() string {
	return `holter passes all requests on to the upstream as they are, and all answers back. It watches both sides of a WebSocket: to the client and to the upstream.

Examples:

    holter proxy http://localhost:3000
    holter proxy --listen :8080 --on-fail close http://localhost:3000
    holter proxy --upstream-ca ca.pem https://backend.example
    holter proxy --upstream-server-name backend.example https://10.0.0.7
    holter proxy --trusted-proxies 10.0.0.0/8 http://localhost:3000`
}

// Warn writes a warning for each setting that is allowed and unsafe.
func (p Options) Warn(to io.Writer) {
	if p.InsecureUpstream {
		fmt.Fprintf(to, "holter: warning: --insecure-upstream: any server that answers at %s is taken for the upstream\n", p.Upstream)
	}
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (p Options) Validate() error {
	_, untrusted := plane.ParseTrusted("--trusted-proxies", p.TrustedProxies)
	return cmp.Or(p.ListenOptions.Validate(), p.UpstreamOptions.Validate(), p.ProbeOptions.Validate(), untrusted, p.validLoop(), p.validHalfClose())
}

func (p Options) validHalfClose() error {
	if p.HalfCloseTimeout < 0 {
		return fmt.Errorf("--half-close-timeout is %v: write how long a half-closed connection may stay, such as 5m", p.HalfCloseTimeout)
	}
	return nil
}

// validLoop refuses a proxy in front of itself.
func (p Options) validLoop() error {
	target, err := p.url()
	if err != nil {
		return nil // without a target there is no loop
	}
	host, port, _ := net.SplitHostPort(dialAddress(target))
	own, ownPort, _ := net.SplitHostPort(p.Listen)
	if port == ownPort && (host == own || plane.Loopback(host) && (plane.Loopback(own) || plane.Everywhere(own))) {
		return fmt.Errorf("upstream %s is where holter itself listens: write another --listen", p.Upstream)
	}
	return nil
}

// UpstreamOptions say where a proxy's requests go.
type UpstreamOptions struct {
	Upstream           string        `arg:"" help:"The backend, http(s)://host:port. holter uses HTTPS_PROXY, HTTP_PROXY and NO_PROXY."`
	UpstreamCA         string        `name:"upstream-ca" type:"existingfile" placeholder:"FILE" help:"Certificates to trust for an https upstream, beside the system's (PEM). This file and the next two are read anew when they change."`
	InsecureUpstream   bool          `help:"Accept any certificate from an https upstream."`
	UpstreamServerName string        `placeholder:"NAME" help:"Name to ask an https upstream for (SNI) and to expect in its certificate, instead of the one in its URL."`
	UpstreamCert       string        `type:"existingfile" placeholder:"FILE" help:"Certificate that holter shows to an https upstream (PEM); with --upstream-key."`
	UpstreamKey        string        `type:"existingfile" placeholder:"FILE" help:"Key of that certificate (PEM)."`
	UpstreamTimeout    time.Duration `default:"30s" help:"How long the upstream may take to accept a connection, and to answer a WebSocket handshake. Other requests may take as long as they like."`
	RewriteHost        bool          `help:"Send the upstream's own name as Host, instead of the client's. An Origin that names the client's Host becomes the upstream's; any other Origin stays."`
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (o UpstreamOptions) Validate() error {
	if o.Upstream == "" {
		return nil // the command line reports a missing upstream more clearly
	}
	u, err := o.url()
	switch {
	case err != nil:
		return err
	case o.UpstreamTimeout < 0:
		return fmt.Errorf("--upstream-timeout is %v: write how long the upstream may take, such as 30s", o.UpstreamTimeout)
	case o.UpstreamCA != "" && o.InsecureUpstream && u.Scheme == "https":
		return fmt.Errorf("--upstream-ca with --insecure-upstream: the second trusts every server: give one or the other")
	}
	return cmp.Or(o.validSecure(u.Scheme), trust.ValidPair("--upstream-cert", o.UpstreamCert, "--upstream-key", o.UpstreamKey), o.validServerName())
}

// validSecure refuses the flags for TLS if the upstream speaks plain http.
func (o UpstreamOptions) validSecure(scheme string) error {
	if scheme == "https" {
		return nil
	}
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--upstream-ca", o.UpstreamCA != ""},
		{"--insecure-upstream", o.InsecureUpstream},
		{"--upstream-server-name", o.UpstreamServerName != ""},
		{"--upstream-cert", o.UpstreamCert != ""},
		{"--upstream-key", o.UpstreamKey != ""},
	} {
		if flag.given {
			return fmt.Errorf("%s is for an https upstream, and %s is none: leave the flag out", flag.name, o.Upstream)
		}
	}
	return nil
}

// validServerName accepts the name of a host or an address, without a port.
func (o UpstreamOptions) validServerName() error {
	name := o.UpstreamServerName
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		return nil
	}
	strange := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._", c))
	}
	if len(name) > 253 || strings.ContainsFunc(name, strange) || strings.Trim(name, ".") == "" {
		return fmt.Errorf("--upstream-server-name %.80q is no name of a host: write it alone and in ASCII, such as backend.example", name)
	}
	return nil
}

// url parses an upstream of scheme, host and perhaps a port. Anything else is an error.
func (o UpstreamOptions) url() (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(o.Upstream, "/"))
	if err == nil && u.User != nil {
		return nil, fmt.Errorf("upstream %q has a user or a password: leave them out, and have the clients send them in a header", redact.Address(o.Upstream))
	}
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		!strings.EqualFold(u.Scheme+"://"+u.Host, strings.TrimSuffix(o.Upstream, "/")) {
		return nil, fmt.Errorf("upstream %q is no backend: write http://HOST:PORT or https://HOST:PORT and nothing after it, such as http://localhost:3000", redact.Address(o.Upstream))
	}
	return u, nil
}
