// Package api is the JSON of the admin plane, and the client that reads it.
//
// It has a struct for each object of the API. A function From… makes it from a value of package model, and its
// method Model converts it back. Both ends use them: the admin plane writes, and Remote reads for a screen that
// is attached to another holter. Remote is a source like the hub: it keeps the newest picture and events of the
// other holter, and passes commands on.
//
// The package decides nothing about connections. It does not trust the other end: it bounds the size of
// everything that it reads, and cleans text of control characters. The other end may also have another version: an
// unknown word is kept as unknown, a field of another type counts as missing, and an element without its key is left
// out. Only text that is not JSON is an error. All functions may be called from any goroutine; a
// SnapshotWriter or SnapshotReader belongs to one.
//
// Durations are in milliseconds and say so in their names, sizes are in bytes and shares in percent. Times
// are RFC 3339 in UTC. A field that does not apply is left out; an empty list is [].
package api

import (
	"math"
	"slices"
	"time"

	"holter/model"
)

// Millis is a duration in milliseconds.
type Millis float64

func millis(d time.Duration) Millis { return Millis(float64(d) / float64(time.Millisecond)) }

// Duration returns m to the nanosecond, or the longest duration if m is longer.
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

// finite returns f, or 0 if JSON cannot represent f.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// longestText bounds the texts that are read, in bytes. holter sends none that long.
const longestText = 1024

// text cleans a text that came over a socket. holter has cleaned it before, but the sender may be another
// program.
func text(s string) string { return model.Clean(s, longestText) }

// newest returns the last n elements of a list, which should have no more. If it has, they are copied, so that the
// others do not stay in memory.
func newest[T any](list []T, n int) []T {
	if len(list) > n {
		return slices.Clone(list[len(list)-n:])
	}
	return list
}

// Error is the answer to a call that failed.
type Error struct {
	Error ErrorBody `json:"error"`
}

// ErrorBody is the kind of an error, and a message that says what to do.
type ErrorBody struct {
	Code    model.Code `json:"code"`
	Message string     `json:"message"`
}

// Health is the answer of an admin plane that works.
type Health struct {
	Status string `json:"status"` // "ok"
}

// Connections is one page of a list.
type Connections struct {
	Connections []Connection `json:"connections"`
	Total       int          `json:"total"` // that match, on all pages
	// Next is the cursor of the next page, empty on the last one. That page begins after the last connection of
	// this one, at the place that this connection has in the order by then.
	Next string `json:"next"`
}

// Clients are all clients that are on the list.
type Clients struct {
	Clients []Client `json:"clients"`
}

// Kick asks to close connections: those with these ids, or those that match Q.
type Kick struct {
	IDs    []string `json:"ids,omitempty"`
	Q      string   `json:"q"`                 // in the filter language; "all" for all
	Code   int      `json:"code"`              // of the close frame, 0 for 1001
	Reason string   `json:"reason"`            // at most model.MaxReason bytes
	RST    bool     `json:"rst"`               // a TCP reset instead of a close frame
	OverMS Millis   `json:"over_ms"`           // spread over this time
	DryRun bool     `json:"dry_run,omitempty"` // only answer which: see Preview
}

// Preview answers a dry run of a Kick or a FaultOrder: it describes the effect of the order, which is not carried out.
type Preview struct {
	DryRun  bool       `json:"dry_run"`         // true
	Matches int        `json:"matches"`         // number of connections that the order would act on now
	IDs     []string   `json:"ids"`             // of the first hundred of these
	Error   *ErrorBody `json:"error,omitempty"` // why some are not among them
}

// Refuse asks to refuse upgrades.
type Refuse struct {
	ForMS *Millis `json:"for_ms"` // 0 to let them in again
}

// Refusing answers a Refuse.
type Refusing struct {
	Until *time.Time `json:"refusing_until"` // null if upgrades are let in again
}

// Kicked answers a Kick.
type Kicked struct {
	Kicked int        `json:"kicked"`
	Error  *ErrorBody `json:"error,omitempty"` // why some were not kicked
}
