package model

// StormClient is what a Watch knows of one client: its attempts to come back, and its absences in a
// storm. The zero value is a client that has never been away. It belongs to the goroutine of its Watch.
type StormClient struct {
	Attempts

	spans   [2]absence // in a storm: of what led to it, and a later one
	counted Instant    // the attempt by which it is among the clients who try
	listed  bool       // by the Watch
}

// absence is one time that a client had no connection. What has not happened is 0.
type absence struct {
	lost, tried, back Instant
	code              uint16
	by                Closer
}

// newest is the absence that is on, or was last.
func (a *StormClient) newest() *absence {
	if a.spans[1].lost != 0 {
		return &a.spans[1]
	}
	return &a.spans[0]
}
