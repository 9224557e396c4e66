package model

import "time"

// Client is a snapshot of one identity over all its connections.
type Client struct {
	ID         string
	Generation int       // connections so far
	Connection ID        // the newest open one, 0 while away
	State      State     // that of the newest open connection, Away without one
	Since      time.Time // in State
	FirstSeen  time.Time
	UserAgent  string
	Reconnects []time.Duration // delays between an end and the next connection, oldest first, at most MaxReconnects
	Attempts   []Attempt       // to come back, refused ones too, oldest first, at most MaxReconnects
}

// MaxReconnects bounds how many reconnect delays, and how many attempts, a client remembers.
const MaxReconnects = 16

// ClientState is the state of a client whose newest open connection is c, nil if it has none.
func ClientState(c *Connection) State {
	if c == nil || !c.Open() {
		return Away
	}
	return c.State
}
