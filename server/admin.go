package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/probe/process"
	"holter/server/api"
)

// admin is the admin plane: what the hub knows and does, over HTTP.
type admin struct {
	source  source
	address string
	token   string
	stuck   time.Duration // how long the reader of a stream may take nothing
	log     *slog.Logger
	plane   plane
}

// source is what the admin plane needs of a Source.
type source interface {
	Snapshot(ctx context.Context) (model.Snapshot, error)
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events waits for those with a Seq above after.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	Kick(ctx context.Context, k model.Kick) (int, error)
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	Refuse(ctx context.Context, length time.Duration) error
	// MayChange is the error of those three where they are forbidden.
	MayChange() error
	Client(id string) (model.Client, []model.Connection, error)
}

func newAdmin(s source, o Options, log *slog.Logger) *admin {
	return &admin{source: s, address: o.Admin, token: o.Token, stuck: requestTimeout, log: log}
}

// listen takes the address, once: whoever needs it to be there comes first, and serve finds it done. An
// address that others can reach is refused without a token.
func (a *admin) listen() error {
	if a.plane.listener != nil {
		return nil
	}
	if err := (Options{Admin: a.address, Token: a.token}).validAdmin(); err != nil {
		return err
	}
	a.plane = newPlane(nil, a.log)
	if err := a.plane.listen(a.address, "--admin"); err != nil {
		return err
	}
	a.plane.http.Handler = a.routes()
	a.plane.http.WriteTimeout = requestTimeout // a stream sets its own, line by line
	return nil
}

// serve answers until ctx ends, and with it all event streams. It listens if nobody has.
func (a *admin) serve(ctx context.Context) error {
	if err := a.listen(); err != nil {
		return err
	}
	a.plane.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, process.Guard(func() {
		a.plane.stop(context.Background())
		close(stopped)
	}))
	err := a.plane.serve()
	if !cancel() {
		<-stopped
	}
	return err
}

// routes are all routes of the admin plane.
func (a *admin) routes() http.Handler {
	r := newEngine(renderErrors(a.log, writeJSON))
	r.Use(refuseForeignOrigins)
	if a.private() {
		r.Use(refuseForeignHosts)
	}
	r.Match(get, "/health", health)

	v1 := r.Group("/api/v1", bearer(a.token))
	v1.GET("/summary", a.summary)
	v1.GET("/connections", a.connections)
	v1.GET("/connections/:id", a.connection)
	v1.DELETE("/connections/:id", a.mayChange, a.kickOne)
	v1.POST("/kick", a.mayChange, a.kickMatching)
	v1.PUT("/connections/:id/faults", a.mayChange, a.disturbOne)
	v1.POST("/faults", a.mayChange, a.disturbMatching)
	v1.POST("/refuse", a.mayChange, a.refuse)
	v1.GET("/clients", a.clients)
	v1.GET("/clients/*id", a.client) // an id may have slashes in it
	v1.GET("/storms", a.storms)
	v1.GET("/events", a.events)
	v1.GET("/snapshots", a.snapshots)
	v1.GET("/host", a.host)
	return r
}

// mayChange keeps what would change something from a source that forbids it, before it is read: whoever has
// misspelt it would mend it in vain.
func (a *admin) mayChange(c *gin.Context) {
	if err := a.source.MayChange(); err != nil {
		fail(c, err)
	}
}

// private reports whether only this machine can reach the plane.
func (a *admin) private() bool {
	t, ok := a.plane.listener.Addr().(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// writeJSON is the answerer of the admin plane.
func writeJSON(c *gin.Context, code model.Code, message string) {
	c.JSON(statusOf(code), api.Error{Error: api.ErrorBody{Code: code, Message: message}})
}

// health needs no token: load balancers have none, and it says nothing else.
func health(c *gin.Context) { c.JSON(http.StatusOK, api.Health{Status: "ok"}) }
