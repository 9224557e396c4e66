package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"path"
	"runtime"
	"strings"
	"sync"

	"holter/probe/sock"
	"holter/server/tap"
)

// wrapping is one call of Wrap.
type wrapping struct {
	monitor *Monitor
	callers [8]uintptr // of Wrap, the nearest first
	depth   int
}

// upgrading are the upgrades that a monitor of this process watches just now, from Wrap until the connection is
// hijacked or the handler has returned. A second Wrap around the same handler finds the first one here, with any
// writers between the two.
//
// The key is the first value of the header Upgrade: its address is the same in every shallow copy of a request, as
// middleware makes them. A context would need such a copy, and the fields that a ServeMux sets in a copy, such as
// the pattern, do not reach the middleware around Wrap.
var upgrading sync.Map // *string → *wrapping

// upgradeKey is the key of r in upgrading, nil if r does not ask for an upgrade (any more).
func upgradeKey(r *http.Request) *string {
	if values := r.Header["Upgrade"]; len(values) > 0 {
		return &values[0]
	}
	return nil
}

// newWrapping records the callers of Wrap. Only Wrap itself may call it.
func newWrapping(m *Monitor) *wrapping {
	w := &wrapping{monitor: m}
	w.depth = runtime.Callers(3, w.callers[:]) // beyond Callers, this function and Wrap
	return w
}

// begins reports whether w is the outermost wrapping around r. If not, its monitor does not watch r.
func (w *wrapping) begins(key *string) bool {
	outer, nested := upgrading.LoadOrStore(key, w)
	if nested {
		w.standsBack(outer.(*wrapping))
	}
	return !nested
}

// ends removes w. The monitor calls it when the connection is hijacked, or when its handler has returned.
func ends(key *string) { upgrading.Delete(key) }

// standsBack logs, once for each monitor, that another wrapping watches its connections. outer is nil if that wrapping
// is not known.
func (w *wrapping) standsBack(outer *wrapping) {
	w.monitor.stoodBack.Do(func() {
		attrs := []any{"line", w.String()}
		if outer != nil {
			attrs = append(attrs, "watched_by", outer.String())
		}
		if outer != nil && outer.monitor != w.monitor {
			w.monitor.log.Warn("a handler is wrapped by another monitor, which watches it: this one leaves it alone; remove one of the two lines", attrs...)
			return
		}
		w.monitor.log.Warn("a handler is wrapped twice and watched once: remove this line", attrs...)
	})
}

// String returns the line of the application that calls Wrap.
func (w *wrapping) String() string {
	frames := runtime.CallersFrames(w.callers[:w.depth])
	for {
		frame, more := frames.Next()
		own := strings.HasPrefix(frame.Function, "holter/server/ginmonitor.")
		if own && more {
			continue
		}
		dir, file := path.Split(frame.File)
		return fmt.Sprintf("%s:%d", path.Join(path.Base(dir), file), frame.Line)
	}
}

// tapped reports whether another Wrap already watches c, which was hijacked for r. The monitor notices this so late only
// behind middleware that makes a deep copy of the request. Then the limits have counted the upgrade twice.
func tapped(c net.Conn, r *http.Request) bool {
	if _, ok := sock.As[*tap.Conn](c); !ok {
		return false
	}
	if w, ok := upgrading.Load(upgradeKey(r)); ok {
		w.(*wrapping).standsBack(nil)
	}
	return true
}

// hijacked is a connection that has been hijacked, for those who would hijack it.
type hijacked struct {
	conn net.Conn
	rw   *bufio.ReadWriter
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) { return h.conn, h.rw, nil }
