package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"holter/model"
	"holter/model/timers"
	"holter/probe/health"
	"holter/probe/past"
	"holter/server/hub"
	"holter/server/tap"
)

// Door has the methods of a monitor for holter's own endpoint and proxy, which hijack their connections themselves and
// own the two planes. An application uses Monitor.Wrap instead.
type Door struct{ monitor *Monitor }

// Door returns m as a Door. The zero Door is of no use.
func (m *Monitor) Door() Door { return Door{m} }

// Validate returns the error of Options.Validate for the monitor's options.
func (d Door) Validate() error { return d.monitor.invalid }

// Listen listens at the address of the admin plane, if there is one, so that the address is known before Run.
func (d Door) Listen() error {
	if d.monitor.admin == nil {
		return nil
	}
	return d.monitor.admin.Listen()
}

// Inherit gives the admin plane a listener that is there already, so that it opens none. It comes before Listen. The error says
// that there is no admin plane.
func (d Door) Inherit(l net.Listener) error {
	if d.monitor.admin == nil {
		return errors.New("there is a socket for the admin plane, and no admin plane: write its address, such as --admin 127.0.0.1:7071, or leave the socket out")
	}
	d.monitor.admin.Inherit(l)
	return nil
}

// Before is Hub.Before.
func (d Door) Before(ended []past.Connection) { d.monitor.hub.Before(ended) }

// Size is the number of connections.
func (d Door) Size() int { return d.monitor.hub.Size() }

// Alive is Hub.Alive.
func (d Door) Alive() bool { return d.monitor.hub.Alive() }

// AdminURL is the root of the admin plane once Listen has returned, empty if there is none.
func (d Door) AdminURL() string {
	if d.monitor.admin == nil {
		return ""
	}
	return d.monitor.admin.URL()
}

// Announce sets the addresses that the monitor shows: where clients connect, and the backend of a proxy.
func (d Door) Announce(address, upstream string) { d.monitor.hub.Announce(address, upstream) }

// Run is Monitor.Run.
func (d Door) Run(ctx context.Context) error { return d.monitor.Run(ctx) }

// Drain is Monitor.Drain.
func (d Door) Drain(ctx context.Context, over time.Duration) error { return d.monitor.Drain(ctx, over) }

// Log is the logger of the monitor's options.
func (d Door) Log() *slog.Logger { return d.monitor.log }

// Admit reports whether an upgrade may go on. If it may, a place is reserved, which Adopt takes, and the caller cancels
// that if no connection comes. If not, Admit has answered the request.
func (d Door) Admit(w http.ResponseWriter, r *http.Request) (reserved *hub.Reservation, ok bool) {
	return d.monitor.admit(w, r)
}

// Explain answers a request that is no upgrade as an upgrade would be answered now, if that would be refused, and
// reports whether it did. It counts nothing. An upgrade may be refused for the accept rate all the same.
func (d Door) Explain(w http.ResponseWriter, r *http.Request) (refused bool) {
	return d.monitor.explain(w, r)
}

// Adopt begins to watch c, the connection that r has upgraded. early are the bytes after r that have already
// been read from c. reserved is what Admit has reserved.
func (d Door) Adopt(r *http.Request, c net.Conn, early []byte, reserved *hub.Reservation) *tap.Conn {
	return d.monitor.hub.Adopt(r, c, early, reserved)
}

// AdoptUpstream begins to watch c, the connection from a proxy to its backend. near is the client's side of it.
func (d Door) AdoptUpstream(near *tap.Conn, c net.Conn, early []byte) *tap.Conn {
	return d.monitor.hub.AdoptUpstream(near, c, early)
}

// Sighted notes what is on the way to the backend, as the header of its answer to the handshake of near shows.
func (d Door) Sighted(near *tap.Conn, answer http.Header) {
	d.monitor.hub.Sighted(near, timers.InResponse(answer))
}

// WatchUpstream asks the backend of a proxy for its health again and again while Run runs. It comes before that.
func (d Door) WatchUpstream(id, target string, check health.Checker) error {
	return d.monitor.services.Watch(id, target, model.Upstream, check)
}

// SetHalfClose sets how long a proxied connection may stay after one end has closed, while a write to either end
// waits.
func (d Door) SetHalfClose(after time.Duration) { d.monitor.hub.SetHalfClose(after) }

// Refused reports that the handshake r did not become a connection. Status, Reason, By, Diagnosis and RetryAfter of
// the refusal are the caller's; the rest is filled in.
func (d Door) Refused(r *http.Request, refusal model.Refusal) { d.monitor.hub.Report(r, refusal) }
