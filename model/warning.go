package model

import "time"

// Warning is something that is wrong although no connection is in trouble for it yet.
type Warning struct {
	Kind   WarningKind
	Since  time.Time
	Detail string // a sentence that names the evidence and, if it is known, what mends it

	Path     string // the template of the path that it is about; "" for none
	Upstream string // of a proxy, of a warning about a path

	Client      string // the name that is shared
	Connections int    // that had it at the same time, the most so far
	Addresses   int    // that these come from, now
	Identity    string // the setting of --identity that tells them apart; "" if nothing is known that does
}

// WarningKind says what a warning is about.
type WarningKind string

// SharedIdentity is a client's name that many connections have at the same time: it cannot be one client's own.
const SharedIdentity WarningKind = "shared-identity"

// Warnings about the timers of a path.
const (
	// TimerRace is a beat that comes about when the path is cut.
	TimerRace WarningKind = "timer-race"
	// NoBeats is a path on which neither end beats.
	NoBeats WarningKind = "no-beats"
	// SlowBeats is a beat that comes after the path is cut, or in hours.
	SlowBeats WarningKind = "slow-beats"
)

// MaxWarnings bounds the warnings that are kept.
const MaxWarnings = 64
