// Package server is holter's monitor, for Go applications that embed it: it watches the WebSocket connections of
// a net/http application with any WebSocket library.
//
// The application needs one more line. Its other code stays as it is: its own pings, deadlines and close handshakes
// work as before.
//
//	monitor := server.New(server.Options{})
//	handler = monitor.Wrap(handler)
//	go monitor.Run(ctx)
//
// For a Gin application the line is r.Use(ginmonitor.Middleware(monitor)), of package ginmonitor. A handler may
// notice one difference: the net.Conn below its WebSocket is not the *net.TCPConn or *tls.Conn itself. Its method
// NetConn returns that connection.
//
// # Rooms
//
// A Monitor joins parts that have packages of their own. Package tap wraps one connection. Package hub keeps the
// list of connections and clients, and runs their hearts. Package admin serves the data of the hub over HTTP, in
// the JSON of package api, on a server of package plane. None of them imports this package.
//
// Package endpoint and package proxy are for the command holter alone. They import this package or use its
// Door, and it does not import them. So an application that imports this package gets neither Gin nor a WebSocket
// library with it.
//
// A Monitor changes no setting of its process, and writes nothing but to its logger. Run starts its goroutines
// and waits for them before it returns. Any goroutine may call its methods, before, during and after Run.
package server

import (
	"bufio"
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/probe/halt"
	"holter/probe/health"
	"holter/probe/host"
	"holter/probe/process"
	"holter/server/admin"
	"holter/server/alert"
	"holter/server/hub"
	"holter/server/pass"
	"holter/server/plane"
	"holter/server/services"
	"holter/server/tap"
)

// Monitor watches the WebSocket connections that come through Wrap. Their hearts beat while Run runs.
type Monitor struct {
	invalid  error // of its options; then it watches nothing
	options  atomic.Pointer[Options]
	limits   limits
	guard    pass.Guard    // nil for none
	trusted  plane.Trusted // Options.TrustedProxies
	open     bool          // Options.MetricsOpen
	hub      *hub.Hub
	services *services.Registry
	halt     *halt.Watch
	alerts   *alert.Desk
	admin    *admin.Plane // nil without an address
	log      *slog.Logger

	reloading sync.Mutex // held while reload runs
	reload    func() model.Reload
	reloads   atomic.Pointer[Reloads]

	stoodBack sync.Once // from a handler that another wrapping watches
}

// New makes a monitor. With invalid options it watches nothing: all requests pass as they would without it, it logs the
// error once, and Run returns the error, which is that of Options.Validate.
func New(o Options) *Monitor {
	o = o.withDefaults()
	identity, _ := hub.ParseIdentity(o.Identity)
	m := &Monitor{invalid: o.Validate(), guard: o.Guard, open: o.MetricsOpen, log: cmp.Or(o.Logger, slog.Default())}
	m.options.Store(&o)
	m.limits.memory = newMemoryGuard(m.log)
	m.limits.memory.bound = o.BoundMemory
	m.limits.set(o)
	m.reload = m.reread
	m.reloads.Store(&Reloads{Last: time.Now(), InForce: true})
	if m.invalid != nil {
		// A caller that writes go monitor.Run(ctx) would never know.
		m.log.Error("holter watches nothing", "error", m.invalid)
	}
	m.trusted, _ = plane.ParseTrusted("", o.TrustedProxies)
	m.halt = halt.New()
	m.hub = hub.New(hub.Options{
		Halt:   m.halt,
		Rhythm: o.rhythm(),
		OnFail: o.OnFail, Identity: identity, Linger: o.Linger,
		MaxIdle: o.MaxIdle, WriteTimeout: o.WriteTimeout, Version: o.Version, AcceptRate: float64(o.AcceptRate),
		ShowSecrets: o.ShowSecrets, IdleCut: o.IdleCut, AgeCut: o.AgeCut, Guarded: o.Guard != nil,
		Networks: o.networks(), PerClient: o.MaxConnsPerClient > 0, MaxMessage: o.MaxMessage,
	})
	m.alerts = alert.New(o.Alerts, o.plane().Link(), m.judged, m.hub.Publish, m.log)
	m.services = services.New(o.Services, o.rhythm(), o.Linger, m.hub, m.log)
	if o.Admin != "" {
		m.admin = admin.New(m.Source(), o.plane(), m.log)
	}
	return m
}

// Wrap watches the WebSockets that next upgrades. It may stand around a handler, a ServeMux or other middleware,
// as long as each writer between it and the server implements http.Hijacker or Unwrap. All other requests pass
// with the writer that they came with, but for handshakes that are broken, whose answer is reported. (For Gin, package
// ginmonitor has a middleware.)
//
// If a handler is wrapped twice, by one monitor or by two, only the outermost Wrap watches it, and the inner monitor
// logs that once.
func (m *Monitor) Wrap(next http.Handler) http.Handler {
	wrapping := newWrapping(m)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.watches(w, r) && wrapping.begins(upgradeKey(r)) {
			defer ends(upgradeKey(r))
			known := m.known(r)
			reserved, ok := m.admit(w, known)
			if !ok {
				return
			}
			defer reserved.Cancel()
			watched := &httpWriter{ResponseWriter: w, monitor: m, request: known, reserved: reserved}
			next.ServeHTTP(watched, r)
			watched.tell()
			return
		}
		if !m.mayPass(w, r) {
			return
		}
		if key := brokenKey(r); m.invalid == nil && key != nil && wrapping.begins(key) {
			defer ends(key)
			observed := &brokenWriter{httpWriter{ResponseWriter: w, monitor: m, request: m.known(r)}}
			next.ServeHTTP(observed, r)
			observed.tell()
			return
		}
		next.ServeHTTP(w, r)
	})
}

