package model

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ID names one accepted connection. It counts up from 1 and is never used again.
type ID uint64

// String gives the form that people see and type, such as "c17".
func (id ID) String() string { return "c" + strconv.FormatUint(uint64(id), 10) }

// ParseID is the inverse of ID.String.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "c"), 10, 64)
	if err != nil || n == 0 || !strings.HasPrefix(s, "c") {
		return 0, fmt.Errorf("%q is no connection id: write it like c17", s)
	}
	return ID(n), nil
}

// Connection is a snapshot of one accepted WebSocket. All strings in it are bounded and free of
// control characters. A duration of 0 means that there is no such figure yet.
type Connection struct {
	ID          ID
	Client      string         // who is behind it, kept over reconnects
	Generation  int            // the how-manieth connection of that client, from 1
	Remote      netip.AddrPort // with port 0 where only the address is known, as of who is behind a proxy
	Path        string
	UserAgent   string
	Subprotocol string

	Side      Side // of a proxied connection: the leg in the worse state, of which all figures are
	State     State
	Since     time.Time // in State
	Opened    time.Time
	Diagnosis Diagnosis
	Close     *Close  // nil while the socket is open
	Faults    *Faults // that holter has put on it, nil for none; never changed

	RTT         time.Duration // of the last answered ping
	RTTMean     time.Duration // over the detector's memory
	RTTDev      time.Duration // deviation, as the detector defines it
	Timeout     time.Duration // how long a beat may stay unanswered before suspicion
	Interval    time.Duration // between beats of holter's
	Silence     time.Duration // since the last byte from the peer
	DataSilence time.Duration // since the last data frame in either direction
	Missed      int           // beats unanswered in a row

	PingsSent, PongsReceived uint64 // holter's pings, and pongs that answered them
	PingsReceived            uint64 // the peer's own beats
	FramesIn, FramesOut      uint64
	BytesIn, BytesOut        uint64

	Beats Strip // how the newest went
}

// Address writes a as people read it: without a port where none is known, "" where nothing is.
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

// Open reports whether the socket is still there.
func (c *Connection) Open() bool { return c.Close == nil }

// Ended is when the connection closed, or now while it is open.
func (c *Connection) Ended(now time.Time) time.Time {
	if c.Close != nil {
		return c.Close.At
	}
	return now
}

// Age is how long the connection has lasted, or lasted until it closed.
func (c *Connection) Age(now time.Time) time.Duration { return c.Ended(now).Sub(c.Opened) }

// Close tells how a connection ended. Code is the close code of RFC 6455 section 7.4, 1006 where no
// close frame was seen.
type Close struct {
	Code   int
	Reason string
	By     Closer
	At     time.Time
}

// Closer is who ended a connection first.
type Closer uint8

const (
	ByPeer    Closer = iota // a close frame of the peer's
	ByApp                   // the application closed, with or without a frame
	ByHolter                // a kick, a failed heartbeat, a limit, the shutdown
	ByNetwork               // the socket ended or broke without a close frame
)

var CloserNames = [...]string{"peer", "app", "holter", "network"}

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
	Header      []HeaderField // of the request that opened it, secrets left out
	Samples     []Sample      // oldest first, at most a window of them
	Transitions []Transition  // oldest first, the newest MaxTransitions
	Evidence    Evidence      // behind the diagnosis
	Legs        []Detail      // of a proxied connection: the client's leg and the upstream's, each by itself
}

// Side is one end of a proxied connection.
type Side uint8

const (
	ClientSide Side = iota // the only one where holter is no proxy
	UpstreamSide
)

var SideNames = [...]string{"client", "upstream"}

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
	RTT     time.Duration
	Timeout time.Duration // that was in force, to within an eighth
	Missed  bool
}

// MaxTransitions bounds how many changes of state a connection remembers.
const MaxTransitions = 16

// Transition is one change of state, and what was believed about it.
type Transition struct {
	At        time.Time
	Side      Side
	From, To  State
	Diagnosis Diagnosis
}
