package hub

import (
	"context"

	"holter/model"
)

// SetFaults replaces the faults on connections and returns the number of these. Faults act on the leg to
// the client, and end with the connection. An order that only closes connections (cut, reset) leaves their
// other faults as they are. If one of the ids is no longer open, SetFaults disturbs the others and returns an
// error too.
func (h *Hub) SetFaults(ctx context.Context, o model.FaultOrder) (int, error) {
	if err := o.Faults.Validate(); err != nil {
		return 0, err
	}
	targets, err := h.targets(ctx, o.IDs, o.Query)
	n := 0
	for _, c := range targets {
		if h.disturb(c, o.Faults) {
			n++
		}
	}
	return n, err
}

// disturb reports false if c is not open.
func (h *Hub) disturb(c *connection, f model.Faults) bool {
	ends := f.Cut != 0 || f.Reset
	if lasting := f.Lasting(); !ends || lasting != (model.Faults{}) {
		if !h.setFaults(c, lasting) {
			return false
		}
	}
	return !ends || h.close(c, kick{code: f.Cut, reason: "fault: " + f.String(), reset: f.Reset})
}

// endFaults ends the faults on all connections.
func (h *Hub) endFaults() {
	for _, c := range h.all() {
		c.mu.Lock()
		if t := c.toClient.tap; t != nil {
			t.SetFaults(model.Faults{})
		}
		c.mu.Unlock()
	}
}

func (h *Hub) setFaults(c *connection, f model.Faults) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toClient.end != nil {
		if t := c.toClient.tap; t != nil && f.None() {
			t.SetFaults(f) // they hold the socket open, though the connection has ended
		}
		return false
	}
	c.toClient.tap.SetFaults(f)
	c.publish(model.Event{Type: model.FaultSet}, h.now())
	return true
}
