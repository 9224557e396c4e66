package model

import "time"

// Kernel is what the kernel of this machine knows of a connection, where it tells: Linux, in TCP_INFO
// and the queues of the socket. The zero Kernel knows nothing.
type Kernel struct {
	Known         bool
	Unacked       int           // segments sent that the peer's kernel has not acknowledged
	Retransmitted int           // segments sent again since the connection opened
	LastAck       time.Duration // since the peer's kernel acknowledged anything
	RTO           time.Duration // retransmission timeout, without what it has been doubled by since
	Unread        int           // bytes that wait in our socket for the application
	NotSent       int           // bytes that wait in our socket for room in the peer's
	WindowShut    bool          // the peer has no room
	Writing       bool          // the application waits in a write
}
