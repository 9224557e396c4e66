package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

const tells = true

// stat fills in what tcp_connection_fill_info of xnu's bsd/netinet/tcp_usrreq.c tells. Times are in milliseconds.
func stat(fd uintptr) (Info, bool) {
	raw, err := unix.GetsockoptTCPConnectionInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO)
	if err != nil {
		return Info{}, false
	}
	return decode(raw), true
}

// States of bsd/netinet/tcp_fsm.h, and a flag of bsd/netinet/tcp.h.
const (
	tcpsClosed    = 0
	tcpsCloseWait = 5

	lossRecovery = 1 // after a timeout too
)

// decode reads raw. The kernel does not tell which bytes in the send buffer are on their way. But the retransmission timeout is
// there only while its timer runs, so while anything is: without it all that waits is unsent.
func decode(raw *unix.TCPConnectionInfo) Info {
	i := Info{
		RTT:          millis(raw.Srtt),
		RTTVar:       millis(raw.Rttvar),
		RTO:          millis(raw.Rto),
		TotalRetrans: uint32(raw.Txretransmitpackets),
		PeerClosed:   raw.State == tcpsCloseWait,
		Closed:       raw.State == tcpsClosed,

		HasBytes:      true,
		BytesAcked:    raw.Txbytes - min(raw.Txretransmitbytes, raw.Txbytes),
		BytesReceived: raw.Rxbytes,
		HasNotSent:    true,
		HasSndWnd:     true,
		SndWnd:        raw.Snd_wnd,
	}
	if raw.Flags&lossRecovery != 0 {
		i.Retransmits = 1
	}
	if raw.Rto > 0 {
		i.Unacked = 1 + raw.Snd_sbbytes/max(raw.Maxseg, 1)
	} else {
		i.NotSent = raw.Snd_sbbytes
	}
	return i
}

func millis(ms uint32) time.Duration { return time.Duration(ms) * time.Millisecond }

func unsent(fd uintptr) (int, bool) {
	n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NWRITE)
	return n, err == nil
}
