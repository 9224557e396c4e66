package model

import "time"

// EventType says which of an Event's fields are set.
type EventType string

const (
	ConnectionOpened  EventType = "connection.opened"  // Connection
	ConnectionClosed  EventType = "connection.closed"  // Connection with its Close
	StateChanged      EventType = "state.changed"      // Connection, From, To
	ConnectionRefused EventType = "connection.refused" // Refusal
	HostSampled       EventType = "host.sampled"       // Host
	StormStarted      EventType = "storm.started"      // Storm
	StormEnded        EventType = "storm.ended"        // Storm
	FaultSet          EventType = "fault.set"          // Connection with its Faults, nil when they ended
	Dropped           EventType = "dropped"            // Count
)

// Event is something that happened. Seq counts up by one for each event published; a subscriber that
// could not keep up sees a Dropped event with the number it lost in place of those.
type Event struct {
	Seq  uint64
	Time time.Time
	Type EventType

	Connection *Connection // a copy made when it happened
	From, To   State
	Refusal    *Refusal
	Host       *Host
	Storm      *Storm // as it was then
	Count      uint64
}

// Refusal is an upgrade that was turned away before there was a connection.
type Refusal struct {
	Remote string
	Client string
	Status int // of the HTTP answer
	Reason string

	RetryAfter time.Duration // what the answer asks for, 0 if nothing
}
