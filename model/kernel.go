package model

import "time"

// Kernel is what the kernel of this machine knows of a connection: on Linux, from TCP_INFO and the queues of the
// socket. The zero Kernel stands for a platform that does not tell.
type Kernel struct {
	Known         bool
	Unacked       int           // segments sent that the peer's kernel has not acknowledged
	Retransmitted int           // segments sent again since the connection opened
	LastAck       time.Duration // since the last acknowledgement of the peer's kernel
	RTO           time.Duration // retransmission timeout, without the doublings since the last acknowledgement
	Unread        int           // bytes that wait in our socket for the application
	NotSent       int           // bytes that wait in our socket for room in the peer's
	WindowShut    bool          // the peer's kernel has no room
	WindowProbes  int           // probes of a shut window, or of a silent peer, without an answer
	Writing       bool          // the application waits in a write
}
