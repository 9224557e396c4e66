package model

import "time"

// Client is a snapshot of one client over all its connections.
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

// Attempt is one attempt of a client to come back.
type Attempt struct {
	Delay time.Duration // since the connection ended, or since the attempt before was refused
	Asked time.Duration // how long that refusal asked to wait
	// Number counts the attempts since the connection ended, from 1. It is 0 if the client may count from an
	// earlier end: not all clients start over after a connection that lasted as briefly as this one.
	Number  uint8
	Refused bool
	// Free is false if the delay says nothing of the client's policy: its connection ended in a way that the
	// client may not have noticed, or may have wanted, or with a close code that asks it to wait.
	Free bool
}

// MaxReconnects bounds the reconnect delays, and the attempts, that are kept of a client.
const MaxReconnects = 16
