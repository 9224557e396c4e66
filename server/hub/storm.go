package hub

import (
	"context"
	"net"
	"net/http"
	"time"

	"holter/model"
	"holter/server/tap"
)

// Refused counts and publishes that an upgrade was refused with an HTTP status.
func (h *Hub) Refused(r *http.Request, status int, reason string) {
	h.RefusedFor(r, status, reason, 0)
}

// RefusedFor is Refused with the Retry-After of the answer, 0 for none.
func (h *Hub) RefusedFor(r *http.Request, status int, reason string, retryAfter time.Duration) {
	h.count.refused.Add(1)
	id := h.o.Identity.Of(r)
	h.refuse(id, waited(r), retryAfter)
	remote := r.RemoteAddr
	if a := addrPort(remote); a.IsValid() {
		remote = model.Address(a)
	}
	h.log.Publish(model.Event{
		Time: time.Now(), Type: model.ConnectionRefused,
		Refusal: &model.Refusal{
			Remote: model.Clean(remote, maxText), Client: id, Status: status, Reason: reason, RetryAfter: retryAfter,
		},
	})
}

type connKey struct{}

// WithConn is an http.Server.ConnContext. A server needs it so that the hub can ask the kernel how long a
// refused request has waited.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// waited returns how long ago r came in, 0 if that is not known.
func waited(r *http.Request) time.Duration {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok {
		return 0
	}
	return tap.Waited(c)
}

func (h *Hub) refuse(id string, waited, retryAfter time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.registry.refuse(id, h.now(), waited, retryAfter)
}

// reportStorms publishes that a storm has begun or ended.
func (h *Hub) reportStorms() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	began, ended := h.registry.storms.Tick(now, len(h.registry.clients))
	if began != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormStarted, Storm: began})
	}
	if ended != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormEnded, Storm: ended})
	}
}
