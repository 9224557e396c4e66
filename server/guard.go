package server

import (
	"net/http"

	"holter/server/pass"
	"holter/server/plane"
	"holter/server/tap"
)

// letIn reports whether the guard, if there is one, lets in the client that sent r. If not, letIn has answered the request
// and reported that. The guard comes before the limits: a client that it refuses uses up none of them.
func (m *Monitor) letIn(w http.ResponseWriter, r *http.Request) bool {
	p, bad := m.checked(r)
	if bad != nil {
		bar(w, bad)
		m.hub.Report(r, bad.Refusal)
		return false
	}
	if p != nil {
		p.Attach(r)
	}
	return true
}

// checked is what the guard says of r. Both results are nil if there is no guard.
func (m *Monitor) checked(r *http.Request) (*pass.Pass, *pass.Refusal) {
	if m.guard == nil {
		return nil, nil
	}
	return m.guard.Check(r)
}

// bar answers a request whose client may not come in.
func bar(w http.ResponseWriter, bad *pass.Refusal) {
	if bad.Challenge != "" {
		w.Header().Set("WWW-Authenticate", bad.Challenge)
	}
	if bad.RetryAfter > 0 {
		plane.SetRetryAfter(w.Header(), bad.RetryAfter)
	}
	http.Error(w, bad.Reason, bad.Status)
}

// mayPass reports whether a request may pass that the monitor does not watch: any that no library takes for the handshake
// of a WebSocket, and of the others those that the guard lets in. Otherwise a monitor that has stood back, or whose options
// are invalid, would open the door.
func (m *Monitor) mayPass(w http.ResponseWriter, r *http.Request) bool {
	return m.guard == nil || !handshake(r) || m.letIn(w, r)
}

// handshake reports whether some library may take r for the opening handshake of a WebSocket: also where it lacks a field
// that it should have, and over HTTP/2 (RFC 8441).
func handshake(r *http.Request) bool {
	return tap.IsUpgrade(r) || plane.Handshaking(r) || r.Method == http.MethodConnect
}
