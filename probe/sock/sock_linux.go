package sock

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const tells = true

// stat does not use unix.GetsockoptTCPInfo, which allocates and does not return how much of the struct
// the running kernel filled in.
func stat(fd uintptr) (Info, bool) {
	var raw unix.TCPInfo
	size := uint32(unix.SizeofTCPInfo)
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return Info{}, false
	}
	return decode(&raw, uintptr(size)), true
}

// States of include/net/tcp_states.h.
const (
	tcpClose     = 7
	tcpCloseWait = 8
)

// decode reads the first size bytes of raw. A group of fields is there if size reaches the field that the
// next kernel version appended after it.
func decode(raw *unix.TCPInfo, size uintptr) Info {
	i := Info{
		RTT:          micros(raw.Rtt),
		RTTVar:       micros(raw.Rttvar),
		RTO:          micros(raw.Rto),
		HasTimes:     true,
		LastDataRecv: time.Duration(raw.Last_data_recv) * time.Millisecond,
		LastAckRecv:  time.Duration(raw.Last_ack_recv) * time.Millisecond,
		Unacked:      raw.Unacked,
		Lost:         raw.Lost,
		Retransmits:  uint32(raw.Retransmits),
		TotalRetrans: raw.Total_retrans,
		Backoff:      uint32(raw.Backoff),
		Probes:       uint32(raw.Probes),
		PeerClosed:   raw.State == tcpCloseWait,
		Closed:       raw.State == tcpClose,
	}
	if size >= unsafe.Offsetof(raw.Segs_out) {
		i.HasBytes, i.BytesAcked, i.BytesReceived = true, raw.Bytes_acked, raw.Bytes_received
	}
	if size >= unsafe.Offsetof(raw.Data_segs_in) {
		i.HasNotSent, i.NotSent, i.MinRTT = true, raw.Notsent_bytes, minRTT(raw.Min_rtt)
	}
	if size >= unsafe.Offsetof(raw.Delivered) {
		i.HasLimits, i.RwndLimited, i.SndbufLimited = true, micros(raw.Rwnd_limited), micros(raw.Sndbuf_limited)
	}
	if size >= unsafe.Offsetof(raw.Rcv_wnd) {
		i.HasSndWnd, i.SndWnd = true, raw.Snd_wnd
	}
	return i
}

// minRTT turns the kernel's sign for "no sample yet", all bits set, into 0.
func minRTT(us uint32) time.Duration {
	if us == ^uint32(0) {
		return 0
	}
	return micros(us)
}

func micros[T uint32 | uint64](us T) time.Duration { return time.Duration(us) * time.Microsecond }

func unread(fd uintptr) (int, bool) { return ioctl(fd, unix.SIOCINQ) }

func unsent(fd uintptr) (int, bool) { return ioctl(fd, unix.SIOCOUTQ) }

// ioctl asks for a C int. unix.IoctlGetInt passes a Go int, of which the kernel fills one half: the wrong
// one on a big-endian machine.
func ioctl(fd uintptr, request uint) (int, bool) {
	var n int32
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uintptr(request), uintptr(unsafe.Pointer(&n)))
	return int(n), errno == 0
}

// tryWrite is a raw send(2): neither unix.Write nor unix.Sendto has both flags and a count.
func tryWrite(fd uintptr, b []byte) (int, error) {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))),
			uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, os.NewSyscallError("sendto", errno)
		}
	}
}

// latePort sets IP_BIND_ADDRESS_NO_PORT, which IPv6 sockets take too. Kernels before 4.2 do not know it.
func latePort(fd uintptr) {
	unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}
