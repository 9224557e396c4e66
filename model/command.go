package model

import "time"

// Kick asks for the end of connections: those in IDs, or, if there are none, all that match Query.
type Kick struct {
	IDs    []ID
	Query  string        // in the filter language; "all" for all, the empty query is refused
	Code   int           // of the close frame, 0 for 1001
	Reason string        // at most MaxReason bytes
	Reset  bool          // a TCP reset instead of a close frame
	Over   time.Duration // spread evenly over this time: a drain
}

// MaxRefuse bounds for how long upgrades are refused on request.
const MaxRefuse = 24 * time.Hour

// MaxReason bounds the reason in a close frame: a control frame carries at most 125 bytes, two of
// which are the code (RFC 6455 section 5.5).
const MaxReason = 123
