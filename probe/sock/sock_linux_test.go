package sock

import (
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func mustStat(t testing.TB, c *net.TCPConn) (i Info) {
	t.Helper()
	control(t, c, func(fd uintptr) {
		var ok bool
		if i, ok = Stat(fd); !ok {
			t.Error("Stat is not answered")
		}
	})
	return i
}

func mustUnsent(t testing.TB, c *net.TCPConn) (n int) {
	t.Helper()
	control(t, c, func(fd uintptr) {
		var ok bool
		if n, ok = Unsent(fd); !ok {
			t.Error("Unsent is not answered")
		}
	})
	return n
}

// minRTO is the setting of this machine; kernels before 6.11 had 200 ms built in.
func minRTO(t testing.TB) time.Duration {
	text, err := os.ReadFile("/proc/sys/net/ipv4/tcp_rto_min_us")
	if err != nil {
		return 200 * time.Millisecond
	}
	us, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(us) * time.Microsecond
}

func TestStatNew(t *testing.T) {
	us, peer := pair(t)
	for end, c := range map[string]*net.TCPConn{"accepted": us, "dialed": peer} {
		i := mustStat(t, c)
		if i.RTT <= 0 || i.RTT > time.Second {
			t.Errorf("%s: RTT %v, want that of the handshake", end, i.RTT)
		}
		if i.RTO < minRTO(t) || i.RTO > 10*time.Second {
			t.Errorf("%s: RTO %v, want at least %v", end, i.RTO, minRTO(t))
		}
		if i.LastDataRecv > patience || i.LastAckRecv > patience {
			t.Errorf("%s: last data %v and ack %v ago, want since the handshake", end, i.LastDataRecv, i.LastAckRecv)
		}
		if i.Unacked+i.Retransmits+i.TotalRetrans+i.Backoff+i.Probes+i.NotSent != 0 {
			t.Errorf("%s: signs of trouble on a connection without any: %+v", end, i)
		}
	}
}

// The kernel of a peer whose process does not read acknowledges what we sent, so nothing is left here.
func TestStatPeerNotReading(t *testing.T) {
	us, peer := pair(t)
	before := mustStat(t, us)
	if n := mustTryWrite(t, us, make([]byte, 1000)); n != 1000 {
		t.Fatalf("%d bytes taken", n)
	}
	eventually(t, "all acknowledged", func() bool { return mustUnsent(t, us) == 0 })

	after := mustStat(t, us)
	if after.Unacked != 0 || after.NotSent != 0 {
		t.Errorf("acknowledged, yet unacked %d, not sent %d", after.Unacked, after.NotSent)
	}
	if got := after.BytesAcked - before.BytesAcked; after.HasBytes && got != 1000 {
		t.Errorf("%d more bytes acknowledged, want 1000", got)
	}
	if got := mustStat(t, peer).BytesReceived; after.HasBytes && got != 1000 {
		t.Errorf("peer received %d bytes, want 1000", got)
	}
	if n := mustUnread(t, peer); n != 1000 {
		t.Errorf("%d bytes unread at the peer, want 1000", n)
	}
}

// A peer that does not read shuts its window when enough has been sent.
func TestStatWindowShut(t *testing.T) {
	us, peer := pair(t)
	sent := len(fill(t, us))
	eventually(t, "a probe of the shut window", func() bool { return mustStat(t, us).Backoff > 0 })

	i := mustStat(t, us)
	if i.HasNotSent && i.NotSent == 0 {
		t.Error("nothing waits to be sent")
	}
	if i.HasSndWnd && i.SndWnd > i.NotSent {
		t.Errorf("window %d takes the %d bytes that wait", i.SndWnd, i.NotSent)
	}
	if i.HasLimits && i.RwndLimited == 0 {
		t.Error("no time spent waiting for the window")
	}
	if got, want := mustUnsent(t, us)+mustUnread(t, peer), sent; got != want {
		t.Errorf("%d bytes between here and the peer's process, want the %d that were sent", got, want)
	}

	go io.Copy(io.Discard, peer)
	eventually(t, "all acknowledged", func() bool { return mustUnsent(t, us) == 0 })
	if i := mustStat(t, us); i.HasSndWnd && i.SndWnd == 0 {
		t.Error("the window stays shut")
	}
}

func TestStatLastDataRecv(t *testing.T) {
	us, peer := pair(t)
	eventually(t, "50 ms without data", func() bool { return mustStat(t, us).LastDataRecv >= 50*time.Millisecond })
	eventually(t, "a newer sign of life, although it is not read", func() bool {
		if _, err := peer.Write([]byte("pong")); err != nil {
			t.Fatal(err)
		}
		return mustStat(t, us).LastDataRecv < 50*time.Millisecond
	})
}

func TestNoTCPSocket(t *testing.T) {
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fds := map[string]uintptr{"file": file.Fd(), "closed": ^uintptr(0)}
	for name, fd := range fds {
		if _, ok := Stat(fd); ok {
			t.Errorf("%s: Stat answers", name)
		}
		if _, ok := Unread(fd); ok {
			t.Errorf("%s: Unread answers", name)
		}
		if _, ok := Unsent(fd); ok {
			t.Errorf("%s: Unsent answers", name)
		}
		if _, err := TryWrite(fd, []byte("ping")); err == nil {
			t.Errorf("%s: TryWrite writes", name)
		}
	}
}

// An application that listens for SIGPIPE must not receive one because of us.
func TestTryWriteNoSignal(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGPIPE, syscall.SIGWINCH)
	defer signal.Stop(signals)

	us, _ := pair(t)
	us.CloseWrite()
	control(t, us, func(fd uintptr) {
		if _, err := TryWrite(fd, []byte("ping")); err == nil {
			t.Error("a write after the end of the stream")
		}
	})
	// Of two pending signals the lower number is delivered first, and the first one raised anyhow.
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	if got := <-signals; got != syscall.SIGWINCH {
		t.Errorf("signal %q", got)
	}
}

