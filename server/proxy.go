package server

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"holter/server/hub"
	"holter/server/plane"
	"holter/server/tap"
)

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

// NewProxy sets holter proxy up around m, which it runs: do not run m as well. The error says which of
// the options, m's included, make no sense.
func NewProxy(m *Monitor, o ProxyOptions) (*plane.Data, error) {
	door := m.Door()
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
