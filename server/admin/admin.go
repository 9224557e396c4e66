// Package admin is the admin plane: the state and the commands of a monitor, over HTTP.
//
// A call of the API is a line in the table of routes, and a handler that answers it or returns an error. There
// is a file of handlers for each noun, one place that answers errors, and one writer for the two answers that do
// not end, events and snapshots. Package api defines the JSON, and the other end reads it with package api too.
//
// The plane owns its HTTP server and its address. It keeps no data of the monitor: each answer comes from a Source,
// at the time of the request. It refuses pages of other sites and, if there is a token, requests without it. Package
// server makes and runs a plane if the options of its monitor name an address. Any goroutine may call the methods of
// the plane once Listen has returned.
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/server/plane"
)

// Plane is the admin plane of one monitor. Listen or Serve comes first.
type Plane struct {
	source  Source
	address string
	token   string
	stuck   time.Duration // how long the reader of an endless answer may accept nothing
	log     *slog.Logger
	calls   []route
	plane   plane.Plane
}

// Source gives the plane its data, and carries out its commands.
type Source interface {
	Snapshot(ctx context.Context) (model.Snapshot, error)
	Detail(ctx context.Context, id model.ID) (model.Detail, error)
	// Events waits for those with a Seq above after.
	Events(ctx context.Context, after uint64) ([]model.Event, error)
	// Targets returns the open connections with these ids or, if there are no ids, those that match query. It returns
	// an error too if some of the ids are not open.
	Targets(ctx context.Context, ids []model.ID, query string) ([]model.ID, error)
	Kick(ctx context.Context, k model.Kick) (int, error)
	SetFaults(ctx context.Context, o model.FaultOrder) (int, error)
	Refuse(ctx context.Context, length time.Duration) error
	Alerts(ctx context.Context) (model.AlertBook, error)
	// OrderAlert acknowledges or silences alerts, and returns how many.
	OrderAlert(ctx context.Context, o model.AlertOrder) (int, error)
	// Dismiss takes a piece of advice away until it becomes worse.
	Dismiss(ctx context.Context, id string) error
	// Recall takes that back.
	Recall(ctx context.Context, id string) error
	// Reload reads the settings anew. The error says why none has changed.
	Reload(ctx context.Context) (model.Reload, error)
	// MayChange returns the error of Reload, Kick, SetFaults, Refuse, OrderAlert, Dismiss and Recall if they are forbidden, otherwise nil.
	MayChange() error
	Client(id string) (model.Client, []model.Connection, error)
	// Heartbeat takes in a report of a service, and Goodbye its last one. They are no commands, and never forbidden.
	Heartbeat(b model.Heartbeat) (model.Service, error)
	Goodbye(id string) (model.Service, error)
	Service(id string) (model.Service, []model.Sample, error)
}

// Metrics makes the plane answer GET /metrics with h. It asks for the token there too, unless open is set. It comes before
// Listen.
func (a *Plane) Metrics(h http.Handler, open bool) {
	answer := func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
	if !open {
		answer = a.authorized(answer)
	}
	a.calls = append(a.calls, route{http.MethodGet, "/metrics", "…", answer})
}

// patience is how long the reader of an endless answer may accept no byte. A slow reader accepts some.
const patience = 30 * time.Second

// New makes the admin plane for an address, with the token that it asks for. An empty token stands for none.
func New(s Source, address, token string, log *slog.Logger) *Plane {
	a := &Plane{source: s, address: address, token: token, stuck: patience, log: log}
	a.calls = a.routes()
	return a
}

// Listen listens at the address, once: a caller that needs the address before Serve calls Listen first. Without a token
// it refuses an address that other machines can reach.
func (a *Plane) Listen() error {
	if a.plane.Listener != nil {
		return nil
	}
	if err := Validate(a.address, a.token); err != nil {
		return err
	}
	a.plane = plane.New(http.HandlerFunc(a.answer), a.log)
	if err := a.plane.Listen(a.address, "--admin"); err != nil {
		return err
	}
	a.plane.HTTP.WriteTimeout = plane.RequestTimeout // an endless answer sets its own, again and again
	a.plane.HTTP.ConnContext = withConn
	return nil
}

// Serve answers until ctx ends, and with it all event streams. It calls Listen.
func (a *Plane) Serve(ctx context.Context) error {
	if err := a.Listen(); err != nil {
		return err
	}
	a.plane.HTTP.BaseContext = func(net.Listener) context.Context { return ctx }
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, process.Guard(func() {
		a.plane.Stop(context.Background())
		close(stopped)
	}))
	err := a.plane.Serve()
	if !cancel() {
		<-stopped
	}
	return err
}

// URL is the root of the plane for clients of this machine, once Listen has returned.
func (a *Plane) URL() string { return "http://" + plane.Reachable(a.plane.Listener.Addr()) }

// Link is the root of a plane at an address, "" for none, before it listens.
func Link(address string) string {
	if address == "" {
		return ""
	}
	return "http://" + address
}

// private reports whether only this machine can reach the plane.
func (a *Plane) private() bool {
	t, ok := a.plane.Listener.Addr().(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// Validate refuses an address and token that make no sense, with an error that says what to write instead. It
// accepts an empty address, which stands for no admin plane, and wants a token if others can reach the address.
func Validate(address, token string) error {
	if address == "" {
		return nil
	}
	host, _, err := plane.SplitAddress("--admin", address)
	if err != nil {
		return err
	}
	if token == "" && !plane.Loopback(host) {
		return fmt.Errorf("--admin %s can be reached from other machines: add --token SECRET, or write a loopback address such as 127.0.0.1:7071", address)
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("--token goes into a header: write it in visible ASCII characters, without spaces")
	}
	return nil
}
