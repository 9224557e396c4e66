package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"holter/probe/process"
	"holter/server/hub"
)

// Server is holter serve or holter proxy: a monitor with connections of its own to watch. It has two
// planes, that of the data and that of the monitor's administration.
type Server struct {
	monitor    *Monitor
	options    ListenOptions
	path       string // of the WebSocket endpoint
	upstream   string // of a proxy
	data       plane
	drain      func(context.Context) error // waits for the end of the connections
	handshakes int                         // at a time
	log        *slog.Logger
}

// stopTimeout bounds how long the end of everything may take.
const stopTimeout = 5 * time.Second

// NewServer sets holter serve up around m, which it runs: do not run m as well. The error says which of
// the options, m's included, make no sense.
func NewServer(m *Monitor, o DataOptions) (*Server, error) {
	if err := cmp.Or(m.invalid, o.Validate()); err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	e := newEcho(o.ReadLimit)
	d := data{
		allowOrigin: o.AllowOrigin,
		monitor:     m.Middleware(),
		refused:     m.hub.Refused,
		echo:        e,
		log:         m.log,
	}
	s := newServer(m, o.ListenOptions, d.routes())
	s.path, s.drain, s.handshakes = "/ws", e.stop, handshakes
	s.data.http.ReadTimeout = requestTimeout
	return s, nil
}

func newServer(m *Monitor, o ListenOptions, handler http.Handler) *Server {
	s := &Server{monitor: m, options: o, data: newPlane(handler, m.log), log: m.log}
	s.data.http.ConnContext = hub.WithConn
	return s
}

// Listen takes the addresses of both planes. Clients may connect from now on, and are answered once Run
// runs, which listens if nobody has.
func (s *Server) Listen() error {
	if s.data.listener != nil {
		return nil
	}
	if err := s.listenData(); err != nil {
		return err
	}
	if a := s.monitor.admin; a != nil {
		if err := a.listen(); err != nil {
			s.data.listener.Close()
			s.data.listener = nil
			return err
		}
	}
	s.monitor.hub.Announce(s.URL(), s.upstream)
	return nil
}

func (s *Server) listenData() error {
	secure, err := s.tls()
	if err != nil {
		return err
	}
	if err := s.data.listen(s.options.Listen, "--listen"); err != nil {
		return err
	}
	queue := newAcceptQueue(s.data.listener, s.handshakes, s.log)
	s.data.http.ConnState = queue.release
	s.data.listener = queue
	if secure != nil {
		s.data.listener = tls.NewListener(queue, secure)
	}
	return nil
}

// tls is nil for a plane without.
func (s *Server) tls() (*tls.Config, error) {
	if s.options.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.options.TLSCert, s.options.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("load --tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

// URL is where a WebSocket client of this machine connects, once Listen has returned.
func (s *Server) URL() string { return s.at("ws") + s.path }

// PageURL is the root of the data plane.
func (s *Server) PageURL() string { return s.at("http") + "/" }

// at is the data plane under a scheme, or its secure twin if there is a certificate.
func (s *Server) at(scheme string) string {
	if s.options.TLSCert != "" {
		scheme += "s"
	}
	return scheme + "://" + reachable(s.Addr())
}

// AdminURL is the root of the admin plane, empty if there is none.
func (s *Server) AdminURL() string {
	if a := s.AdminAddr(); a != nil {
		return "http://" + reachable(a)
	}
	return ""
}

// reachable is an address to connect to: a listener on all of them names none.
func reachable(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", strconv.Itoa(t.Port))
	}
	return a.String()
}

// Addr is where the data plane listens, once it does.
func (s *Server) Addr() net.Addr { return s.data.listener.Addr() }

// AdminAddr is where the admin plane listens, once it does; nil if there is none.
func (s *Server) AdminAddr() net.Addr {
	if s.monitor.admin == nil {
		return nil
	}
	return s.monitor.admin.plane.listener.Addr()
}

// Run serves until ctx ends, and then stops in order: nobody new, a close frame for every connection,
// the end of their handlers, the rest, which takes five seconds at most. It returns the first error that
// made it stop.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	monitoring, stopMonitor := context.WithCancel(context.WithoutCancel(ctx))
	defer stopMonitor()
	return process.Run(ctx,
		func(context.Context) error { return s.monitor.Run(monitoring) },
		func(context.Context) error { return s.data.serve() },
		func(ctx context.Context) error {
			<-ctx.Done()
			s.stop(stopMonitor)
			return nil
		},
	)
}

func (s *Server) stop(stopMonitor func()) {
	s.data.listener.Close()
	stopMonitor()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if s.drain(ctx) != nil {
		s.log.Warn("connections did not end in time", "waited", stopTimeout)
	}
	s.data.stop(ctx)
}

// wait waits for goroutines, or for the end of ctx, which is an error.
func wait(ctx context.Context, goroutines *sync.WaitGroup) error {
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
