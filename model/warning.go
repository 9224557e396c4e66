package model

import "time"

// Warning is something that is wrong although no connection is in trouble for it yet.
type Warning struct {
	Kind   WarningKind
	Since  time.Time
	Detail string // a sentence that names the evidence and, if it is known, what mends it

	Client      string // the name that is shared
	Connections int    // that had it at the same time, the most so far; 0 if all were refused
	Addresses   int    // that these come from, now
	Identity    string // the setting of --identity that tells them apart; "" if nothing is known that does
}

// WarningKind says what a warning is about.
type WarningKind string

// SharedIdentity is a client's name that many connections have at the same time, or that is refused for many: it cannot be one
// client's own.
const SharedIdentity WarningKind = "shared-identity"

// MaxWarnings bounds the warnings that are kept.
const MaxWarnings = 64
