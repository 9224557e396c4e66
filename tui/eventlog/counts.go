package eventlog

import (
	"log/slog"

	"holter/model"
)

// counts are events by what happened.
type counts struct {
	opened, closed, refused uint64
	normal, suspect, failed uint64 // entered that state
}

func (c *counts) add(e *model.Event) {
	switch e.Type {
	case model.ConnectionOpened:
		c.opened++
	case model.ConnectionClosed:
		c.closed++
	case model.ConnectionRefused:
		c.refused++
	case model.StateChanged:
		c.entered(e.To)
	}
}

func (c *counts) entered(s model.State) {
	switch s {
	case model.Normal:
		c.normal++
	case model.Suspect:
		c.suspect++
	case model.Failed:
		c.failed++
	}
}

// attrs are the counts above 0.
func (c *counts) attrs() []slog.Attr {
	var attrs []slog.Attr
	for _, n := range []struct {
		name  string
		count uint64
	}{
		{"opened", c.opened}, {"closed", c.closed}, {"refused", c.refused},
		{"normal", c.normal}, {"suspect", c.suspect}, {"failed", c.failed},
	} {
		if n.count > 0 {
			attrs = append(attrs, slog.Uint64(n.name, n.count))
		}
	}
	return attrs
}
