package heart

import (
	"time"

	"holter/model"
)

// behind reports whether the answer that is overdue, or its ping, waits behind a large message that is on its way. Then
// the beat stays open, and the peer is well: it takes the message or sends it. One that has stopped doing so has as
// long for its answer as if the ping had come through only then.
func (h *Heart) behind(now, heard model.Instant, p Peer) bool {
	b := p.Backlog(now)
	usual := h.stretch(h.bound(0, 0))
	if b.Incoming > 0 && time.Duration(now-heard) >= usual {
		b.Incoming = 0 // it has stopped in the middle
	}
	if b.Incoming == 0 && !b.Taking {
		return b.Early || b.Idle > 0 && b.Idle < usual
	}
	if h.Diagnosis().Cause != model.CausePingBehindData {
		e := h.fullEvidence(now, heard, p)
		e.Backlog = b
		h.diagnose(&e)
	}
	h.voided = h.written // the wait says nothing about the path
	return true
}
