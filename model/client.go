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

// Attempt is one try of a client to come back.
type Attempt struct {
	Delay time.Duration // since the connection ended, or since the attempt before was refused
	Asked time.Duration // how long that refusal asked to wait
	// Number counts the attempts since the connection ended, from 1. It is 0 where the client may count
	// otherwise: the connection had not lasted long enough for all clients to start over.
	Number  uint8
	Refused bool
	// Free is false where the delay tells nothing of the client's policy: its connection ended in a way
	// that it may not have noticed, or wanted, or by a close code that asks for patience.
	Free bool
}

// MaxReconnects bounds how many reconnect delays, and how many attempts, a client remembers.
const MaxReconnects = 16
