package hub

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unique"

	"holter/model"
	"holter/probe/sock"
	"holter/server/tap"
)

// Refuse sets that upgrades are refused for the given time from now on; 0 lets them in again. The hub itself refuses
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

// Refused counts and publishes that an upgrade was refused by holter with an HTTP status.
func (h *Hub) Refused(r *http.Request, status int, reason string) {
	h.Report(r, model.Refusal{Status: status, Reason: reason, By: model.RefusedByHolter})
}

// Report counts and publishes that the handshake r did not become a connection. It fills in the client, and
// cleans the texts. If no server could parse the request, r has the parts that are known: RemoteAddr, URL and Header
// are set.
func (h *Hub) Report(r *http.Request, refusal model.Refusal) {
	h.count.refused.Add(1)
	id := h.refuse(h.o.Identity.Of(r), r, &refusal)
	remote := r.RemoteAddr
	if a := addrPort(remote); a.IsValid() {
		remote = model.Address(a)
	}
	refusal.Remote, refusal.Client = model.Clean(remote, maxText), id
	refusal.Diagnosis.Detail = model.Abridge(refusal.Diagnosis.Detail, maxDetail)
	for _, o := range h.observers() {
		o.Refused(&refusal)
	}
	h.log.Publish(model.Event{Time: time.Now(), Type: model.ConnectionRefused, Refusal: &refusal})
}

// maxDetail bounds the sentence of a refusal, in bytes.
const maxDetail = 600

// waited returns how long ago r came in, 0 if that is not known.
func waited(r *http.Request) time.Duration {
	if c := sock.FromContext(r.Context()); c != nil {
		return tap.Waited(c)
	}
	return 0
}

// refuse counts a request that was refused. It returns the name of the client that most likely sent it.
func (h *Hub) refuse(id string, r *http.Request, refusal *model.Refusal) string {
	waited := waited(r)
	h.samplers.call(id, r)
	h.mu.Lock()
	defer h.mu.Unlock()
	reg := &h.registry
	stranger := func() *client { return newClient(strings.Clone(id)) }
	if d := reg.crowds[id]; d != nil {
		s := d.spotOf(r)
		cl := d.tries(s)
		switch {
		case cl != nil:
			id = cl.id
		case s.value == "" || d.spots[s] != nil: // nobody knows which client it is
			reg.storms.Refuse(h.now(), refusal)
			return id
		default:
			stranger = func() *client {
				g := d.group(s)
				cl := reg.another(g)
				g.away = append(g.away, cl)
				id = cl.id
				return cl
			}
		}
	}
	reg.refuse(id, h.now(), waited, refusal, func() *client {
		cl := stranger()
		cl.handshake = unique.Make(handshake{path: h.pathOf(r), agent: model.Clean(r.UserAgent(), maxText)})
		return cl
	})
	return id
}
