package hub

import (
	"time"

	"holter/model"
	"holter/model/heart"
)

// The methods here are for registries beside the hub, which share its clock, its lateness and its log: see Publish too.

// Now returns the instant that it is.
func (h *Hub) Now() model.Instant { return h.now() }

// Time returns the time of an instant.
func (h *Hub) Time(i model.Instant) time.Time { return h.time(i) }

// Lateness is how late holter itself runs. It may be read at any time.
func (h *Hub) Lateness() *heart.Lateness { return &h.late }
