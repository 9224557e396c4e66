package model

import (
	"strings"
	"time"
)

// Faults are the disturbances that holter puts on one connection on purpose, on the side of its client. The zero
// value is none. Only Drop and SwallowPongs lose bytes: what other faults hold goes on in order when they end.
type Faults struct {
	Up   Line // from the client
	Down Line // to the client

	// Freeze neither reads nor writes, like a process that has been stopped.
	Freeze bool
	// HalfOpen neither reads nor writes, and hides even the end of the connection from the client, like a
	// machine that has lost its power.
	HalfOpen bool
	// SwallowPongs drops every pong of the client's, including those for the application's pings.
	SwallowPongs bool
	// Drop drops every Drop-th message of the client's with all of its fragments; 0 for none. A compressed
	// message (RFC 7692) is neither counted nor dropped: later messages may need it to be decompressed.
	Drop int
	// SlowClose delays the close frame to the client, and everything after it.
	SlowClose time.Duration

	Cut   int  // end the connection now, with this close code; 0 for not
	Reset bool // end it now, with a TCP reset

	// Other are the words of faults that a holter of another version has put on, and that are not known here. They
	// are shown, and do nothing.
	Other string
}

// Line is the disturbance of one direction.
type Line struct {
	Latency time.Duration // added to the time that bytes travel
	Jitter  time.Duration // Latency varies evenly by at most this, up and down; the order of bytes is kept
	Rate    int64         // limit in bytes per second, 0 for none
}

// MaxFaultDelay bounds each duration in a fault.
const MaxFaultDelay = time.Minute

// FaultOrder asks to replace the faults on connections: those in IDs or, if there are none, all that match Query
// now. The zero Faults ends all faults.
type FaultOrder struct {
	IDs    []ID
	Query  string // in the filter language; "all" for all, as an empty query is an error
	Faults Faults
}

// Lasting returns f without the faults that end a connection at once.
func (f Faults) Lasting() Faults {
	f.Cut, f.Reset = 0, false
	return f
}

// None reports whether nothing is disturbed.
func (f *Faults) None() bool { return f == nil || *f == Faults{} }

// Validate returns an Invalid error for what cannot be done. It says what to write instead.
func (f *Faults) Validate() error {
	for _, l := range []Line{f.Up, f.Down} {
		if err := l.validate(); err != nil {
			return err
		}
	}
	switch {
	case f.Drop < 0:
		return Errorf(Invalid, "drop=1/%d: write a positive number, such as drop=1/10", f.Drop)
	case f.SlowClose < 0 || f.SlowClose > MaxFaultDelay:
		return Errorf(Invalid, "slow-close=%s: write a duration up to %s", f.SlowClose, MaxFaultDelay)
	case f.Cut != 0 && !sendable(f.Cut):
		return Errorf(Invalid, "cut=%d: this close code may not be sent: write one such as cut=1011", f.Cut)
	case f.Cut != 0 && f.Reset:
		return Errorf(Invalid, "both cut and reset: write one of them")
	case f.Freeze && f.HalfOpen:
		return Errorf(Invalid, "both freeze and half-open: write one of them")
	}
	return nil
}

func (l Line) validate() error {
	switch {
	case l.Latency < 0 || l.Latency > MaxFaultDelay:
		return Errorf(Invalid, "latency=%s: write a duration up to %s", l.Latency, MaxFaultDelay)
	case l.Jitter < 0 || l.Jitter > l.Latency:
		return Errorf(Invalid, "latency=%s±%s: the jitter cannot be more than the latency", l.Latency, l.Jitter)
	case l.Rate < 0:
		return Errorf(Invalid, "rate=%d: write bytes per second, such as rate=64KiB", l.Rate)
	}
	return nil
}

// Words returns the text form of each fault in f, as ParseFaults reads it; none if f is nil.
func (f *Faults) Words() []string {
	if f == nil {
		return nil
	}
	var words []string
	for i := range faultKinds {
		words = append(words, faultKinds[i].write(f)...)
	}
	return append(words, strings.Fields(f.Other)...)
}

// Kinds returns the names of the faults in f, in the order of Words.
func (f *Faults) Kinds() []string {
	if f == nil {
		return nil
	}
	var names []string
	for i := range faultKinds {
		if len(faultKinds[i].write(f)) > 0 {
			names = append(names, faultKinds[i].name)
		}
	}
	for _, word := range strings.Fields(f.Other) {
		name, _, _ := strings.Cut(word, "=")
		names = append(names, name)
	}
	return names
}

// String returns Words in one line, "none" for none.
func (f *Faults) String() string {
	if f.None() {
		return "none"
	}
	return strings.Join(f.Words(), " ")
}

// FaultKinds are the names of all faults, in the order in which they are shown.
func FaultKinds() []string {
	names := make([]string, len(faultKinds))
	for i := range faultKinds {
		names[i] = faultKinds[i].name
	}
	return names
}
