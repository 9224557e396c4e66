package plane

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"holter/probe/process"
)

// Data is a data plane, where clients connect, with the monitor that watches them. holter serve and holter
// proxy are one each. Its owner sets the fields that it needs before Listen.
type Data struct {
	HTTP       *http.Server
	Path       string                      // of the WebSocket endpoint
	Upstream   string                      // of a proxy: the backend's URL
	Handshakes int                         // how many may run at a time; 0 stands for the 4 that suit short ones
	Drain      func(context.Context) error // waits for the end of the connections

	monitor Monitor
	listen  ListenOptions
	plane   Plane
	log     *slog.Logger
}

// Monitor is what a data plane needs of the monitor that watches its connections.
type Monitor interface {
	// Listen takes the address of the admin plane, if there is one.
	Listen() error
	// AdminURL is the root of that plane, empty if there is none.
	AdminURL() string
	// Announce tells readers of the monitor where clients connect, and where a proxy passes them on to.
	Announce(address, upstream string)
	// Run watches until ctx ends, and then closes all connections.
	Run(ctx context.Context) error
}

// stopTimeout bounds how long the end of everything may take.
const stopTimeout = 5 * time.Second

// NewData makes a data plane that answers with a handler. It runs the monitor: do not run that as well.
func NewData(m Monitor, o ListenOptions, h http.Handler, log *slog.Logger) *Data {
	p := New(h, log)
	return &Data{HTTP: p.HTTP, monitor: m, listen: o, plane: p, log: log}
}

// Listen takes the addresses of both planes. Clients may connect from now on, and are answered once Run
// runs. Run listens if nobody has.
func (d *Data) Listen() error {
	if d.plane.Listener != nil {
		return nil
	}
	if err := d.listenData(); err != nil {
		return err
	}
	if err := d.monitor.Listen(); err != nil {
		d.plane.Listener.Close()
		d.plane.Listener = nil
		return err
	}
	d.monitor.Announce(d.URL(), d.Upstream)
	return nil
}

func (d *Data) listenData() error {
	secure, err := d.tls()
	if err != nil {
		return err
	}
	if err := d.plane.Listen(d.listen.Listen, "--listen"); err != nil {
		return err
	}
	queue := newAcceptQueue(d.plane.Listener, cmp.Or(d.Handshakes, handshakes), d.log)
	d.HTTP.ConnState = queue.release
	d.plane.Listener = queue
	if secure != nil {
		d.plane.Listener = tls.NewListener(queue, secure)
	}
	return nil
}

// tls is nil for a plane without.
func (d *Data) tls() (*tls.Config, error) {
	if d.listen.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(d.listen.TLSCert, d.listen.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("load --tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

// URL is where a WebSocket client of this machine connects, once Listen has returned.
func (d *Data) URL() string { return d.at("ws") + d.Path }

// PageURL is the root of the data plane.
func (d *Data) PageURL() string { return d.at("http") + "/" }

// at is the data plane under a scheme, or its secure twin if there is a certificate.
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

// Greet logs where to connect. It comes after Listen.
func (d *Data) Greet() {
	attrs := []any{"websocket", d.URL(), "page", d.PageURL()}
	if admin := d.AdminURL(); admin != "" {
		attrs = append(attrs, "admin", admin)
	}
	d.log.Info("holter listens", attrs...)
}

// Run serves until ctx ends, and then stops in order: no new connection, a close frame for every connection,
// the end of their handlers, the rest, which takes five seconds at most. It returns the first error that
// made it stop.
func (d *Data) Run(ctx context.Context) error {
	if err := d.Listen(); err != nil {
		return err
	}
	monitoring, stopMonitor := context.WithCancel(context.WithoutCancel(ctx))
	defer stopMonitor()
	return process.Run(ctx,
		func(context.Context) error { return d.monitor.Run(monitoring) },
		func(context.Context) error { return d.plane.Serve() },
		func(ctx context.Context) error {
			<-ctx.Done()
			d.stop(stopMonitor)
			return nil
		},
	)
}

func (d *Data) stop(stopMonitor func()) {
	d.plane.Listener.Close()
	stopMonitor()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if d.Drain(ctx) != nil {
		d.log.Warn("connections did not end in time", "waited", stopTimeout)
	}
	d.plane.Stop(ctx)
}

// Wait waits for goroutines, or for the end of ctx, which is an error.
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
