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

// EventTypes are those that are known here. A holter of another version may have more.
var EventTypes = [...]EventType{
	ConnectionOpened, ConnectionClosed, StateChanged, ConnectionRefused, HostSampled, StormStarted, StormEnded, FaultSet, Dropped,
}

// Event is something that happened. Seq numbers the events in the order of their publication. A reader that
// could not keep up receives a Dropped event, with their Count, in place of those that it missed.
type Event struct {
	Seq  uint64
	Time time.Time
	Type EventType

	Connection *Connection // a copy made when it happened
	From, To   State
	Refusal    *Refusal
	Host       *Host
	Storm      *Storm // a copy made when it happened
	Count      uint64
}

// Refusal is an upgrade that was refused before there was a connection.
type Refusal struct {
	Remote string
	Client string
	Status int // of the HTTP answer
	Reason string

	RetryAfter time.Duration // of the HTTP answer, 0 for none
}
