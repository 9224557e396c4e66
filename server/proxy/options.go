package proxy

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"holter/server/plane"
)

// Options set up holter proxy.
type Options struct {
	plane.ListenOptions
	UpstreamOptions
	HalfCloseTimeout time.Duration `default:"5m" help:"How long a connection stays of which one end has closed without the other, when no byte comes any more."`
	TrustedProxies   []string      `placeholder:"CIDR" help:"Networks of the proxies in front of holter: the X-Forwarded headers that come from there are believed and passed on, all others are replaced."`
}

// Help is shown by holter proxy --help.
func (Options) Help() string {
	return `All requests go on to the upstream as they are, and all answers back. Of a WebSocket both sides are watched: that to the client and that to the upstream.

Examples:

    holter proxy http://localhost:3000
    holter proxy --listen :8080 --on-fail close http://localhost:3000
    holter proxy --upstream-ca ca.pem https://backend.example
    holter proxy --trusted-proxies 10.0.0.0/8 http://localhost:3000`
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (p Options) Validate() error {
	_, untrusted := parseTrusted(p.TrustedProxies)
	return cmp.Or(p.ListenOptions.Validate(), p.UpstreamOptions.Validate(), untrusted, p.validLoop(), p.validHalfClose())
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
		return nil // there is none
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
	Upstream         string        `arg:"" help:"The backend, http(s)://host:port."`
	UpstreamCA       string        `name:"upstream-ca" type:"existingfile" placeholder:"FILE" help:"Certificates to trust an https upstream by, beside the system's (PEM)."`
	InsecureUpstream bool          `help:"Take whatever certificate an https upstream shows."`
	UpstreamTimeout  time.Duration `default:"30s" help:"How long the upstream may take to accept a connection, and to answer a WebSocket handshake. Other requests may take as long as they like."`
	RewriteHost      bool          `help:"Send the upstream's own name as Host, instead of the one that the client used."`
}

// Validate refuses settings that make no sense. The error says what to write instead.
func (o UpstreamOptions) Validate() error {
	if o.Upstream == "" {
		return nil // the command line says better that it is missing
	}
	u, err := o.url()
	switch {
	case err != nil:
		return err
	case o.UpstreamTimeout < 0:
		return fmt.Errorf("--upstream-timeout is %v: write how long the upstream may take, such as 30s", o.UpstreamTimeout)
	case u.Scheme != "https" && o.UpstreamCA != "":
		return fmt.Errorf("--upstream-ca is for an https upstream, and %s is none: leave the flag out", o.Upstream)
	case u.Scheme != "https" && o.InsecureUpstream:
		return fmt.Errorf("--insecure-upstream is for an https upstream, and %s is none: leave the flag out", o.Upstream)
	case o.UpstreamCA != "" && o.InsecureUpstream:
		return fmt.Errorf("--upstream-ca with --insecure-upstream: the second trusts every server: give one or the other")
	}
	return nil
}

// url wants scheme, host and perhaps a port, and nothing else.
func (o UpstreamOptions) url() (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(o.Upstream, "/"))
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || !strings.EqualFold(u.Scheme+"://"+u.Host, strings.TrimSuffix(o.Upstream, "/")) {
		return nil, fmt.Errorf("upstream %q is no backend: write http://HOST:PORT or https://HOST:PORT and nothing after it, such as http://localhost:3000", o.Upstream)
	}
	return u, nil
}
