package tap

import (
	"net"
	"time"

	"holter/model"
)

// NewOpaque makes a Conn for a protocol other than WebSocket. It passes the bytes on, adds none, parses
// nothing and reports nothing. Reads return early first: bytes that came in before the tap was there.
func NewOpaque(c net.Conn, early []byte) *Conn {
	t := New(c, early, blind{}, func() model.Instant { return 1 })
	t.phase, t.in.lost, t.out.lost = phaseOpaque, true, true
	return t
}

// Opaque reports whether c is a NewOpaque.
func (c *Conn) Opaque() bool { return c.watch == blind{} }

// blind is a Watcher that ignores everything.
type blind struct{}

func (blind) Opened(string)                    {}
func (blind) Sent(uint32, model.Instant)       {}
func (blind) Pong(uint32, model.Instant, bool) {}
func (blind) RoundTrip(time.Duration)          {}
func (blind) PeerBeat(model.Instant, bool)     {}
func (blind) Heard(model.Instant)              {}
func (blind) Lost(_, _ bool)                   {}
func (blind) Closed(Ending)                    {}
