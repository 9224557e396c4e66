package model

import "time"

// Evidence is what is known about a connection's health at one moment. A zero field means that nothing is known.
type Evidence struct {
	State      State
	Silence    time.Duration // since the last byte from the peer
	PingAge    time.Duration // since the oldest unanswered ping was written
	Timeout    time.Duration // how long a beat, or the peer's silence, may last
	Unanswered int           // pings without a pong, probes included
	Probes     int           // probes since the suspicion
	Missed     int           // beats unanswered in a row
	Ponged     bool          // a pong has come at least once
	Mute       bool          // no pong has ever come, but the peer shows that it lives in other ways

	PeerInterval time.Duration // mean time between the peer's own beats
	Unread       bool          // bytes wait unread in our own socket
	Kept         time.Duration // how long a ping has waited to be written
	Late         time.Duration // how late holter itself was
	LostIn       bool          // the tap no longer knows where frames begin in the peer's bytes
	Tunnel       bool          // the connection was never a WebSocket
	LostOut      bool          // the same for the bytes to the peer

	Kernel Kernel

	Killed time.Duration // time from the first ping to the end of a peer that the ping killed
	Spared bool          // holter sends no pings, because one killed a peer of this kind

	// Set when a connection has just recovered.
	Gap        time.Duration // a silence that led to suspicion
	LateAnswer time.Duration // a round trip beyond its timeout
	Skipped    int           // beats in a row that were never answered
}
