// Package ginmonitor is the door of package server for Gin applications: one middleware, for any WebSocket
// library that their handlers use.
//
//	monitor := server.New(server.Options{})
//	r.Use(ginmonitor.Middleware(monitor))
//	go monitor.Run(ctx)
//
// It is a package of its own so that an application without Gin does not get Gin with the monitor. It sets
// nothing of Gin's, prints nothing, and starts no goroutine.
package ginmonitor

import (
	"bufio"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/server"
	"holter/server/plane"
	"holter/server/tap"
)

// Middleware watches the WebSockets that the handlers after it upgrade, as Monitor.Wrap does for net/http. All
// other requests pass with the writer that they came with, but for handshakes that are broken: these are reported. A request that the monitor refuses, for its limits,
// reaches no handler.
func Middleware(m *server.Monitor) gin.HandlerFunc {
	watched := m.Wrap(http.HandlerFunc(pass))
	return func(c *gin.Context) {
		if !tap.IsUpgrade(c.Request) && !plane.IsBroken(c.Request) && !plane.Handshaking(c.Request) && c.Request.Method != http.MethodConnect {
			return
		}
		e := &entry{ResponseWriter: c.Writer, context: c}
		watched.ServeHTTP(e, c.Request)
		if !e.passed {
			c.Abort()
		}
	}
}

// pass runs the handlers after the middleware. w is an entry or, if the monitor watches the request, around one.
func pass(w http.ResponseWriter, _ *http.Request) {
	e, bare := w.(*entry)
	if !bare {
		e = w.(interface{ Unwrap() http.ResponseWriter }).Unwrap().(*entry)
		e.context.Writer = &writer{e.ResponseWriter, w}
	}
	e.passed = true
	e.context.Next()
}

// entry is Gin's writer on its way through the monitor.
type entry struct {
	gin.ResponseWriter
	context *gin.Context
	passed  bool // the request has reached the handlers after the middleware
}

// Unwrap is for http.ResponseController.
func (e *entry) Unwrap() http.ResponseWriter { return e.ResponseWriter }

// writer is Gin's, but that what is hijacked from it is watched.
type writer struct {
	gin.ResponseWriter
	watched http.ResponseWriter // around Gin's
}

// Hijack hands out the watched connection.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.Written() { // past the watched writer, which has to know with what status
		w.watched.WriteHeader(w.Status())
	}
	return w.watched.(http.Hijacker).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
