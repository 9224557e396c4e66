package storm

import (
	"holter/model"
	"holter/model/reconnect"
)

// Client is what a Watch knows of one client: its attempts to come back, and its absences in a
// storm. The zero value is a client that has never been away. It belongs to the goroutine of its Watch.
type Client struct {
	reconnect.Attempts

	spans   [2]absence    // in a storm: of what led to it, and a later one
	counted model.Instant // the attempt by which it is among the clients who try
	listed  bool          // by the Watch
}

// absence is one time that a client had no connection. What has not happened is 0.
type absence struct {
	lost, tried, back model.Instant
	code              uint16
	by                model.Closer
}

// newest is the absence that is on, or was last.
func (a *Client) newest() *absence {
	if a.spans[1].lost != 0 {
		return &a.spans[1]
	}
	return &a.spans[0]
}
