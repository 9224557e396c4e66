// Package admin is the admin plane: the state and the commands of a monitor, over HTTP.
//
// A call of the API is a line in the table of routes, and a handler that answers it or returns an error. There
// is a file of handlers for each noun, one place that answers errors, and one writer for the two answers that do
// not end, events and snapshots. Package api defines the JSON, and the other end reads it with package api too.
//
// The plane owns its HTTP server and its address. It keeps no data of the monitor: each answer comes from a Source,
// at the time of the request. It refuses pages of other sites and, if there are tokens, requests without one. A second
// token opens only what changes nothing. Package server makes and runs a plane if the options of its monitor name an
// address. Any goroutine may call the methods of the plane once Listen has returned.
package admin

import (
	"context"
	"crypto/tls"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/probe/trust"
	"holter/server/plane"
	"holter/server/share"
)

// Plane is the admin plane of one monitor. Listen or Serve comes first.
type Plane struct {
	source  Source
	options Options
	stuck   time.Duration // how long the reader of an endless answer may accept nothing
	log     *slog.Logger
	quiet   *log.Logger // for the mistakes of callers
	calls   []route
	given   net.Listener // nil to open one at the address
	plane   plane.Plane

	guard   atomic.Pointer[guard]  // nil until Listen
	keys    atomic.Pointer[[]*key] // in force; empty if everybody may come in
	cutting sync.Mutex             // held while keys change

	bounds   *bounds
	pictures *share.Pictures
}

// Source gives the plane its data, and carries out its commands.
type Source interface {
	Snapshot(ctx context.Context) (model.Snapshot, error)
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events waits for those with a Seq above after.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Targets returns the open connections with these ids or, if there are no ids, those that match query. It returns
	// an error too if some of the ids are not open.
	Targets(ctx context.Context, ids []model.ID, query string) ([]model.ID, error)
	Kick(ctx context.Context, k model.Kick) (int, error)
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	Refuse(ctx context.Context, length time.Duration) error
	// Draining reports whether all connections are being closed for a restart, and how long clients should wait.
	Draining() (wait, spread time.Duration, draining bool)
	Alerts(ctx context.Context) (model.AlertBook, error)
	// OrderAlert acknowledges or silences alerts, and returns how many.
	OrderAlert(ctx context.Context, o model.AlertOrder) (int, error)
	// Dismiss takes a piece of advice away until it becomes worse.
	Dismiss(ctx context.Context, id string) error
	// Recall takes that back.
	Recall(ctx context.Context, id string) error
	// Reload reads the settings anew. It is no command, and never forbidden. The error says why none has changed.
	Reload(ctx context.Context) (model.Reload, error)
	// MayChange returns the error of Kick, SetFaults, Refuse, OrderAlert, Dismiss and Recall if they are forbidden, otherwise nil.
	MayChange() error
	Client(id string) (model.Client, []model.Connection, error)
	// Heartbeat takes in a report of a service, and Goodbye its last one. They are no commands, and never forbidden.
	Heartbeat(b model.Heartbeat) (model.Service, error)
	Goodbye(id string) (model.Service, error)
	Service(id string) (model.Service, []model.Sample, error)
	// ReportRequest counts and publishes that the plane has refused a request.
	ReportRequest(r *http.Request, refusal model.Refusal)
}

// Metrics makes the plane answer GET /metrics with h. It asks for the token there too, unless open is set. It comes before
// Listen.
func (a *Plane) Metrics(h http.Handler, open bool) {
	answer := func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
	if !open {
		answer = a.authorized(reading, answer)
	}
	a.calls = append(a.calls, route{http.MethodGet, "/metrics", "…", answer})
}

// patience is how long the reader of an endless answer may accept no byte. A slow reader accepts some.
const patience = 30 * time.Second

// New makes the admin plane.
func New(s Source, o Options, to *slog.Logger) *Plane {
	a := &Plane{source: s, options: o, stuck: patience, log: to, quiet: plane.QuietLog(to),
		bounds: newBounds(o.Limits), pictures: share.From(s.Snapshot),
	}
	a.keys.Store(new([]*key))
	a.calls = a.routes()
	return a
}

// Listen listens at the address, once: a caller that needs the address before Serve calls Listen first. Without a token
// it refuses an address that other machines can reach.
func (a *Plane) Listen() error {
	if a.plane.Listener != nil {
		return nil
	}
	if a.given != nil {
		a.options.Address = a.given.Addr().String()
	}
	if err := a.options.Validate(); err != nil {
		return err
	}
	if a.guard.Load() == nil { // Prepare may have come before
		g, err := newGuard(a.options)
		if err != nil {
			return err
		}
		if err := a.install(g); err != nil {
			return err
		}
	}
	a.plane = plane.New(http.HandlerFunc(a.answer), a.log)
	if a.plane.Listener = a.given; a.given == nil {
		if err := a.plane.Listen(a.options.Address, "--admin"); err != nil {
			return err
		}
	}
	if secure := a.secure(); secure != nil {
		a.plane.Listener = tls.NewListener(a.plane.Listener, secure)
	}
	a.warnOfShort()
	a.plane.HTTP.WriteTimeout = plane.RequestTimeout // an endless answer sets its own, again and again
	a.plane.HTTP.ConnContext = withConn
	return nil
}

// Inherit gives the plane a listener that is there already, so that Listen opens none. It comes before Listen.
func (a *Plane) Inherit(l net.Listener) { a.given = l }

// Serve answers until ctx ends, and with it all event streams. It calls Listen.
func (a *Plane) Serve(ctx context.Context) error {
	if err := a.Listen(); err != nil {
		return err
	}
	a.plane.HTTP.BaseContext = func(net.Listener) context.Context { return ctx }
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, process.Guard(func() {
		a.plane.Stop(context.Background())
		close(stopped)
	}))
	return process.Run(ctx,
		func(ctx context.Context) error { return trust.Watch(ctx, a.log, a.files) },
		func(context.Context) error {
			err := a.plane.Serve()
			if !cancel() {
				<-stopped
			}
			return err
		},
	)
}

// URL is the root of the plane for clients of this machine, once Listen has returned.
func (a *Plane) URL() string { return a.options.root(plane.Reachable(a.plane.Listener.Addr())) }

// Link is the root of the plane before it listens, "" if there is none.
func (o Options) Link() string {
	if o.Address == "" {
		return ""
	}
	return o.root(o.Address)
}

func (o Options) root(address string) string {
	if o.AdminCert != "" {
		return "https://" + address
	}
	return "http://" + address
}
