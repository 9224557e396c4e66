package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"holter/server/tap"
)

// Door is a monitor as holter's own endpoint and proxy need it, which bring connections of their own. An
// application has Monitor.Wrap, and no use for this.
type Door struct{ monitor *Monitor }

// Door is the way in for connections that do not come through Wrap.
func (m *Monitor) Door() Door { return Door{m} }

// Validate says what is wrong with the monitor's options, as Options.Validate does.
func (d Door) Validate() error { return d.monitor.invalid }

// Listen takes the address of the admin plane, if there is one, so that it is known before Run.
func (d Door) Listen() error {
	if d.monitor.admin == nil {
		return nil
	}
	return d.monitor.admin.Listen()
}

// AdminURL is the root of the admin plane once Listen has returned, empty if there is none.
func (d Door) AdminURL() string {
	if d.monitor.admin == nil {
		return ""
	}
	return d.monitor.admin.URL()
}

// Announce tells readers of the monitor where clients connect, and where a proxy passes them on to.
func (d Door) Announce(address, upstream string) { d.monitor.hub.Announce(address, upstream) }

// Run is Monitor.Run.
func (d Door) Run(ctx context.Context) error { return d.monitor.Run(ctx) }

// Log is the logger of the monitor's options.
func (d Door) Log() *slog.Logger { return d.monitor.log }

// Admit reports whether an upgrade may go on. If not, it has answered the request.
func (d Door) Admit(w http.ResponseWriter, r *http.Request) bool { return d.monitor.admit(w, r) }

// Adopt watches c from now on, a connection that r has upgraded. early is what the client has sent after r,
// and has been read already.
func (d Door) Adopt(r *http.Request, c net.Conn, early []byte) *tap.Conn {
	return d.monitor.hub.Adopt(r, c, early)
}

// AdoptUpstream watches c from now on, the connection to the backend of a client whose own is near.
func (d Door) AdoptUpstream(near *tap.Conn, c net.Conn, early []byte) *tap.Conn {
	return d.monitor.hub.AdoptUpstream(near, c, early)
}

// Refused tells readers of the monitor of an upgrade that was answered with an HTTP status, and perhaps with a
// time after which to come back.
func (d Door) Refused(r *http.Request, status int, reason string, retryAfter time.Duration) {
	d.monitor.hub.RefusedFor(r, status, reason, retryAfter)
}
