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

	Proxied bool          // the connection is one side of a proxy
	Side    Side          // that side
	Untaken time.Duration // the peer has taken nothing of what waits for it
	Beyond  time.Duration // of a proxy: the other side has taken nothing of what came from this peer

	PeerInterval time.Duration // mean time between the peer's own beats
	Unread       bool          // bytes wait unread in our own socket
	Kept         time.Duration // how long a ping has waited to be written
	Late         time.Duration // how late holter itself was
	LostIn       bool          // the tap no longer knows where frames begin in the peer's bytes
	Tunnel       bool          // the connection was never a WebSocket
	LostOut      bool          // the same for the bytes to the peer

	Kernel  Kernel
	Backlog Backlog
	Stream  Stream

	Killed time.Duration // time from the first ping to the end of a peer that the ping killed
	Spared bool          // holter sends no pings, because one killed a peer of this kind
	Unsure bool          // of both: something on the way may have forgotten the connection instead

	// Set when a connection has just recovered.
	Gap        time.Duration // a silence that led to suspicion
	LateAnswer time.Duration // a round trip beyond its timeout
	Skipped    int           // beats in a row that were never answered
}

// Backlog is what stands between a ping and its answer: a pong cannot come before what was sent ahead of the ping is
// through, nor in the middle of a message of the peer's own. The zero Backlog stands for nothing.
type Backlog struct {
	Incoming int  // bytes of the message that the peer is sending, if it is a large one
	Queued   int  // bytes in our socket, on their way to the peer
	Taking   bool // the peer has taken bytes since the look before
	Early    bool // there was no look before, so it is too early to say
	Passed   bool // the answer has come since

	Idle time.Duration // since a look found that the peer has taken bytes, 0 if none has
}

// Stream is how data flows over a connection that is well otherwise: against its own habit. The zero Stream flows as
// usual, or has no habit.
type Stream struct {
	Quiet   time.Duration // no data for so long, 0 if it flows
	Back    time.Duration // such a quiet has just ended by itself
	Minutes int           // messages in a row that came about a minute apart, as a browser lets a hidden page send them

	Usual   time.Duration // pause between messages
	Longest time.Duration // of these pauses
	Sent    bool          // the data is sent to the client; otherwise it comes from there
	Page    bool          // the client is a page in a browser
	Pong    time.Duration // the last round trip, 0 if there was none
	Others  int           // streams on the same path with a habit
	Flowing int           // of these: as usual
}