// known returns r with the address of the client, if a trusted proxy has passed it on. The application gets r itself.
func (m *Monitor) known(r *http.Request) *http.Request {
	if len(m.trusted) == 0 {
		return r
	}
	known := *r
	known.RemoteAddr = m.trusted.Origin(r)
	return &known
}

// watches reports whether m watches the connection of r.
func (m *Monitor) watches(w http.ResponseWriter, r *http.Request) bool {
	return m.invalid == nil && canUpgrade(w, r)
}

// canUpgrade reports whether r may become a WebSocket. If w cannot be hijacked, the application's library must
// find that out from w itself.
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

// hijack takes the connection of w and returns a tap around it. Some libraries write the 101 to the connection
// that they hijacked. Others have written it to w before; then switched is set.
func (m *Monitor) hijack(w http.ResponseWriter, r *http.Request, reserved *hub.Reservation, switched bool) (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil || tapped(c, r) {
		return c, rw, err
	}
	ends(upgradeKey(r))
	return tap.Hijack(hijacked{c, rw}, func(c net.Conn, early []byte) *tap.Conn {
		t := m.hub.Adopt(r, c, early, reserved)
		t.Expect(r)
		if switched {
			t.Switched(w.Header().Get("Sec-WebSocket-Accept"), w.Header().Get("Sec-WebSocket-Protocol"))
		}
		return t
	})
}

// Run beats, samples the host, and serves the admin plane if there is one, until ctx ends or one of these fails.
// Then it closes all connections with 1001, which takes up to a second. It returns the first error, and nil if
// ctx ended.
func (m *Monitor) Run(ctx context.Context) error {
	if m.invalid != nil {
		return m.invalid
	}
	m.halt.Start()
	defer m.halt.Stop()
	var sampler host.Sampler
	parts := []func(context.Context) error{
		m.hub.Run,
		m.limits.memory.run,
		m.services.Run,
		func(ctx context.Context) error { return sampler.Run(ctx, time.Second, m.hub.Sampled) },
		m.alerts.Run,
	}
	if m.admin != nil {
		parts = append(parts, m.admin.Serve)
	}
	if m.guard != nil {
		parts = append(parts, m.guard.Run)
	}
	return process.Run(ctx, parts...)
}

// Drain prepares for a restart of the application, so that it is no storm: it closes all connections with 1012 (service
// restart), evenly over a time, or sooner if there are so few that a second lies between two closes. The reason in each close
// frame asks the client to come back at another time, "restart; retry-after=12.3" in seconds. New upgrades are refused with
// 503 and a Retry-After, and GET /health of the admin plane answers 503.
//
// Drain returns when all connections have ended. It returns an error if ctx ends before, or if some connections do not end:
// the end of Run closes them. It comes before the end of Run, and before http.Server.Shutdown, which knows nothing of WebSockets.
// There is no way back: a monitor that has drained lets no client in any more.
func (m *Monitor) Drain(ctx context.Context, over time.Duration) error {
	if m.invalid != nil {
		return nil
	}
	m.log.Info("closing all connections for a restart", "connections", m.hub.Size(), "over_ms", over.Milliseconds())
	return m.hub.Drain(ctx, over)
}

// ServeMetrics makes the admin plane, if there is one, answer GET /metrics with a handler: package metrics has one. It comes
// before Run.
func (m *Monitor) ServeMetrics(h http.Handler) {
	if m.admin != nil {
		m.admin.Metrics(h, m.open)
	}
}

// Source returns the source of data for a screen. It may be called at any time.
func (m *Monitor) Source() Source { return Source{m.hub, m} }

// judged is the picture by which alerts are judged: all but the alerts.
func (m *Monitor) judged(ctx context.Context) (model.Snapshot, error) {
	now, err := m.hub.Snapshot(ctx)
	o := m.options.Load()
	now.Monitor.ReadOnly, now.Monitor.MaxConns, now.Monitor.AcceptRate = o.ReadOnly, o.MaxConns, float64(o.AcceptRate)
	now.Services, now.ServicesBeyond = m.services.Snapshot()
	return now, err
}

// Watch asks a service for its health again and again while Run runs: it calls Check of a checker, such as health.NewHTTP
// makes. id is what the service is called, and target says what is asked, without what may be secret in it. Watch comes
// before Run. The error says that the id is none, or that another service has it.
func (m *Monitor) Watch(id, target string, check health.Checker) error {
	return m.services.Watch(id, target, model.Probed, check)
}
