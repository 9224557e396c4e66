// Package plane has the code that holter's HTTP servers share: how a server listens, accepts, logs, reports errors
// and stops, and which origins and hosts it trusts.
//
// A Plane is one such server with the listener that it has to itself; the admin plane stands on one. A Data is
// a data plane, where clients connect, together with the monitor that watches them: it takes the addresses of
// both planes and stops both in order. Holter's endpoint and its proxy make one each, with a handler of their
// own.
//
// The package knows no routes, and writes no answers: it sets an error's status, and the plane that answers writes
// the text. It does not import the monitor; a Data asks for the few methods that it needs. Package server and the
// rooms admin, endpoint and proxy call it.
package plane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Plane is one HTTP server with the listener that it has to itself. Its owner sets the fields of HTTP that it
// needs before Serve.
type Plane struct {
	HTTP     *http.Server
	Listener net.Listener // nil until Listen
}

// RequestTimeout is how long the head of a request may take, or one part of an answer.
const RequestTimeout = 10 * time.Second

const shutdownTimeout = time.Second // for requests under way when the plane stops

// New makes a plane that answers with a handler.
func New(handler http.Handler, log *slog.Logger) Plane {
	var http1 http.Protocols
	http1.SetHTTP1(true) // an upgrade is a matter of HTTP/1.1, and nothing here gains from HTTP/2
	return Plane{HTTP: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: RequestTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		Protocols:         &http1,
		ErrorLog:          QuietLog(log),
	}}
}

// Listen listens at address. The error names the flag that changes the address.
func (p *Plane) Listen(address, flag string) error {
	lc := keepAlive()
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return fmt.Errorf("listen %s: %v: stop the other program or choose another with %s", address, rootCause(err), flag)
	}
	p.Listener = l
	return nil
}

// Private reports whether only this machine can reach the plane, once it listens.
func (p *Plane) Private() bool { return private(p.Listener.Addr()) }

// rootCause returns the error of the system, without the names of the calls around it.
func rootCause(err error) error {
	if s, ok := errors.AsType[*os.SyscallError](err); ok {
		return s.Err
	}
	return err
}

// Serve answers requests until the listener is closed, by Stop or by the owner.
func (p *Plane) Serve() error {
	err := p.HTTP.Serve(p.Listener)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Stop ends Serve. It returns when no request is under way any more, or when ctx or shutdownTimeout ends.
func (p *Plane) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if p.HTTP.Shutdown(ctx) != nil {
		p.HTTP.Close()
	}
}
