// Package sock reaches the TCP socket below a net.Conn, asks the kernel what it knows of it, and reads
// and writes it without waiting.
//
// [As], [Bottom], [Control] and [Close] find the way down from a connection that wraps others, such as one
// under TLS. All other functions take a file descriptor and are meant to be called inside [Control] or a
// method of [syscall.RawConn], which keep the descriptor open meanwhile. They touch nothing but the
// socket, allocate nothing and never wait, so one goroutine can go through thousands of sockets a second. A
// second result of false says that the platform does not tell.
//
// The package has no state. Any goroutine may call it; only [TryWrite] asks for more.
package sock

import "time"

// Info is what Linux tells of a TCP connection in struct tcp_info (include/uapi/linux/tcp.h, filled
// in by tcp_get_info of net/ipv4/tcp.c), and macOS in struct tcp_connection_info (bsd/netinet/tcp.h), which has less: what
// differs there is said at the fields. Kernels have appended to that struct over the years: the
// fields of one group below are all there or all absent, and each later group has a Has field that
// tells which. Of a Multipath TCP connection the kernel describes the first subflow.
type Info struct {
	RTT    time.Duration // smoothed round trip, the peer's delayed acknowledgements included; 0 before the first sample
	RTTVar time.Duration // mean deviation of the round trips: not RFC 6298's RTTVAR, which is a maximum of it
	RTO    time.Duration // retransmission timeout in force, doubled by Backoff; never 0 on an open connection. On macOS 0 while nothing is on its way

	HasTimes bool // Linux
	// Both are in whole milliseconds. Before the first such segment they count from the handshake (before
	// Linux 4.11 LastDataRecv is meaningless until the first data).
	LastDataRecv time.Duration // since the last segment with data came in, read by us or not: the last sign of the peer's process
	LastAckRecv  time.Duration // since the last acknowledgement: the last sign of the peer's kernel

	Unacked      uint32 // segments sent and not acknowledged; 0 means that the peer's kernel has everything we sent. On macOS at least 1, and bytes that wait to be sent count as well
	Lost         uint32 // the part of Unacked that the kernel takes for lost
	Retransmits  uint32 // timeouts in a row without an acknowledgement; stays 0 while only a tail-loss probe went out
	TotalRetrans uint32 // segments sent again since the connection opened, tail-loss probes included
	Backoff      uint32 // doublings of RTO; a shut window doubles the pause between its probes too, so this alone is no evidence of loss
	Probes       uint32 // unanswered keep-alive or zero-window probes
	PeerClosed   bool   // the peer has sent its FIN, and we have not
	Closed       bool   // the connection is gone, by a reset or a timeout: reads return what is left, and then an error

	HasBytes      bool   // Linux 4.1, macOS
	BytesAcked    uint64 // acknowledged by the peer since the connection opened; on macOS those on their way too
	BytesReceived uint64 // received since the connection opened, read by us or not

	HasNotSent bool          // Linux 4.6, macOS
	NotSent    uint32        // bytes written and not sent yet; grows with a shut window, and on a dead path too. On macOS only while nothing is on its way
	MinRTT     time.Duration // shortest recent round trip; 0 before the first sample

	HasLimits     bool          // Linux 4.10
	RwndLimited   time.Duration // time spent waiting for the peer's receive window since the connection opened
	SndbufLimited time.Duration // time spent waiting for room in our send buffer since the connection opened

	HasSndWnd bool   // Linux 5.4, macOS
	SndWnd    uint32 // bytes that the peer's window has room for beyond the acknowledged ones; 0 means shut
}

// Tells is whether this platform tells anything in Stat.
const Tells = tells

// Stat returns what the kernel knows of the TCP socket fd, in one system call. It reports false if fd is
// not a TCP socket, and always on other platforms than Linux and macOS.
func Stat(fd uintptr) (Info, bool) { return stat(fd) }

// Unread returns the number of bytes that have come in and wait in the socket to be read (SIOCINQ). It
// reports false on Windows.
func Unread(fd uintptr) (int, bool) { return unread(fd) }

// Error takes the error of a connection that is broken from the socket, as the next read or write would. It is nil if there
// is none, and always on Windows.
func Error(fd uintptr) error { return socketError(fd) }

// Peek copies unread bytes into b without taking them, and returns their number. The error is [errors.ErrUnsupported] on
// Windows.
func Peek(fd uintptr, b []byte) (int, error) { return peek(fd, b) }

// Unsent returns the number of bytes that were written and that the peer's kernel has not acknowledged,
// on their way or still waiting to be sent (SIOCOUTQ, SO_NWRITE). It reports false elsewhere than on Linux and macOS.
func Unsent(fd uintptr) (int, bool) { return unsent(fd) }

// LatePort has the kernel choose the port of a socket that is bound to an address only when it connects. Then a port is
// taken for one peer, and not for all. It has no effect off Linux. It is for the control function of a [net.Dialer].
func LatePort(fd uintptr) { latePort(fd) }

// TryWrite writes as much of b as the socket takes at once and returns that number of bytes: 0 without an
// error if the socket is full. The descriptor must be in non-blocking mode, as those of package net are.
// A peer that is gone gives an error like EPIPE or ECONNRESET, never a signal that ends the program.
//
// It respects neither the connection's write deadline nor the lock that orders its writers. The caller
// makes sure that no Write is under way, and that none begins before the rest of b is out. On a platform
// without a write that is sure not to wait (Windows) it writes nothing, and the error is
// [errors.ErrUnsupported] for any fd and b.
func TryWrite(fd uintptr, b []byte) (int, error) { return tryWrite(fd, b) }
