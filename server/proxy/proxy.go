// Package proxy is holter proxy: it stands in front of a WebSocket backend, which needs no change.
//
// Requests and answers pass as they are, through httputil.ReverseProxy. A handshake goes to the backend over a
// connection of its own (exchange). Once the backend has switched protocols, the proxy takes the sockets of both
// ends away from ReverseProxy and taps them (takeover). From then on it copies the bytes of each end to the other,
// and passes the end of the stream on too (pipe).
//
// The package owns the connections to the backend, and the goroutines of its pipes until Drain has returned. It
// never judges a connection: the monitor does, and the proxy knows the monitor as a Door. The proxy answers a
// request itself only when the backend cannot be reached or does not answer. Package main calls it; an application
// that embeds a monitor does not need it.
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

	"holter/model"
	"holter/probe/health"
	"holter/server/hub"
	"holter/server/plane"
	"holter/server/redact"
	"holter/server/tap"
)

// Door has the methods that a proxy needs of the monitor that watches its connections. A server.Door has them.
type Door interface {
	plane.Monitor
	// Validate returns an error if the monitor's options are invalid.
	Validate() error
	Log() *slog.Logger
	// Admit reports whether an upgrade may go on. If it may, a place is reserved, which Adopt takes, and the caller
	// cancels that if no connection comes. If not, Admit has answered the request.
	Admit(w http.ResponseWriter, r *http.Request) (reserved *hub.Reservation, ok bool)
	// Adopt begins to watch the connection of a client, and AdoptUpstream the connection to the backend. early are the
	// bytes that have been read from it already.
	Adopt(r *http.Request, c net.Conn, early []byte, reserved *hub.Reservation) *tap.Conn
	AdoptUpstream(near *tap.Conn, c net.Conn, early []byte) *tap.Conn
	Sighted(near *tap.Conn, answer http.Header)
	// WatchUpstream asks the backend for its health again and again while Run runs. It comes before that.
	WatchUpstream(id, target string, check health.Checker) error
	// SetHalfClose sets how long a connection may stay after one end has closed, while a write to either end waits.
	SetHalfClose(after time.Duration)
}

// proxy is the data plane of holter proxy: httputil.ReverseProxy, and the tap on both sockets of a
// WebSocket once its handshake is over.
type proxy struct {
	door        Door
	upstream    *upstream
	rewriteHost bool
	trusted     plane.Trusted
	reverse     httputil.ReverseProxy
	pipes       pipes
	quiet       *log.Logger
}

// handshakesAtATime is how many handshakes may run at a time. Most of the time they wait for the upstream.
const handshakesAtATime = 32

// DefaultHalfClose is the HalfCloseTimeout of the zero Options.
const DefaultHalfClose = 5 * time.Minute

// New makes the data plane of holter proxy. Its Run runs the monitor behind door too: the caller must not. The
// error says which of the options, the monitor's included, make no sense.
func New(door Door, o Options) (*plane.Data, error) {
	if err := cmp.Or(door.Validate(), o.Validate()); err != nil {
		return nil, err
	}
	trusted, err := plane.ParseTrusted("--trusted-proxies", o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	up, err := newUpstream(o.UpstreamOptions)
	if err != nil {
		return nil, err
	}
	if up.via != nil {
		door.Log().Info("the upstream is reached through a proxy", "proxy", up.via.String(), "from", up.via.variable)
	}
	if o.UpstreamProbe != "" {
		if err := watchUpstream(door, up, o.ProbeOptions); err != nil {
			return nil, err
		}
	}
	p := &proxy{door: door, upstream: up, rewriteHost: o.RewriteHost, trusted: trusted, quiet: plane.QuietLog(door.Log())}
	p.pipes.halfClose = cmp.Or(o.HalfCloseTimeout, DefaultHalfClose)
	door.SetHalfClose(p.pipes.halfClose)
	p.reverse = httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      hops{up},
		FlushInterval:  -1, // a stream of events must not wait
		BufferPool:     &bodyBuffers,
		ModifyResponse: p.respond,
		ErrorHandler:   p.answerFailure,
		ErrorLog:       p.quiet,
	}
	o.HeaderLimit = cmp.Or(o.HeaderLimit, http.DefaultMaxHeaderBytes)
	d := plane.NewData(door, o.ListenOptions, p, door.Log())
	d.Path, d.Upstream, d.Drain, d.Handshakes = "/", up.url.Redacted(), p.stop, handshakesAtATime
	d.Files = up.secure.files()
	d.HTTP.DisableGeneralOptionsHandler = true // OPTIONS * is the upstream's to answer
	return d, nil
}

// watchUpstream makes the monitor ask the backend for its health.
func watchUpstream(door Door, up *upstream, o ProbeOptions) error {
	header, err := o.header()
	if err != nil {
		return err
	}
	probe := newProbe(up, o.UpstreamProbe, header)
	return door.WatchUpstream(upstreamName, redact.Address(probe.url), probe)
}

// ServeHTTP passes a request on. No mux comes before it, because a mux cleans paths.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known := *r
	known.RemoteAddr = p.trusted.Origin(r)
	from := &client{writer: w, request: &known}
	if tap.IsUpgrade(r) && !from.admit(p.door) {
		return
	}
	defer func() { from.reserved.Cancel() }() // which takeOver may have made
	// Otherwise net/http discards the rest of the body when the answer begins.
	http.NewResponseController(w).EnableFullDuplex()
	p.reverse.ServeHTTP(asItIs{w}, withClient(r, from))
}

// rewrite turns a request of a client into one to the upstream.
func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	p.upstream.aim(r.Out)
	if p.rewriteHost {
		p.upstream.rename(r.Out)
	}
	forward(p.trusted, r.Out.Header, r.In)
	forwardHop(r.Out.Header, r.In.Header)
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
	from := clientOf(res.Request)
	from.reserved.Cancel() // before the client knows, which may come again at once
	if plane.Handshaking(from.request) {
		p.door.Refused(from.request, p.refusal(from.request, res))
	}
	if tap.IsUpgrade(from.request) && res.Close { // some clients wait for that
		res.Header.Set("Connection", "close")
	}
	from.restore(res)
	return nil
}

// refusal describes a handshake that the upstream refused.
func (p *proxy) refusal(from *http.Request, res *http.Response) model.Refusal {
	reason := "the upstream refused"
	if res.StatusCode < 300 {
		reason = "the upstream took it for a plain request"
	}
	return model.Refusal{
		Status: res.StatusCode, Reason: reason, By: model.RefusedByUpstream,
		Diagnosis: p.whatBroke(from, res), RetryAfter: retryAfter(res.Header, time.Now()),
	}
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

// buffers is a pool of the buffers that bodies are copied through.
type buffers struct{ sync.Pool }

var bodyBuffers = buffers{sync.Pool{New: func() any { return new([32 << 10]byte) }}}

func (b *buffers) Get() []byte { return b.Pool.Get().(*[32 << 10]byte)[:] }

func (b *buffers) Put(x []byte) { b.Pool.Put((*[32 << 10]byte)(x)) }
