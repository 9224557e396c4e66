// Package server is holter's monitor, for Go applications that embed it: it watches the WebSocket connections of
// a net/http application, whichever library upgrades them.
//
// One added line watches an application, which is otherwise left as it is: its own pings, deadlines and close
// handshakes work as before.
//
//	monitor := server.New(server.Options{})
//	handler = monitor.Wrap(handler)
//	go monitor.Run(ctx)
//
// For a Gin application the line is r.Use(ginmonitor.Middleware(monitor)), of package ginmonitor. The one
// difference that a handler may notice: the net.Conn below its WebSocket is no *net.TCPConn or *tls.Conn itself.
// A method NetConn leads to that one.
//
// # Rooms
//
// A Monitor joins what has a package of its own: tap wraps one connection, hub keeps all of them and their
// hearts, admin tells of them over HTTP in the words of api, on a server of plane. Those know nothing of
// this package. Package endpoint and package proxy are what the command holter serves beside an admin plane;
// they bring their connections in through a Door, and nothing here knows them. So an application that imports
// this package gets neither Gin nor a WebSocket library with it.
//
// A Monitor sets nothing of its process, and writes to its logger alone. It owns the goroutines that Run starts,
// and has waited for them when Run returns. Any goroutine may call its methods, before Run, while it runs and
// after it.
package server

import (
	"bufio"
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"holter/probe/host"
	"holter/probe/process"
	"holter/server/admin"
	"holter/server/hub"
	"holter/server/tap"
)

// Monitor watches the WebSocket connections that come through Wrap. Their hearts beat while Run runs.
type Monitor struct {
	invalid  error // of its options; then it watches nothing
	limits   limits
	readOnly bool
	hub      *hub.Hub
	admin    *admin.Plane // nil without an address
	log      *slog.Logger
}

// New makes a monitor. With options that make no sense it watches nothing: all requests pass as if it were
// not there, the log says so once, and Run returns why. Options.Validate tells sooner.
func New(o Options) *Monitor {
	o = o.withDefaults()
	identity, _ := hub.ParseIdentity(o.Identity)
	m := &Monitor{invalid: o.Validate(), limits: newLimits(o), readOnly: o.ReadOnly, log: cmp.Or(o.Logger, slog.Default())}
	if m.invalid != nil {
		// A caller that writes go monitor.Run(ctx) would never know.
		m.log.Error("holter watches nothing", "error", m.invalid)
	}
	m.hub = hub.New(hub.Options{
		Rhythm: o.rhythm(),
		OnFail: o.OnFail, Identity: identity, Linger: o.Linger,
		MaxIdle: o.MaxIdle, WriteTimeout: o.WriteTimeout, Version: o.Version, AcceptRate: float64(o.AcceptRate),
	})
	if o.Admin != "" {
		m.admin = admin.New(m.Source(), o.Admin, o.Token, m.log)
	}
	return m
}

// Wrap watches the WebSockets that next upgrades. It may stand around a handler, a ServeMux or other middleware,
// as long as each writer between it and the server implements http.Hijacker or Unwrap. All other requests pass
// with the writer that they came with. (For Gin, package ginmonitor has a middleware.)
func (m *Monitor) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.watches(w, r) {
			if !m.admit(w, r) {
				return
			}
			w = &httpWriter{w, m, r, false}
		}
		next.ServeHTTP(w, r)
	})
}

// watches reports whether m is to see what becomes of r.
func (m *Monitor) watches(w http.ResponseWriter, r *http.Request) bool {
	return m.invalid == nil && canUpgrade(w, r)
}

// canUpgrade reports whether r may become a WebSocket. If w cannot be hijacked the library is to see
// that for itself.
func canUpgrade(w http.ResponseWriter, r *http.Request) bool {
	if !tap.IsUpgrade(r) {
		return false
	}
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = u.Unwrap()
	}
}

// hijack hands out a tap instead of the connection of w. Some libraries send the 101 through the
// connection, others have sent it through w before: then switched is set.
func (m *Monitor) hijack(w http.ResponseWriter, r *http.Request, switched bool) (net.Conn, *bufio.ReadWriter, error) {
	return tap.Hijack(http.NewResponseController(w), func(c net.Conn, early []byte) *tap.Conn {
		t := m.hub.Adopt(r, c, early)
		if switched {
			t.Switched(w.Header().Get("Sec-WebSocket-Protocol"))
		}
		return t
	})
}

// httpWriter keeps all that the writer below can do, and taps what is hijacked from it.
type httpWriter struct {
	http.ResponseWriter
	monitor  *Monitor
	request  *http.Request
	switched bool // a 101 was written
}

func (w *httpWriter) WriteHeader(status int) {
	w.switched = w.switched || status == http.StatusSwitchingProtocols
	w.ResponseWriter.WriteHeader(status)
}

func (w *httpWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.monitor.hijack(w.ResponseWriter, w.request, w.switched)
}

func (w *httpWriter) Flush() { http.NewResponseController(w.ResponseWriter).Flush() }

func (w *httpWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Run beats, samples the host, and serves the admin plane if there is one, until ctx ends. Then it
// closes all connections with 1001, which takes up to a second. It returns the first error that made
// it stop, nil if that was ctx.
func (m *Monitor) Run(ctx context.Context) error {
	if m.invalid != nil {
		return m.invalid
	}
	var sampler host.Sampler
	parts := []func(context.Context) error{
		m.hub.Run,
		func(ctx context.Context) error { return sampler.Run(ctx, time.Second, m.hub.Sampled) },
	}
	if m.admin != nil {
		parts = append(parts, m.admin.Serve)
	}
	return process.Run(ctx, parts...)
}

// Source is what a screen draws from.
func (m *Monitor) Source() Source { return Source{m.hub, m.readOnly} }
