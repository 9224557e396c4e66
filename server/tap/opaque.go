package tap

import (
	"net"
	"time"

	"holter/model"
)

// NewOpaque makes a Conn that passes bytes of a protocol other than WebSocket: it follows nothing, adds
// nothing and tells nobody. Bytes that came in before, early, are read first.
func NewOpaque(c net.Conn, early []byte) *Conn {
	t := New(c, early, nobody{}, func() model.Instant { return 1 })
	t.phase, t.in.lost, t.out.lost = phaseOpaque, true, true
	return t
}

// Opaque reports whether c is a NewOpaque.
func (c *Conn) Opaque() bool { return c.watch == nobody{} }

// nobody is a Watcher that does not look.
type nobody struct{}

func (nobody) Opened(string)                    {}
func (nobody) Sent(uint32, model.Instant)       {}
func (nobody) Pong(uint32, model.Instant, bool) {}
func (nobody) RoundTrip(time.Duration)          {}
func (nobody) PeerBeat(model.Instant, bool)     {}
func (nobody) Heard(model.Instant)              {}
func (nobody) Lost(_, _ bool)                   {}
func (nobody) Closed(Ending)                    {}
