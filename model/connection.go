package model

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ID identifies one accepted connection. IDs count up from 1, and none is used twice.
type ID uint64

// String returns the form that users see and type, such as "c17".
func (id ID) String() string { return "c" + strconv.FormatUint(uint64(id), 10) }

// ParseID is the inverse of ID.String.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "c"), 10, 64)
	if err != nil || n == 0 || !strings.HasPrefix(s, "c") {
		return 0, fmt.Errorf("%q is not a connection id: write it like c17", s)
	}
	return ID(n), nil
}

// Connection is a snapshot of one accepted WebSocket. All strings in it are bounded and have no control
// characters. A duration of 0 means that there is no such figure yet.
type Connection struct {
	ID          ID
	Client      string         // name of the client, the same after each reconnect
	Generation  int            // ordinal of this connection among the client's, from 1
	Remote      netip.AddrPort // with port 0 where only the address is known, as for a client behind a proxy
	Path        string
	UserAgent   string
	Subprotocol string

	Side      Side // of a proxied connection: the leg in the worse state, whose figures these are
	State     State
	Since     time.Time // in State
	Opened    time.Time
	Expires   time.Time // when the token expires that let the client in; zero for never, or no token
	Diagnosis Diagnosis
	Late      time.Duration // holter itself was late by so much while it gathered what State rests on, 0 if it was not
	Close     *Close        // nil while the socket is open
	Faults    *Faults       // that holter has put on it, nil for none; the value never changes

	RTT         time.Duration // of the last answered ping
	RTTMean     time.Duration // over the detector's memory
	RTTDev      time.Duration // how far round trips stray, as the detector of package heart measures it
	Timeout     time.Duration // how long a beat may stay unanswered before suspicion
	Interval    time.Duration // between beats: see heart.Heart.Interval
	Silence     time.Duration // since the last byte from the peer
	DataSilence time.Duration // since the last data frame in either direction
	Missed      int           // beats unanswered in a row

	PingsSent, PongsReceived uint64 // holter's pings, and pongs that answered them
	PingsReceived            uint64 // the peer's own beats
	FramesIn, FramesOut      uint64
	BytesIn, BytesOut        uint64

	Beats Strip // the newest
}

// Address formats a for users: without the port if that is not known, "" if nothing is known.
func Address(a netip.AddrPort) string { return string(AppendAddress(nil, a)) }

func AppendAddress(b []byte, a netip.AddrPort) []byte {
	switch {
	case !a.IsValid():
		return b
	case a.Port() == 0:
		return a.Addr().AppendTo(b)
	}
	return a.AppendTo(b)
}

// Open reports whether the socket is still open.
func (c *Connection) Open() bool { return c.Close == nil }

// Ended returns when the connection closed, or now while it is open.
func (c *Connection) Ended(now time.Time) time.Time {
	if c.Close != nil {
		return c.Close.At
	}
	return now
}

// Stayed returns how long the connection has been in its state, until now. One that closed in another state was in it
// until then.
func (c *Connection) Stayed(now time.Time) time.Duration {
	if c.State == Closed {
		return now.Sub(c.Since)
	}
	return c.Ended(now).Sub(c.Since)
}

// Age returns how long the connection has lasted, until now or until it closed.
func (c *Connection) Age(now time.Time) time.Duration { return c.Ended(now).Sub(c.Opened) }

// Close is how a connection ended. Code is the close code of RFC 6455 section 7.4, 1006 if there was no close
// frame.
type Close struct {
	Code   int
	Reason string
	By     Closer
	At     time.Time

	Parting Parting
}

// Closer is who ended a connection first.
type Closer uint8

const (
	ByPeer    Closer = iota // the peer sent a close frame
	ByApp                   // the application closed, with or without a frame
	ByHolter                // a kick, a failed heartbeat, a limit, or the shutdown
	ByNetwork               // the socket ended or broke without a close frame
	ByUnknown               // a holter of another version says it in a word that is not known here
)

var CloserNames = [...]string{"peer", "app", "holter", "network", "unknown"}

func (b Closer) String() string {
	if int(b) < len(CloserNames) {
		return CloserNames[b]
	}
	return fmt.Sprintf("closer(%d)", uint8(b))
}

// ParseCloser is the inverse of Closer.String.
func ParseCloser(name string) (Closer, error) {
	for i, n := range CloserNames {
		if n == name {
			return Closer(i), nil
		}
	}
	return 0, fmt.Errorf("unknown closer %q", name)
}

// Detail is all that is known of one connection.
type Detail struct {
	Connection
	Header      []HeaderField // of the request that opened it, what may be secret masked
	Samples     []Sample      // oldest first, at most a window of them
	Transitions []Transition  // oldest first, the newest MaxTransitions
	Evidence    Evidence      // behind the diagnosis
	Legs        []Detail      // of a proxied connection: the leg to the client and that to the upstream
}

// Side is one end of a proxied connection.
type Side uint8

const (
	ClientSide Side = iota // the only one where holter is not a proxy
	UpstreamSide
	UnknownSide // a holter of another version says it in a word that is not known here
)

var SideNames = [...]string{"client", "upstream", "unknown"}

func (s Side) String() string {
	if int(s) < len(SideNames) {
		return SideNames[s]
	}
	return fmt.Sprintf("side(%d)", uint8(s))
}

// ParseSide is the inverse of Side.String.
func ParseSide(name string) (Side, error) {
	for i, n := range SideNames {
		if n == name {
			return Side(i), nil
		}
	}
	return 0, fmt.Errorf("unknown side %q", name)
}

// HeaderField is one line of a request's header.
type HeaderField struct{ Name, Value string }

// Sample is one beat of holter's. One that was Missed has an RTT if the answer came late.
type Sample struct {
	At      time.Time // when the ping was written, to within a sixteenth of the time since the one before; zero if unknown
	RTT     time.Duration
	Timeout time.Duration // that was in force, to within an eighth
	Missed  bool
	Probe   bool // Missed, and a probe after a missed beat
}

// MaxTransitions bounds the changes of state that are kept of a connection.
const MaxTransitions = 16

// Transition is one change of state, and the diagnosis at that time.
type Transition struct {
	At        time.Time
	Side      Side
	From, To  State
	Diagnosis Diagnosis
	Late      time.Duration // as in Connection
}
