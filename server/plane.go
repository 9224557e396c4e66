package server

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

// plane is one HTTP server with the listener it has to itself. The owner sets the fields of http that
// it needs before serve.
type plane struct {
	http     *http.Server
	listener net.Listener // nil until listen
}

const (
	requestTimeout  = 10 * time.Second // for the head of a request, or one part of an answer
	shutdownTimeout = time.Second      // for requests under way when the plane stops
)

func newPlane(handler http.Handler, log *slog.Logger) plane {
	var http1 http.Protocols
	http1.SetHTTP1(true) // an upgrade is a matter of HTTP/1.1, and nothing here gains from HTTP/2
	return plane{http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: requestTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		Protocols:         &http1,
		ErrorLog:          quietLog(log),
	}}
}

// listen takes the address. The error names flag, which sets another.
func (p *plane) listen(address, flag string) error {
	// Without keep-alives of the kernel's: they would keep alive a path that somebody watches for its
	// idle timeout, and cost every handshake four system calls.
	lc := net.ListenConfig{KeepAlive: -1}
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return fmt.Errorf("listen %s: %v: stop the other program or choose another with %s", address, rootCause(err), flag)
	}
	p.listener = l
	return nil
}

// rootCause is what the system said, without the names of the calls it came through.
func rootCause(err error) error {
	if s, ok := errors.AsType[*os.SyscallError](err); ok {
		return s.Err
	}
	return err
}

// serve answers requests until the listener is closed, by stop or by the owner.
func (p *plane) serve() error {
	err := p.http.Serve(p.listener)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// stop ends serve and returns when no request is under way any more, or when there is no time left in ctx.
func (p *plane) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if p.http.Shutdown(ctx) != nil {
		p.http.Close()
	}
}
