package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"holter/model"
	"holter/probe/process"
	"holter/server/plane"
)

// admin is the admin plane: what the hub knows and does, over HTTP.
type admin struct {
	source  source
	address string
	token   string
	stuck   time.Duration // how long the reader of a stream may take nothing
	log     *slog.Logger
	calls   []route
	plane   plane.Plane
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

func newAdmin(s source, address, token string, log *slog.Logger) *admin {
	a := &admin{source: s, address: address, token: token, stuck: plane.RequestTimeout, log: log}
	a.calls = a.routes()
	return a
}

// listen takes the address, once: whoever needs it to be there comes first, and serve finds it done. An
// address that others can reach is refused without a token.
func (a *admin) listen() error {
	if a.plane.Listener != nil {
		return nil
	}
	if err := validAdmin(a.address, a.token); err != nil {
		return err
	}
	a.plane = plane.New(a, a.log)
	if err := a.plane.Listen(a.address, "--admin"); err != nil {
		return err
	}
	a.plane.HTTP.WriteTimeout = plane.RequestTimeout // a stream sets its own, line by line
	return nil
}

// serve answers until ctx ends, and with it all event streams. It listens if nobody has.
func (a *admin) serve(ctx context.Context) error {
	if err := a.listen(); err != nil {
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

// private reports whether only this machine can reach the plane.
func (a *admin) private() bool {
	t, ok := a.plane.Listener.Addr().(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// validAdmin refuses an address and token that make no sense, with an error that says what to write instead. It
// accepts an empty address, which stands for no admin plane, and wants a token if others can reach the address.
func validAdmin(address, token string) error {
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
