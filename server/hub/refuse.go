package hub

import (
	"context"
	"net"
	"net/http"
	"time"

	"holter/model"
	"holter/server/tap"
)

// Refuse refuses upgrades for the given time from now on; 0 lets them in again. The hub itself refuses
// nothing: the code that serves upgrades asks Refusing.
func (h *Hub) Refuse(_ context.Context, length time.Duration) error {
	switch {
	case length < 0:
		return model.Errorf(model.Invalid, "upgrades cannot be refused for %s: write a positive duration, or 0 to let them in again", length)
	case length > model.MaxRefuse:
		return model.Errorf(model.Invalid, "upgrades can be refused for %s at most", model.MaxRefuse)
	case length == 0:
		h.refusing.Store(0)
	default:
		h.refusing.Store(int64(h.now()) + int64(length))
	}
	return nil
}

// Refusing reports whether upgrades are being refused.
func (h *Hub) Refusing() bool { return h.refusing.Load() > int64(h.now()) }

// refusingUntil returns until when upgrades are refused, or the zero Time while they are let in.
func (h *Hub) refusingUntil(now model.Instant) time.Time {
	if until := model.Instant(h.refusing.Load()); until > now {
		return h.time(until)
	}
	return time.Time{}
}

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
