package server

import (
	"bufio"
	"cmp"
	"net"
	"net/http"

	"holter/server/plane"
)

// brokenKey is the key in upgrading of a request that was meant as the opening handshake of a WebSocket and cannot be
// one, such as for a proxy in front that takes a field out. It is nil for any other request.
func brokenKey(r *http.Request) *string {
	switch keys := r.Header["Sec-Websocket-Key"]; {
	case !plane.IsBroken(r):
		return nil
	case len(keys) > 0:
		return &keys[0]
	}
	return &r.URL.Path // the preface of HTTP/2 has no header
}

// brokenWriter is the writer of such a request. It only sees the status that the application answers with.
type brokenWriter struct{ httpWriter }

// Hijack leaves the connection alone: it becomes no WebSocket.
func (w *brokenWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return c, rw, err
}

// tell reports the answer: what is broken is known, whatever the application makes of it.
func (w *brokenWriter) tell() {
	status := w.status
	if below, ok := w.ResponseWriter.(interface{ Status() int }); ok && status == 0 { // Gin writes only when all handlers have returned
		status = below.Status()
	}
	w.report(cmp.Or(status, http.StatusOK))
}
