package plane

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/model/reload"
	"holter/probe/past"
	"holter/probe/process"
	"holter/probe/systemd"
	"holter/probe/trust"
)

// Data is a data plane, where clients connect, with the monitor that watches them. holter serve and holter proxy each
// run one. Its owner sets Path and Drain, and the other fields as needed, before Listen.
type Data struct {
	HTTP       *http.Server
	Path       string                      // of the WebSocket endpoint
	Upstream   string                      // of a proxy: the backend's URL
	Handshakes int                         // that may run at a time; 0 stands for 4, which suits short ones
	Drain      func(context.Context) error // returns when all connections have ended, or with the error of ctx
	Files      []trust.Renewed             // that are read anew when they change, beside the certificate

	monitor     Monitor
	service     *systemd.Service
	listen      ListenOptions
	certificate atomic.Pointer[trust.Pair] // nil for none
	plane       Plane
	log         *slog.Logger
	winding     atomic.Bool // WindDown was called
}

// Monitor has the methods that a data plane needs of the monitor that watches its connections.
type Monitor interface {
	// Inherit gives the admin plane a listener that is there already. It comes before Listen.
	Inherit(admin net.Listener) error
	// Listen listens at the address of the admin plane, if there is one.
	Listen() error
	// Refused records a handshake that did not become a connection.
	Refused(r *http.Request, refusal model.Refusal)
	// AdminURL is the root of that plane, empty if there is none.
	AdminURL() string
	// Announce sets the addresses that the monitor shows: where clients connect, and the backend of a proxy.
	Announce(address, upstream string)
	// Before tells which connections to the data plane's address ended before it listened.
	Before(ended []past.Connection)
	// Size is the number of connections.
	Size() int
	// Alive reports whether the monitor does its work. It may not return if it does not.
	Alive() bool
	// Drain closes all connections spread over a time, and returns when they have ended, or with an error.
	Drain(ctx context.Context, over time.Duration) error
	// Run watches until ctx ends, and then closes all connections.
	Run(ctx context.Context) error
}

// The limits of the zero ListenOptions.
const (
	mostHandshakes   = 4096
	usualHeaderLimit = 64 << 10
)

// headerSlop is how many bytes package http accepts beyond http.Server.MaxHeaderBytes.
const headerSlop = 4096

// stopTimeout bounds how long stopping may take.
const stopTimeout = 5 * time.Second

// NewData makes a data plane whose requests go to h. Its Run runs the monitor too: the caller must not.
func NewData(m Monitor, o ListenOptions, h http.Handler, log *slog.Logger) *Data {
	p := New(meet(m, h), log)
	p.HTTP.ReadHeaderTimeout = cmp.Or(o.HeaderTimeout, RequestTimeout)
	p.HTTP.MaxHeaderBytes = cmp.Or(o.HeaderLimit, usualHeaderLimit) - headerSlop
	p.HTTP.ConnContext = enter
	return &Data{HTTP: p.HTTP, monitor: m, service: systemd.Take(), listen: o, plane: p, log: log}
}

// Listen takes the addresses of both planes. From now on clients may connect; they are answered once Run runs.
// Without an earlier call, Run calls it.
func (d *Data) Listen() error {
	if d.plane.Listener != nil {
		return nil
	}
	given, err := inherit(d.service)
	if err != nil {
		return err
	}
	if given.admin != nil {
		if err := d.monitor.Inherit(given.admin); err != nil {
			return err
		}
	}
	if err := d.listenData(given.data); err != nil {
		return err
	}
	if err := d.monitor.Listen(); err != nil {
		d.plane.Listener.Close()
		d.plane.Listener = nil
		return err
	}
	d.monitor.Announce(d.URL(), d.Upstream)
	d.recall(given.data != nil)
	return nil
}

// listenData makes the listener of the data plane from one that is there already or, if that is nil, opens one.
func (d *Data) listenData(given net.Listener) error {
	if d.listen.TLSCert != "" {
		pair, err := d.listen.certificate()
		if err != nil {
			return err
		}
		d.certificate.Store(&pair)
	}
	if d.plane.Listener = given; given == nil {
		if err := d.plane.Listen(d.listen.Listen, "--listen"); err != nil {
			return err
		}
	}
	queue := newAcceptQueue(d.plane.Listener, cmp.Or(d.Handshakes, handshakes), d.log)
	d.HTTP.ConnState = func(c net.Conn, state http.ConnState) {
		proceed(c, state)
		queue.release(c, state)
	}
	d.plane.Listener = queue
	if d.certificate.Load() != nil {
		d.plane.Listener = tls.NewListener(queue, trust.Server(func() *tls.Certificate { return d.certificate.Load().Value() }))
	}
	d.plane.Listener = visitors{
		d.plane.Listener, &turnAway{d.HTTP.ReadHeaderTimeout, d.monitor.Refused},
		&crowd{most: cmp.Or(d.listen.MaxHandshakes, mostHandshakes), keeps: yieldAfter}, queue.closing,
	}
	return nil
}

