package hub

import (
	"time"

	"holter/model"
	"holter/server/tap"
)

// blockedFor is how long a write must have waited before the hub asks the kernel about the other end, which is not
// read meanwhile.
const blockedFor = 500 * time.Millisecond

// breakOff ends the proxied connections of which one end is gone while the other takes nothing: the goroutine that
// would read the reset waits in a write. The other end gets a reset too, as it would have without holter.
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

// goneUnread returns the tap of an end that is gone although nobody has read so, and that of the other end.
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
