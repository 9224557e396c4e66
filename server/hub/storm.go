package hub

import (
	"context"
	"net"
	"net/http"
	"time"

	"holter/model"
	"holter/model/reconnect"
	"holter/model/storm"
	"holter/server/tap"
)

// handshakeTrips are the round trips from a close frame of holter's to the request that follows it at
// once: half of one, the TCP handshake, and half of one.
const handshakeTrips = 2

// arrive tells the watch of a connection that is on the list now. It runs under mu.
func (h *Hub) arrive(c *connection, back bool, now model.Instant) {
	if back {
		h.storms.Try(c.client.attempts, now, tap.Waited(c.tap), false, 0)
	} else {
		h.storms.Connect(now)
	}
}

// depart tells the watch of the end of c, which its client may have been left alone by. It runs under
// mu and c.mu.
func (h *Hub) depart(c *connection, now model.Instant) {
	h.storms.Close(now)
	cl := c.client
	if cl.newest != nil {
		return
	}
	if cl.attempts == nil {
		cl.attempts = new(storm.Client)
	}
	shake := cl.handshake.Value()
	h.storms.Lose(cl.attempts, now, &reconnect.Loss{
		Pool:   model.Pool{UserAgent: shake.agent, Path: shake.path},
		Close:  c.end.close,
		Failed: c.heart.State() == model.Failed || c.end.close.Code == CodeTimeout,
		First:  cl.presence.Generation() == 1,
		Lasted: time.Duration(now - c.opened),
		Path:   handshakeTrips * cl.rtt,
	})
}

// Refused counts and tells of an upgrade that was turned away with an HTTP status.
func (h *Hub) Refused(r *http.Request, status int, reason string) {
	h.RefusedFor(r, status, reason, 0)
}

// RefusedFor is Refused with a Retry-After in the answer.
func (h *Hub) RefusedFor(r *http.Request, status int, reason string, retryAfter time.Duration) {
	h.count.refused.Add(1)
	who := h.o.Identity.Of(r)
	h.refuse(who, waited(r), retryAfter)
	remote := r.RemoteAddr
	if a := addrPort(remote); a.IsValid() {
		remote = model.Address(a)
	}
	h.log.Publish(model.Event{
		Time: time.Now(), Type: model.ConnectionRefused,
		Refusal: &model.Refusal{
			Remote: model.Clean(remote, maxText), Client: who, Status: status, Reason: reason, RetryAfter: retryAfter,
		},
	})
}

type connKey struct{}

// WithConn is an http.Server.ConnContext. Where it is set, a request that is refused tells for how long it
// has waited.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// waited is 0 if nobody knows.
func waited(r *http.Request) time.Duration {
	c, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok {
		return 0
	}
	return tap.Waited(c)
}

// refuse tells the watch. Of somebody who has never been here nothing is kept.
func (h *Hub) refuse(who string, waited, retryAfter time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if cl := h.clients[who]; cl != nil && cl.newest == nil {
		h.storms.Try(cl.attempts, now, waited, true, retryAfter)
	} else {
		h.storms.Refuse(now)
	}
}

// lookOut tells of storms that begin and end.
func (h *Hub) lookOut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	began, ended := h.storms.Tick(now, len(h.clients))
	if began != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormStarted, Storm: began})
	}
	if ended != nil {
		h.log.Publish(model.Event{Time: h.time(now), Type: model.StormEnded, Storm: ended})
	}
}
