package swarm

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"holter/probe/process"
)

// way is how the clients of a swarm reach their server: directly or through a proxy, with TLS or without.
type way struct {
	proxy  *url.URL    // nil for none
	tls    *tls.Config // nil for Go's own
	socket dialFunc
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newWay makes the way to the server of o. It takes the proxy from the environment, as http.ProxyFromEnvironment does.
func newWay(server *url.URL, o *Options) (*way, error) {
	u := *server
	u.Scheme = map[string]string{"ws": "http", "wss": "https"}[server.Scheme]
	through, err := http.ProxyFromEnvironment(&http.Request{URL: &u})
	if err != nil {
		return nil, err
	}
	from, err := newSources(o.Sources)
	if err != nil {
		return nil, err
	}
	dial := from.dial
	if o.Own != nil {
		dial = o.Own.watch(dial)
	}
	names := &spread{lookup: net.DefaultResolver.LookupNetIP, dial: dial, can: from.can}
	return &way{proxy: through, tls: o.TLS, socket: names.socket}, nil
}

// plain connects without TLS. The connection expects the answer to a handshake.
func (w *way) plain(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.reach(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return newAnswer(ctx, conn, http.StatusSwitchingProtocols), nil
}

// secure is plain with TLS.
func (w *way) secure(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.reach(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{}
	if w.tls != nil {
		config = w.tls.Clone()
	}
	if config.ServerName == "" {
		if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
			conn.Close()
			return nil, err
		}
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return newAnswer(ctx, secure, http.StatusSwitchingProtocols), nil
}

// reach connects to an address, through the proxy if there is one.
func (w *way) reach(ctx context.Context, network, address string) (net.Conn, error) {
	switch {
	case w.proxy == nil:
		return w.socket(ctx, network, address)
	case w.proxy.Scheme != "http":
		dialer, err := proxy.FromURL(w.proxy, w.socket)
		if err != nil {
			return nil, err
		}
		return dialer.(proxy.ContextDialer).DialContext(ctx, network, address)
	}
	port := w.proxy.Port()
	if port == "" {
		port = "80"
	}
	conn, err := w.socket(ctx, network, net.JoinHostPort(w.proxy.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if err := w.tunnel(ctx, conn, address); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Dial and DialContext let package proxy dial with a dialFunc.
func (dial dialFunc) Dial(network, address string) (net.Conn, error) {
	return dial(context.Background(), network, address)
}

func (dial dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return dial(ctx, network, address)
}

// proxyRefused is the error if a proxy does not connect to the server. Its value is the proxy's status.
type proxyRefused int

func (r proxyRefused) Error() string {
	return fmt.Sprintf("the proxy answers %d %s", int(r), http.StatusText(int(r)))
}

// tunnel asks the proxy at the other end of conn to connect to an address.
func (w *way) tunnel(ctx context.Context, conn net.Conn, address string) error {
	stop := context.AfterFunc(ctx, process.Guard(func() { conn.SetDeadline(time.Unix(1, 0)) })) // ends the read
	defer stop()
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := w.proxy.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	status, err := newAnswer(context.Background(), conn, http.StatusOK).await()
	if err == nil && status != http.StatusOK {
		err = proxyRefused(status)
	}
	return err
}
