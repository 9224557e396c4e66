package hub

import (
	"time"

	"holter/model"
	"holter/model/heart"
)

// The methods here are for what is beside the hub: registries that share its clock, its lateness and its log (see Publish
// too), and a watchdog.

// Now returns the instant that it is.
func (h *Hub) Now() model.Instant { return h.now() }

// Time returns the time of an instant.
func (h *Hub) Time(i model.Instant) time.Time { return h.time(i) }

// Lateness is how late holter itself runs. It may be read at any time.
func (h *Hub) Lateness() *heart.Lateness { return &h.late }

// stalledAfter is how long the scheduler may not run until the hub counts as dead. It is longer than a busy machine keeps it waiting.
const stalledAfter = 5 * time.Second

// Alive reports whether hearts beat, for a watchdog. It does not return while something keeps the list of connections locked.
func (h *Hub) Alive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.late.LastRun()
	return last == 0 || time.Duration(h.now()-last) < stalledAfter
}
