package sock

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestDecode(t *testing.T) {
	sent := unix.TCPConnectionInfo{State: 4, Rto: 230, Srtt: 12, Rttvar: 3, Maxseg: 1000, Snd_wnd: 65_000, Snd_sbbytes: 1500, Txbytes: 9000, Txretransmitbytes: 1000, Txretransmitpackets: 1, Flags: lossRecovery}
	i := decode(&sent)
	if i.Unacked != 2 || i.NotSent != 0 || i.RTO != 230*time.Millisecond || i.BytesAcked != 8000 || i.Retransmits != 1 || i.HasTimes {
		t.Errorf("on its way: %+v", i)
	}
	shut := unix.TCPConnectionInfo{State: 5, Snd_sbbytes: 1500}
	if i := decode(&shut); i.Unacked != 0 || i.NotSent != 1500 || i.SndWnd != 0 || !i.HasSndWnd || !i.PeerClosed {
		t.Errorf("behind a shut window: %+v", i)
	}
}

func TestStatTells(t *testing.T) {
	us, peer := pair(t)
	control(t, us, func(fd uintptr) {
		if i, ok := Stat(fd); !ok || i.Closed || i.PeerClosed || i.SndWnd == 0 {
			t.Errorf("%+v, %t", i, ok)
		}
	})
	peer.Close()
	eventually(t, "the end", func() (closed bool) {
		control(t, us, func(fd uintptr) {
			i, _ := Stat(fd)
			closed = i.PeerClosed
		})
		return closed
	})
}
