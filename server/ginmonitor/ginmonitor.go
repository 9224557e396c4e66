// Package ginmonitor is the door of package server for Gin applications: one middleware, for whatever library
// their handlers upgrade WebSockets with.
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
	"holter/server/tap"
)

// Middleware watches the WebSockets that the handlers after it upgrade, as Monitor.Wrap does for net/http. All
// other requests pass with the writer that they came with. A request that the monitor refuses, for its limits,
// reaches no handler.
func Middleware(m *server.Monitor) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !tap.IsUpgrade(c.Request) {
			return
		}
		admitted := false
		m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			admitted = true
			c.Writer = &writer{c.Writer, w}
		})).ServeHTTP(c.Writer, c.Request)
		if !admitted {
			c.Abort()
		}
	}
}

// writer is Gin's, but that what is hijacked from it is watched.
type writer struct {
	gin.ResponseWriter
	watched http.ResponseWriter // around Gin's, or Gin's itself if the monitor watches nothing
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
