// Package endpoint is holter serve: a WebSocket endpoint of holter's own at /ws, which sends every message back,
// and a page at / that uses it. Both stand on Gin and gorilla/websocket, watched by the very middleware that a Gin
// application would use.
//
// It owns the goroutines of its connections, one each, until Drain has returned; the monitor closes their sockets.
// It does not set Gin's mode, which is global: package main does, its only caller. An application that embeds a
// monitor does not need this package.
package endpoint

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server"
	"holter/server/ginmonitor"
	"holter/server/plane"
)

// endpoint is the data plane of holter serve: a WebSocket that echoes, and a page that uses it.
type endpoint struct {
	allowOrigin []string
	trusted     plane.Trusted
	monitor     gin.HandlerFunc // taps what is upgraded
	private     func() bool     // whether only this machine can reach the plane
	refused     func(r *http.Request, refusal model.Refusal)
	explain     func(w http.ResponseWriter, r *http.Request) (refused bool)
	admin       func() string // root of the admin plane's addresses, "" if there is none
	echo        *echo
	log         *slog.Logger
}

// New makes the data plane of holter serve. Its Run runs m too: the caller must not. The error says which of the
// options, m's included, make no sense.
func New(m *server.Monitor, o Options) (*plane.Data, error) {
	door := m.Door()
	if err := cmp.Or(door.Validate(), o.Validate()); err != nil {
		return nil, err
	}
	trusted, _ := plane.ParseTrusted("--trusted-proxies", o.TrustedProxies)
	e := newEcho(o.ReadLimit)
	d := endpoint{allowOrigin: o.AllowOrigin, trusted: trusted, monitor: ginmonitor.Middleware(m), refused: door.Refused, explain: door.Explain,
		admin: door.AdminURL, echo: e, log: door.Log()}
	p := plane.NewData(door, o.ListenOptions, d.routes(), door.Log())
	d.private = p.Private
	p.Path, p.Drain = "/ws", e.stop
	p.HTTP.ReadTimeout = max(plane.RequestTimeout, p.HTTP.ReadHeaderTimeout)
	return p, nil
}

// routes are all routes of the data plane.
func (d *endpoint) routes() http.Handler {
	gin.SetMode(gin.ReleaseMode) // it prints its routes otherwise
	r := gin.New()
	r.RedirectTrailingSlash = false // every path is taken as it stands
	r.HandleMethodNotAllowed = true
	r.Use(renderErrors(d.log), d.locate)
	r.NoRoute(func(c *gin.Context) { d.astray(c, plane.ErrNoRoute) })
	r.NoMethod(func(c *gin.Context) { d.astray(c, plane.ErrNoMethod) })
	r.Match([]string{http.MethodGet, http.MethodHead}, "/", d.requireHost, servePage(d.admin))
	r.GET("/ws", d.requireUpgrade, d.requireHost, d.requireOrigin, d.monitor, d.echo.handle)
	return r
}

// locate gives a request the address of the client that a trusted proxy has passed it on for.
func (d *endpoint) locate(c *gin.Context) {
	if len(d.trusted) > 0 {
		c.Request.RemoteAddr = d.trusted.Origin(c.Request)
	}
}

// astray answers a request for something that there is not, and reports one that was meant as a handshake.
func (d *endpoint) astray(c *gin.Context, err error) {
	if plane.Handshaking(c.Request) {
		d.refused(c.Request, model.Refusal{
			Status: plane.StatusOf(model.ErrorCode(err)), Reason: err.Error(), By: model.RefusedByHolter,
			Diagnosis: model.Diagnosis{
				Cause: model.CauseHandshakeBroken, Detail: "the WebSocket of holter is at GET /ws, and nowhere else: let the client connect there",
			},
		})
	}
	c.Error(err)
}

// requireOrigin keeps pages of other sites from opening a WebSocket, which browsers let them (RFC 6455
// section 10.2).
func (d *endpoint) requireOrigin(c *gin.Context) {
	if plane.AllowedOrigin(c.Request, d.allowOrigin) {
		return
	}
	origin := model.Clean(c.GetHeader("Origin"), 200)
	reason, mended := fmt.Sprintf("origin %s is not allowed", origin), letsIn(origin)
	d.refused(c.Request, model.Refusal{
		Status: http.StatusForbidden, Reason: reason, By: model.RefusedByHolter,
		Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: reason + ": " + mended},
	})
	fail(c, model.Errorf(model.Forbidden, "%s: %s", reason, mended))
}

// letsIn says which setting lets pages of an origin in.
func letsIn(origin string) string {
	switch {
	case origin == "null":
		return "a file and a page in a sandbox have no origin, so only --allow-origin '*' lets it in, which lets every page in"
	case validOrigin(origin) != nil:
		return "it is no origin, so only --allow-origin '*' lets it in, which lets every page in"
	}
	return "--allow-origin " + origin + " lets it in"
}
