package hub

import (
	"context"

	"holter/model"
)

// SetFaults puts faults on connections and answers on how many. They act on the client's leg, and end
// with the connection. A fault that ends one leaves those that are on it, if it comes alone. As with
// Kick, an order by id fails if one of them is not there any more, and is carried out on the others all
// the same.
func (h *Hub) SetFaults(_ context.Context, o model.FaultOrder) (int, error) {
	if err := o.Faults.Validate(); err != nil {
		return 0, err
	}
	targets, err := h.targets(model.Kick{IDs: o.IDs, Query: o.Query})
	n := 0
	for _, c := range targets {
		if c.disturb(o.Faults) {
			n++
		}
	}
	return n, err
}

// disturb reports false if there is nothing left to be disturbed.
func (c *connection) disturb(f model.Faults) bool {
	ends := f.Cut != 0 || f.Reset
	if lasting := f.Lasting(); !ends || lasting != (model.Faults{}) {
		if !c.set(lasting) {
			return false
		}
	}
	return !ends || c.kick(kick{code: f.Cut, reason: "fault: " + f.String(), reset: f.Reset})
}

// endFaults ends them all.
func (h *Hub) endFaults() {
	for _, c := range h.all() {
		c.mu.Lock()
		if c.tap != nil {
			c.tap.SetFaults(model.Faults{})
		}
		c.mu.Unlock()
	}
}

func (c *connection) set(f model.Faults) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tap == nil {
		return false
	}
	c.tap.SetFaults(f)
	c.publish(model.Event{Type: model.FaultSet}, c.hub.now())
	return true
}
