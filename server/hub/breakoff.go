package hub

import (
	"time"

	"holter/model"
	"holter/server/tap"
)

// blockedFor is how long a write must have waited before the hub asks the kernel about the other end. While the
// write waits, nothing reads from that end.
const blockedFor = 500 * time.Millisecond

// breakOff closes proxied connections where one end is gone and the other accepts no bytes: the goroutine that
// would read the reset of the first end waits in a write to the other. The other end gets a reset too, as it would
// have without holter.
func (h *Hub) breakOff() {
	now := h.now()
	for _, c := range h.all() {
		if gone, other := h.goneUnread(c, now); gone != nil {
			const reason = "connection lost: connection reset by peer"
			gone.Drop(tap.Ending{By: model.ByNetwork, Code: 1006, Reason: reason}, false)
			other.Drop(tap.Ending{By: model.ByApp, Code: 1006, Reason: reason}, true)
		}
	}
}

// goneUnread returns the tap of an end that is gone although no read has reported it, and the tap of the other end.
func (h *Hub) goneUnread(c *connection, now model.Instant) (gone, other *tap.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toUpstream == nil {
		return nil, nil
	}
	for _, l := range c.legs() {
		o := c.other(l)
		if l.tap == nil || o.tap == nil {
			return nil, nil
		}
		if w := o.tap.Writing(); w != 0 && since(now, w) >= blockedFor && l.tap.Dead() {
			return l.tap, o.tap
		}
	}
	return nil, nil
}
