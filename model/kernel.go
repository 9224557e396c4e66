package model

import (
	"fmt"
	"slices"
	"time"
)

// Kernel is what the kernel of this machine knows of a connection: on Linux, from TCP_INFO and the queues of the
// socket. On macOS, from
// TCP_CONNECTION_INFO. The zero Kernel stands for one that was not asked.
type Kernel struct {
	Known         bool
	Missing       Missing       // why it is not Known
	Lacks         Lack          // which of the following this kernel does not tell
	Unacked       int           // segments sent that the peer's kernel has not acknowledged
	Retransmitted int           // segments sent again since the connection opened
	LastAck       time.Duration // since the last acknowledgement of the peer's kernel
	RTO           time.Duration // retransmission timeout, without the doublings since the last acknowledgement
	Unread        int           // bytes that wait in our socket for the application
	NotSent       int           // bytes that wait in our socket for room in the peer's
	WindowShut    bool          // the peer's kernel has no room
	WindowProbes  int           // probes of a shut window, or of a silent peer, without an answer
	Writing       bool          // the application waits in a write
}

// Missing is why the kernel tells nothing of a connection.
type Missing uint8

const (
	MissingNothing Missing = iota
	MissingSystem          // this platform does not tell
	MissingSocket          // there is no TCP socket below the connection, as where an application wraps one
	MissingClosed          // the socket was closed before the kernel was asked
	MissingOther           // a holter of another version says it in a word that is not known here
)

var MissingNames = [...]string{"", "system", "socket", "closed", "other"}

func (m Missing) String() string {
	if int(m) < len(MissingNames) {
		return MissingNames[m]
	}
	return fmt.Sprintf("missing(%d)", uint8(m))
}

// ParseMissing is the inverse of Missing.String.
func ParseMissing(name string) (Missing, error) {
	for i, n := range MissingNames {
		if n == name {
			return Missing(i), nil
		}
	}
	return 0, fmt.Errorf("unknown reason %q", name)
}

// Words says in a sentence why figures are missing, "" if none are.
func (m Missing) Words() string {
	switch m {
	case MissingNothing:
		return ""
	case MissingSystem:
		return "this system does not tell what its kernel knows of a connection"
	case MissingSocket:
		return "there is no TCP socket below this connection that the kernel could tell of"
	case MissingClosed:
		return "the socket was closed before the kernel could be asked"
	}
	return "what the kernel knows is missing"
}

// Lack is a set of figures that a kernel does not tell.
type Lack uint8

const (
	LackNotSent Lack = 1 << iota // of Linux before 4.6
	LackWindow                   // WindowShut; of Linux before 5.4
	LackLastAck                  // of macOS
	LackProbes                   // WindowProbes; of macOS
)

// LackNames are those of the single figures, in the order of their bits.
var LackNames = [...]string{"not_sent", "window", "last_ack", "probes"}

// Names returns the names of the figures in the set.
func (l Lack) Names() []string {
	names := []string{}
	for i, n := range LackNames {
		if l&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

// LacksOf is the inverse of Lack.Names. It leaves names out that are not known here.
func LacksOf(names []string) (l Lack) {
	for i, n := range LackNames {
		if slices.Contains(names, n) {
			l |= 1 << i
		}
	}
	return l
}
