package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/hub"
	"holter/server/plane"
)

// data is the data plane of holter serve: a WebSocket that echoes, and a page that uses it.
type data struct {
	allowOrigin []string
	monitor     gin.HandlerFunc // taps what is upgraded
	refused     func(r *http.Request, status int, reason string, retryAfter time.Duration)
	echo        *echo
	log         *slog.Logger
}

// NewServer sets holter serve up around m, which it runs: do not run m as well. The error says which of
// the options, m's included, make no sense.
func NewServer(m *Monitor, o DataOptions) (*plane.Data, error) {
	door := m.Door()
	if err := cmp.Or(door.Validate(), o.Validate()); err != nil {
		return nil, err
	}
	e := newEcho(o.ReadLimit)
	d := data{allowOrigin: o.AllowOrigin, monitor: m.Middleware(), refused: door.Refused, echo: e, log: door.Log()}
	p := plane.NewData(door, o.ListenOptions, d.routes(), door.Log())
	p.Path, p.Drain = "/ws", e.stop
	p.HTTP.ConnContext, p.HTTP.ReadTimeout = hub.WithConn, plane.RequestTimeout
	return p, nil
}

// routes are all routes of the data plane.
func (d *data) routes() http.Handler {
	r := gin.New()
	r.RedirectTrailingSlash = false // every path is taken as it stands
	r.HandleMethodNotAllowed = true
	r.Use(renderErrors(d.log))
	r.NoRoute(func(c *gin.Context) { c.Error(plane.ErrNoRoute) })
	r.NoMethod(func(c *gin.Context) { c.Error(plane.ErrNoMethod) })
	r.Match([]string{http.MethodGet, http.MethodHead}, "/", servePage())
	r.GET("/ws", requireUpgrade, d.requireOrigin, d.monitor, d.echo.handle)
	return r
}

// requireOrigin keeps pages of other sites from opening a WebSocket, which browsers let them (RFC 6455
// section 10.2).
func (d *data) requireOrigin(c *gin.Context) {
	if plane.AllowedOrigin(c.Request, d.allowOrigin) {
		return
	}
	reason := fmt.Sprintf("origin %s is not allowed", model.Clean(c.GetHeader("Origin"), 200))
	d.refused(c.Request, http.StatusForbidden, reason, 0)
	fail(c, model.Errorf(model.Forbidden, "%s; --allow-origin would allow it", reason))
}
