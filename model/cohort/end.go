package cohort

import (
	"net/netip"
	"slices"
	"time"

	"holter/model"
)

// Clock is a time that something on the path may limit.
type Clock uint8

// Clocks of an End. Some boxes count any byte, some only data, some only one direction.
const (
	Silence    Clock = iota // since the last byte in either direction
	SilenceIn               // since the last byte from the peer
	SilenceOut              // since the last byte to the peer
	Data                    // since the last data frame in either direction
	Age                     // since the opening
	clocks
)

// Clocks are readings of all of them.
type Clocks [clocks]time.Duration

var kinds = [clocks]model.CohortKind{
	model.CohortSilence, model.CohortSilenceIn, model.CohortUnheard, model.CohortData, model.CohortAge,
}

// Manner is how a connection ended.
type Manner uint8

const (
	Cut       Manner = iota // without a close frame, by the other end of a socket, while nothing was wrong
	Told                    // with a close frame of the peer's, or because the other side of a proxy ended
	Shut                    // by the application beside holter, with or without a close frame
	Suspected               // not yet: it fell into suspicion
)

// class is ends among which limits are looked for, apart from all others.
type class struct {
	side   model.Side
	manner Manner
}

// classes are what something on the way cut, and what the application closed, beside holter or behind it.
var classes = [...]class{{model.ClientSide, Cut}, {model.UpstreamSide, Cut}, {model.ClientSide, Shut}, {model.UpstreamSide, Told}}

func (c class) has(e *End) bool {
	return e.Side == c.side && e.Manner == c.manner && (c.manner == Cut || e.byApp())
}

// classOf is the number of the class of an end, -1 for none.
func classOf(e *End) int { return slices.IndexFunc(classes[:], func(c class) bool { return c.has(e) }) }

// Peer is the other end of a socket, with what it may share with others.
type Peer struct {
	Via       netip.Addr // of the socket's other end
	Address   netip.Addr // of the client: another one behind a proxy that tells it
	Forwarded bool       // the request came through a proxy, by its own header
	Client    string     // its name
	Path      string
	Agent     string
}

// forwarded reports whether a proxy that names its clients is on the way.
func (p *Peer) forwarded() bool { return p.Forwarded || p.Address != p.Via }

// End is one end of a connection, or one suspicion.
type End struct {
	ID     model.ID
	At     model.Instant
	Side   model.Side // that ended first
	Manner Manner
	Code   int // of the close frame, 1006 for none
	By     model.Closer
	Cause  model.Cause // of a suspicion
	Clocks Clocks      // of the socket that ended first
	Peer
}

// Living is an open connection, as one of its sides sees it.
type Living struct {
	Side   model.Side
	Opened model.Instant
	Clocks Clocks
	Peer
}

const (
	// echo is the time within which an end may be the answer to a byte. What ends right after a byte in one direction may
	// have ended long before and been noticed by that byte, so its silence in the other direction is no limit.
	echo = 100 * time.Millisecond
	// shortest is the shortest time that is taken for a limit: what ends sooner did not get through its opening.
	shortest = 1500 * time.Millisecond
)

// shows reports whether the end may have come because of a clock.
func (e *End) shows(c Clock) bool {
	if classOf(e) < 0 || e.Clocks[c] < shortest {
		return false
	}
	if e.Manner != Cut { // whatever it has sent before
		return true
	}
	switch c {
	case SilenceIn:
		return e.Clocks[SilenceOut] >= echo
	case SilenceOut:
		return e.Clocks[SilenceIn] >= echo
	}
	return true
}

// abnormal reports whether the end is one that nobody wants.
func (e *End) abnormal() bool {
	switch e.Manner {
	case Cut:
		return true
	case Told, Shut:
		return e.Code != 1000 && e.Code != 1001 && e.Code != 1005
	}
	return false
}

// byApp reports whether the application closed, beside holter or behind it.
func (e *End) byApp() bool {
	if e.Side == model.UpstreamSide {
		return e.By == model.ByPeer
	}
	return e.By == model.ByApp
}

// orderly reports whether the peer left as it should.
func (e *End) orderly() bool {
	return e.Manner == Told && e.By == model.ByPeer && (e.Code == 1000 || e.Code == 1005)
}
