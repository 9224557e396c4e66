package past

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The lines are of a little-endian machine.
const table4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1B9E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1681 1 000000004e4c5cc3 100 0 0 10 0
   1: 0100007F:1B9E 0200007F:9C40 06 00000000:00000000 03:0000170C 00000000     0        0 0 3 0000000000000000
   2: 0100007F:1B9E 0300007F:9C41 05 00000000:00000000 03:0000170C 00000000     0        0 0 3 0000000000000000
   3: 0100007F:1B9E 0300007F:9C42 01 00000000:00000000 00:00000000 00000000     0        0 1700 1 0000000000000000
   4: 0200000A:1B9E 0300007F:9C43 06 00000000:00000000 03:0000170C 00000000     0        0 0 3 0000000000000000
   5: 0100007F:9C40 0100007F:1B9E 06 00000000:00000000 03:0000170C 00000000     0        0 0 3 0000000000000000
   6: 0100007F:1B9E nonsense 06
   6: 0100007F:1B9E 0200007F:9C40 06 00000000:00000000 03:0000170B 00000000     0        0 0 3 0000000000000000
   7: 0100007F:1B9E 0300007F:9C44 06 00000000:00000000 03:zz 00000000     0        0 0 3 0000000000000000
`

const table6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0000000000000000FFFF00000100007F:1B9E 0000000000000000FFFF00000500007F:9C45 06 00000000:00000000 03:00000001 00000000     0        0 0 3 0000000000000000
   1: 00000000000000000000000001000000:1B9E 00000000000000000000000001000000:9C46 04 00000000:00000000 01:00000001 00000000     0        0 0 3 0000000000000000
`

func TestRead(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the tables are of a little-endian machine")
	}
	for local, want := range map[string][]Connection{
		"127.0.0.1:7070": {{netip.MustParseAddr("127.0.0.2"), time.Second}, {netip.MustParseAddr("127.0.0.3"), -1}, {netip.MustParseAddr("127.0.0.5"), 60*time.Second - tick}},
		"10.0.0.2:7070":  {{netip.MustParseAddr("127.0.0.3"), time.Second}},
		"[::1]:7070":     {{netip.MustParseAddr("::1"), -1}},
		"127.0.0.1:7071": nil,
	} {
		at := netip.MustParseAddrPort(local)
		got := read(strings.NewReader(table6), at, read(strings.NewReader(table4), at, nil))
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", local, got, want)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", local, got, want)
			}
		}
	}
	everywhere := netip.MustParseAddrPort("[::]:7070")
	if got := read(strings.NewReader(table6), everywhere, read(strings.NewReader(table4), everywhere, nil)); len(got) != 5 {
		t.Errorf("on all addresses: %v", got)
	}
}

// The kernel of this machine remembers what a server has closed.
func TestOf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	local := l.Addr().(*net.TCPAddr).AddrPort()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got := Of(local); len(got) != 0 {
		t.Errorf("of a connection that is open: %v", got)
	}
	served.Close()
	if got := Of(local); len(got) != 1 || got[0].Ago != -1 {
		t.Errorf("after the close of the server: %v", got)
	}
	client.Close()
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := Of(local)
		if len(got) == 1 && got[0].Ago >= 0 && got[0].Ago < 10*time.Second && got[0].Remote == netip.MustParseAddr("127.0.0.1") {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("after both closes: %v", got)
		}
	}
}
