// Package sock asks the kernel what it knows of a TCP socket, and writes to one without ever
// waiting for it.
//
// Its functions take a file descriptor and are meant to be called inside [syscall.RawConn.Control],
// which keeps the descriptor open meanwhile. They read or write nothing but the socket, allocate
// nothing and wait for nobody, so one goroutine can go through thousands of sockets a second. What a
// platform does not tell is answered with false.
package sock

import "time"

// Info is what Linux tells of a TCP connection in struct tcp_info (include/uapi/linux/tcp.h, filled
// in by tcp_get_info of net/ipv4/tcp.c). Kernels have appended to that struct over the years: the
// fields of one group below are all there or all absent, and each later group has a Has field that
// tells which. Of a Multipath TCP connection the kernel describes the first subflow.
type Info struct {
	RTT    time.Duration // smoothed round trip, the peer's delayed acknowledgements included; 0 before the first sample
	RTTVar time.Duration // mean deviation of the round trips: not RFC 6298's RTTVAR, which is a maximum of it
	RTO    time.Duration // retransmission timeout in force, doubled by Backoff; never 0 on an open connection

	// Both are in whole milliseconds and count from the handshake while there was none since (before
	// Linux 4.11 LastDataRecv is meaningless until the first data).
	LastDataRecv time.Duration // since the last segment with data came in, read by us or not: the age of the process's last sign
	LastAckRecv  time.Duration // since the last acknowledgement: the age of the peer's kernel's last sign

	Unacked      uint32 // segments sent and not acknowledged; 0 means that the peer's kernel has all that was sent
	Lost         uint32 // segments of those that are taken for lost
	Retransmits  uint32 // timeouts in a row without an acknowledgement; 0 while only a tail-loss probe went out
	TotalRetrans uint32 // segments sent again since the connection opened, tail-loss probes included
	Backoff      uint32 // doublings of RTO, and also of the pause between probes of a shut window: no evidence of loss by itself
	Probes       uint32 // unanswered keep-alive or zero-window probes

	HasBytes      bool   // Linux 4.1
	BytesAcked    uint64 // acknowledged by the peer since the connection opened
	BytesReceived uint64 // received since the connection opened, read by us or not

	HasNotSent bool          // Linux 4.6
	NotSent    uint32        // bytes written and not sent yet; grows with a shut window, and on a dead path too
	MinRTT     time.Duration // shortest recent round trip; 0 before the first sample

	HasLimits     bool          // Linux 4.10
	RwndLimited   time.Duration // time spent waiting for the peer's receive window since the connection opened
	SndbufLimited time.Duration // time spent waiting for room in our send buffer since the connection opened

	HasSndWnd bool   // Linux 5.4
	SndWnd    uint32 // bytes that the peer's window takes beyond what it has acknowledged; 0 is shut
}

// Stat tells what the kernel knows of the TCP socket fd, in one system call. It is false for anything
// that is no TCP socket, and everywhere but on Linux.
func Stat(fd uintptr) (Info, bool) { return stat(fd) }

// Unread tells how many bytes have come in and wait in the socket to be read (SIOCINQ). It is false
// on Windows.
func Unread(fd uintptr) (int, bool) { return unread(fd) }

// Unsent tells how many bytes were written and are not acknowledged by the peer's kernel, whether
// they are on their way or still wait to be sent (SIOCOUTQ). It is false everywhere but on Linux.
func Unsent(fd uintptr) (int, bool) { return unsent(fd) }

// TryWrite writes as much of b as the socket takes at once and returns how much that was: 0 without
// an error if it is full. The descriptor has to be in non-blocking mode, as those of package net are.
// A peer that is gone is an error like EPIPE or ECONNRESET, never a signal that ends the program.
//
// It heeds neither the connection's write deadline nor the lock that orders its writers: the caller
// makes sure that nobody is within a Write, and that nobody begins one before a frame that was taken
// in part is finished. Where no write is sure not to wait (Windows), nothing is written and the error
// is [errors.ErrUnsupported], whatever fd and b are.
func TryWrite(fd uintptr, b []byte) (int, error) { return tryWrite(fd, b) }