// recall tells the monitor whose connections ended before, if clients know the address from then: not if any free port was taken.
func (d *Data) recall(given bool) {
	_, port, _ := SplitAddress("--listen", d.listen.Listen)
	if t, ok := d.Addr().(*net.TCPAddr); ok && (given || port != 0) {
		d.monitor.Before(past.Of(t.AddrPort()))
	}
}

// files are those that are read anew when they change.
func (d *Data) files() []trust.Renewed {
	if pair := d.certificate.Load(); pair != nil {
		return append([]trust.Renewed{pair}, d.Files...)
	}
	return d.Files
}

// Prepare is the step of a reload of all settings: it reads the files anew that secure the plane. Where they are stays until a
// restart.
func (d *Data) Prepare() (reload.Commit, error) {
	var steps []reload.Step
	for _, f := range d.files() {
		steps = append(steps, f.Prepare)
	}
	return reload.All(steps...)
}

// URL is where a WebSocket client of this machine connects, once Listen has returned.
func (d *Data) URL() string { return d.at("ws") + d.Path }

// PageURL is the root of the data plane.
func (d *Data) PageURL() string { return d.at("http") + "/" }

// at returns the root of the data plane with a scheme, which becomes https or wss if there is a certificate.
func (d *Data) at(scheme string) string {
	if d.listen.TLSCert != "" {
		scheme += "s"
	}
	return scheme + "://" + Reachable(d.Addr())
}

// AdminURL is the root of the admin plane, empty if there is none.
func (d *Data) AdminURL() string { return d.monitor.AdminURL() }

// Addr is where the data plane listens, once it does.
func (d *Data) Addr() net.Addr { return d.plane.Listener.Addr() }

// Private reports whether only this machine can reach the data plane, once it listens.
func (d *Data) Private() bool { return d.plane.Private() }

// Greet logs where to connect. It comes after Listen.
func (d *Data) Greet() {
	attrs := []any{"websocket", d.URL(), "page", d.PageURL()}
	if admin := d.AdminURL(); admin != "" {
		attrs = append(attrs, "admin", admin)
	}
	d.log.Info("holter listens", attrs...)
}

// Run serves until ctx ends or something fails. Then it stops in order: it accepts no more connections, has the
// monitor close all of them, waits until their goroutines have ended, and ends the requests that are left. That
// takes five seconds at most. It returns the first error, and nil if ctx ended.
func (d *Data) Run(ctx context.Context) error {
	if err := d.Listen(); err != nil {
		return err
	}
	monitoring, stopMonitor := context.WithCancel(context.WithoutCancel(ctx))
	defer stopMonitor()
	d.service.Notify(systemd.Ready, d.status())
	return process.Run(ctx,
		d.report,
		func(context.Context) error { return d.monitor.Run(monitoring) },
		func(context.Context) error { return d.plane.Serve() },
		func(ctx context.Context) error { return trust.Watch(ctx, d.log, d.files) },
		func(ctx context.Context) error {
			<-ctx.Done()
			d.stop(stopMonitor)
			return nil
		},
	)
}

// WindDown closes all connections over the time of --drain, while Run runs: see Monitor.Drain. It returns when all have ended,
// or when ctx ends. The end of Run closes those that have not.
func (d *Data) WindDown(ctx context.Context) {
	if d.listen.Drain <= 0 {
		return
	}
	d.winding.Store(true)
	d.service.Notify(systemd.Stopping, d.status(), systemd.Longer(d.listen.Drain+2*stopTimeout))
	d.HTTP.SetKeepAlivesEnabled(false) // so that what stands in front of holter turns to the next one
	if err := d.monitor.Drain(ctx, d.listen.Drain); err != nil && ctx.Err() == nil {
		d.log.Warn("some connections did not end in time", "error", err)
	}
}

func (d *Data) stop(stopMonitor func()) {
	d.service.Notify(systemd.Stopping)
	d.plane.Listener.Close()
	stopMonitor()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if d.Drain(ctx) != nil {
		d.log.Warn("connections did not end in time", "for_ms", stopTimeout.Milliseconds())
	}
	d.plane.Stop(ctx)
}

// Wait returns when the goroutines have ended, or with the error of ctx when that ends before.
func Wait(ctx context.Context, goroutines *sync.WaitGroup) error {
	done := make(chan struct{})
	process.Go(func() {
		goroutines.Wait()
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
