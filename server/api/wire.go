// Package api is the JSON of the admin plane: one struct for each thing that it speaks of, made from
// the domain's values and turned back into them. Both ends use it, the plane that writes and a screen
// elsewhere that reads.
//
// Durations are in milliseconds and say so in their names, sizes in bytes, shares in percent; times
// are RFC 3339 in UTC. A field that does not apply is left out, a list that is empty is [].
package api

import (
	"math"
	"time"

	"holter/model"
)

// Millis is a duration in milliseconds.
type Millis float64

func millis(d time.Duration) Millis { return Millis(float64(d) / float64(time.Millisecond)) }

// Duration is m to the nanosecond, or the longest duration that there is.
func (m Millis) Duration() time.Duration {
	ns := math.Round(float64(m) * float64(time.Millisecond))
	switch {
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	}
	return time.Duration(ns)
}

// finite makes a figure that JSON can carry.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// longestText is more than any text that holter sends has, in bytes.
const longestText = 1024

// text cleans what came over a socket once more: who sent it may be no holter.
func text(s string) string { return model.Clean(s, longestText) }

// newest is the end of a list that should have no more than n.
func newest[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }

// Error is the answer to a call that failed.
type Error struct {
	Error ErrorBody `json:"error"`
}

// ErrorBody says what kind of error it was, and what to do about it.
type ErrorBody struct {
	Code    model.Code `json:"code"`
	Message string     `json:"message"`
}

// Health is the answer of a plane that works.
type Health struct {
	Status string `json:"status"` // "ok"
}

// Connections is one page of a list.
type Connections struct {
	Connections []Connection `json:"connections"`
	Total       int          `json:"total"` // that match, on all pages
	// Next is the cursor of the next page, which begins after the last connection of this one, where it
	// stands by then. It is empty on the last page.
	Next string `json:"next"`
}

// Clients are all identities that are known.
type Clients struct {
	Clients []Client `json:"clients"`
}

// Kick asks for the end of connections: those with these ids, or those that match.
type Kick struct {
	IDs    []string `json:"ids,omitempty"`
	Q      string   `json:"q"`       // in the filter language; "all" for all
	Code   int      `json:"code"`    // of the close frame, 0 for 1001
	Reason string   `json:"reason"`  // at most model.MaxReason bytes
	RST    bool     `json:"rst"`     // a TCP reset instead of a close frame
	OverMS Millis   `json:"over_ms"` // spread over this time
}

// Refuse asks for upgrades to be turned away.
type Refuse struct {
	ForMS *Millis `json:"for_ms"` // 0 to let them in again
}

// Refusing answers a Refuse.
type Refusing struct {
	Until *time.Time `json:"refusing_until"` // null if upgrades are let in again
}

// Kicked answers a kick with how many it was about.
type Kicked struct {
	Kicked int        `json:"kicked"`
	Error  *ErrorBody `json:"error,omitempty"` // why some others were not
}