func TestDecodeLength(t *testing.T) {
	raw := unix.TCPInfo{Rtt: 1500, Rto: 204000, Min_rtt: 800, Notsent_bytes: 5, Bytes_acked: 6,
		Bytes_received: 7, Rwnd_limited: 8, Sndbuf_limited: 9, Snd_wnd: 10}
	// Lengths that kernels of these versions return.
	tests := []struct {
		kernel                               string
		size                                 uintptr
		hasBytes, notSent, limits, hasSndWnd bool
	}{
		{"2.6", 104, false, false, false, false},
		{"3.15", 120, false, false, false, false},
		{"4.1", 136, true, false, false, false},
		{"4.2", 144, true, false, false, false},
		{"4.6", 160, true, true, false, false},
		{"4.9", 168, true, true, false, false},
		{"4.10", 192, true, true, true, false},
		{"4.19", 224, true, true, true, false},
		{"5.4", 232, true, true, true, true},
		{"6.7", 248, true, true, true, true},
		{"this package's own", unsafe.Sizeof(raw), true, true, true, true},
	}
	for _, test := range tests {
		i := decode(&raw, test.size)
		if i.RTT != 1500*time.Microsecond || i.RTO != 204*time.Millisecond {
			t.Errorf("%s: RTT %v, RTO %v", test.kernel, i.RTT, i.RTO)
		}
		if i.HasBytes != test.hasBytes || i.HasNotSent != test.notSent || i.HasLimits != test.limits || i.HasSndWnd != test.hasSndWnd {
			t.Errorf("%s: %+v", test.kernel, i)
		}
		if (i.BytesAcked == 6) != test.hasBytes || (i.MinRTT == 800*time.Microsecond) != test.notSent ||
			(i.RwndLimited == 8*time.Microsecond) != test.limits || (i.SndWnd == 10) != test.hasSndWnd {
			t.Errorf("%s: a field is set without its Has, or Has without the field: %+v", test.kernel, i)
		}
	}
}

func TestDecodeNoSample(t *testing.T) {
	raw := unix.TCPInfo{Min_rtt: ^uint32(0)}
	if i := decode(&raw, unsafe.Sizeof(raw)); i.MinRTT != 0 {
		t.Errorf("MinRTT %v before the first sample, want 0", i.MinRTT)
	}
}

func TestNoAllocations(t *testing.T) {
	us, _ := pair(t)
	ping := []byte{0x89, 0}
	control(t, us, func(fd uintptr) {
		n := testing.AllocsPerRun(100, func() {
			Stat(fd)
			Unread(fd)
			Unsent(fd)
			TryWrite(fd, ping)
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func BenchmarkStat(b *testing.B) {
	us, _ := pair(b)
	control(b, us, func(fd uintptr) {
		b.ReportAllocs()
		for b.Loop() {
			Stat(fd)
		}
	})
}

// BenchmarkControl measures what the tap pays for a figure: the way to the descriptor, and the call.
func BenchmarkControl(b *testing.B) {
	us, _ := pair(b)
	raw, err := us.SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	stat := func(fd uintptr) { Stat(fd) }
	b.ReportAllocs()
	for b.Loop() {
		raw.Control(stat)
	}
}

func BenchmarkTryWrite(b *testing.B) {
	us, peer := pair(b)
	go io.Copy(io.Discard, peer)
	ping := []byte{0x89, 4, 'p', 'i', 'n', 'g'}
	control(b, us, func(fd uintptr) {
		b.ReportAllocs()
		for b.Loop() {
			TryWrite(fd, ping)
		}
	})
}
