package model

import (
	"fmt"
	"strconv"
	"time"
)

// Client is a snapshot of one client over all its connections.
type Client struct {
	ID         string
	Generation int       // connections so far
	Connection ID        // the newest open one, 0 while away
	State      State     // that of the newest open connection, Away without one, or Flapping
	Since      time.Time // in State
	FirstSeen  time.Time
	UserAgent  string
	Reconnects []time.Duration // delays between an end and the next connection, oldest first, at most MaxReconnects
	Attempts   []Attempt       // to come back, refused ones too, oldest first, at most MaxReconnects
	Outage     *Outage         // nil if nothing keeps the client out; what it points to is shared and never changes
	Shared     string          // the name that it shares with others, which it is told apart from by address and user agent; "" for none
	ByOrder    bool            // these are the same too, so that only the order of coming back tells it apart
}

// Stay is how long a connection must last so that its client is back. The end of an earlier one is a failed attempt.
const Stay = 5 * time.Second

// Outage is what has kept a client out since it last stayed, or since it came first.
type Outage struct {
	Flaps  int           // connections that were closed again within Stay
	Close  Close         // of the newest of these; without a time
	Lasted time.Duration // the newest of these
	Every  time.Duration // from one of these to the next, of late; 0 if there is only one

	Refusals int     // in a row, up to now
	Status   int     // of the newest refusal, 0 if there was none
	By       Refuser // of the newest refusal
	Reason   string  // of the newest refusal

	// GaveUp is whether the client has stopped trying: it has been silent for clearly longer than its own policy
	// allows. A client that closed its connection in order has left, and has not given up.
	GaveUp bool
}

// Cause says what keeps the client out and who does it, such as "4401 by app" or "401 by upstream": refusals if there are any
// by now, or else the ends of short connections. It is "" if nothing has been seen but silence.
func (o *Outage) Cause() string {
	switch {
	case o.Refusals > 0:
		return RefusedWith(o.Status, o.By)
	case o.Flaps > 0:
		return fmt.Sprintf("%d by %s", o.Close.Code, o.Close.By)
	}
	return ""
}

// RefusedWith is the status of a refusal, 0 for no answer, and who refused.
func RefusedWith(status int, by Refuser) string {
	text := "no answer"
	if status > 0 {
		text = strconv.Itoa(status)
	}
	if by != "" {
		text += " by " + string(by)
	}
	return text
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
