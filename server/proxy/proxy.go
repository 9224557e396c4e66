// Package proxy is holter proxy: it stands in front of a WebSocket backend, with no change to it.
//
// Requests and answers pass as they are, through httputil.ReverseProxy. A handshake goes to the backend over a
// connection of its own (exchange). Once the backend has switched protocols, the sockets of both ends are taken
// away from ReverseProxy and tapped (takeover), and from then on what comes in at one end goes out at the other,
// its end included (pipe).
//
// The package owns the connections to the backend, and the goroutines of its pipes until Drain has returned. It
// never judges a connection, and answers in the backend's place only where that does not answer: that is when it
// cannot be reached, or when the monitor admits no connection. It knows the monitor as a Door. Package main calls it;
// no application that embeds a monitor needs it.
package proxy

import (
	"cmp"
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"holter/server/hub"
	"holter/server/plane"
	"holter/server/tap"
)

// Door is what a proxy needs of the monitor that watches its connections: a server.Door.
type Door interface {
	plane.Monitor
	// Validate says what is wrong with the monitor's options.
	Validate() error
	Log() *slog.Logger
	// Admit reports whether an upgrade may go on. If not, it has answered the request.
	Admit(w http.ResponseWriter, r *http.Request) bool
	// Adopt watches the connection of a client from now on, and AdoptUpstream that to the backend. early is what
	// came over it and has been read already.
	Adopt(r *http.Request, c net.Conn, early []byte) *tap.Conn
	AdoptUpstream(near *tap.Conn, c net.Conn, early []byte) *tap.Conn
	// Refused tells of an upgrade that was answered with an HTTP status, and perhaps with a time to come back.
	Refused(r *http.Request, status int, reason string, retryAfter time.Duration)
}

// proxy is the data plane of holter proxy: httputil.ReverseProxy, and the tap on both sockets of a
// WebSocket once its handshake is over.
type proxy struct {
	door        Door
	upstream    *upstream
	rewriteHost bool
	trusted     trusted
	reverse     httputil.ReverseProxy
	pipes       pipes
	quiet       *log.Logger
}

// handshakesAtATime is how many there may be: most of their time they wait for the upstream.
const handshakesAtATime = 32

// New sets holter proxy up with the monitor behind door, which it runs: do not run that as well. The error
// says which of the options, the monitor's included, make no sense.
func New(door Door, o Options) (*plane.Data, error) {
	if err := cmp.Or(door.Validate(), o.Validate()); err != nil {
		return nil, err
	}
	trusted, err := parseTrusted(o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	up, err := newUpstream(o.UpstreamOptions)
	if err != nil {
		return nil, err
	}
	p := &proxy{door: door, upstream: up, rewriteHost: o.RewriteHost, trusted: trusted, quiet: plane.QuietLog(door.Log())}
	p.reverse = httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      up,
		FlushInterval:  -1, // a stream of events must not wait
		BufferPool:     &bodyBuffers,
		ModifyResponse: p.respond,
		ErrorHandler:   p.answerFailure,
		ErrorLog:       p.quiet,
	}
	d := plane.NewData(door, o.ListenOptions, p, door.Log())
	d.Path, d.Upstream, d.Drain, d.Handshakes = "/", up.url.Redacted(), p.stop, handshakesAtATime
	d.HTTP.ConnContext = hub.WithConn
	d.HTTP.MaxHeaderBytes = http.DefaultMaxHeaderBytes
	d.HTTP.DisableGeneralOptionsHandler = true // OPTIONS * is the upstream's to answer
	return d, nil
}

// ServeHTTP takes every request: there is no mux before it, as they clean paths.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := *r
	known.RemoteAddr = p.trusted.origin(r)
	if tap.IsUpgrade(r) && !p.door.Admit(w, &known) {
		return
	}
	// Otherwise net/http takes what there is of the body away when the answer begins.
	http.NewResponseController(w).EnableFullDuplex()
	p.reverse.ServeHTTP(asItIs{w}, withClient(r, &client{w, &known}))
}

// rewrite turns a request of a client into one to the upstream.
func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	p.upstream.aim(r.Out)
	if p.rewriteHost {
		r.Out.Host = p.upstream.url.Host
	}
	p.trusted.forward(r.Out.Header, r.In)
	r.Out.Trailer = r.In.Trailer // which is filled in at the end of the body
	if tap.IsUpgrade(r.In) {
		spellAsRFC6455(r.Out.Header)
	}
}

// respond looks at a response before it goes to the client.
func (p *proxy) respond(res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return p.takeOver(res)
	}
	if from := clientOf(res.Request).request; tap.IsUpgrade(from) {
		p.door.Refused(from, res.StatusCode, "the upstream refused", retryAfter(res.Header, time.Now()))
		if res.Close { // some clients wait for that
			res.Header.Set("Connection", "close")
		}
	}
	return nil
}

// stop ends all connections.
func (p *proxy) stop(ctx context.Context) error {
	err := p.pipes.stop(ctx)
	p.upstream.transport.CloseIdleConnections()
	return err
}

// asItIs keeps package http from guessing a Content-Type that the upstream did not send.
type asItIs struct{ http.ResponseWriter }

func (w asItIs) WriteHeader(status int) {
	if h := w.Header(); status >= http.StatusOK && h["Content-Type"] == nil {
		h["Content-Type"] = nil
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w asItIs) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// buffers are for bodies under way.
type buffers struct{ sync.Pool }

var bodyBuffers = buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}

func (b *buffers) Get() []byte { return b.Pool.Get().(*[32 << 10]byte)[:] }

func (b *buffers) Put(x []byte) { b.Pool.Put((*[32 << 10]byte)(x)) }
