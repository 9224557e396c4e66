package model

import (
	"slices"
	"time"
)

// Instant is a moment on a monitor's own monotonic clock: nanoseconds since shortly before it
// started. The zero Instant stands for never. A connection keeps dozens of them, and an Instant has 8 bytes where
// a time.Time has 24.
type Instant int64

// Presence records how a client comes and goes: whether it is here, and how long it took to come back each time.
// A client is here while it has an open connection, of which it may have many. The zero value has never been here.
//
// Instants come in as arguments. A Presence belongs to one goroutine at a time.
type Presence struct {
	generation int32
	left       Instant // when the last open connection ended; 0 while there is one, and before the first
	reconnects []time.Duration
}

// Connect records a new connection of the client's. It reports whether the client was away before it, and so
// has come back.
func (p *Presence) Connect(now Instant) (back bool) {
	p.generation++
	if p.left == 0 {
		return false
	}
	if len(p.reconnects) == MaxReconnects {
		p.reconnects = p.reconnects[1:]
	}
	p.reconnects = append(p.reconnects, time.Duration(now-p.left))
	p.left = 0
	return true
}

// Leave records the end of the client's last open connection. The end of another one changes nothing.
func (p *Presence) Leave(now Instant) { p.left = now }

// Generation returns the number of connections so far: that of the newest, counting from 1.
func (p *Presence) Generation() int { return int(p.generation) }

// Away reports whether the client has no open connection, and since when.
func (p *Presence) Away() (since Instant, away bool) { return p.left, p.left != 0 }

// Reconnects returns a copy of the delays between an end and the next connection, oldest first, at most
// MaxReconnects.
func (p *Presence) Reconnects() []time.Duration { return slices.Clone(p.reconnects) }
