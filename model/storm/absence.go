package storm

import (
	"holter/model"
	"holter/model/reconnect"
)

// Client is what a Watch knows of one client: its attempts to come back, and its absences in a
// storm. The zero value is a client that has never been away. It belongs to the goroutine of its Watch.
type Client struct {
	reconnect.Attempts

	spans   [2]absence    // in a storm: the one that led to it, and a later one
	counted model.Instant // its newest attempt that is counted in a bin
	listed  bool          // in Watch.lost
}

// absence is one time without a connection. An instant that has not come yet is 0.
type absence struct {
	lost, tried, back model.Instant
	code              uint16
	by                model.Closer
}

// newest returns the present absence, or the last one.
func (a *Client) newest() *absence {
	if a.spans[1].lost != 0 {
		return &a.spans[1]
	}
	return &a.spans[0]
}
