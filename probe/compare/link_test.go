package compare

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. It is no measure of speed.
const patience = 10 * time.Second

// connect is a link over a path, and its two ends.
func connect(t *testing.T, p path) (l *link, client, server *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l, client, err = newLink(t.Context(), listener.Addr().String(), p, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server = c.(*net.TCPConn)
	t.Cleanup(func() { client.Close(); server.Close(); l.close() })
	for _, c := range []net.Conn{client, server} {
		c.SetDeadline(time.Now().Add(patience))
	}
	return l, client, server
}

func TestLinkKeepsTheOrderOfLatePackets(t *testing.T) {
	_, client, server := connect(t, path{most: 20 * time.Millisecond, held: 0.3, hold: [2]time.Duration{0, 50 * time.Millisecond}})
	const want = "abcdefghijklmnopqrst"
	for i := range want {
		if _, err := client.Write([]byte{want[i]}); err != nil {
			t.Fatal(err)
		}
	}
	client.CloseWrite()
	got, err := io.ReadAll(server)
	if err != nil || string(got) != want {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestWhatVanishesNeverComes(t *testing.T) {
	l, client, server := connect(t, path{})
	l.vanish()
	if _, err := client.Write([]byte("gone")); err != nil {
		t.Fatal(err)
	}
	client.Close()
	for deadline := time.Now().Add(patience); l.bytes.Load() < 4; { // until the link has it
		if time.Now().After(deadline) {
			t.Fatal("the link took nothing")
		}
		time.Sleep(time.Millisecond)
	}
	isSilent(t, server)
}

func TestResetReachesBothEnds(t *testing.T) {
	l, client, server := connect(t, path{})
	l.reset()
	for _, c := range []net.Conn{client, server} {
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v", err)
		}
	}
}

func TestTrips(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	const packets = 100_000
	held, stalls := 0, map[time.Duration]int{}
	for range packets {
		trip := wavering.trip(random)
		if trip < wavering.least || trip > wavering.most+wavering.hold[1] {
			t.Fatalf("a late packet takes %v", trip)
		}
		if trip > wavering.most {
			held++
		}
		stalls[lossy.trip(random)]++
	}
	if held < packets*18/1000 || held > packets*22/1000 {
		t.Errorf("%d of %d packets were held", held, packets)
	}
	once, twice := stalls[275*time.Millisecond], stalls[775*time.Millisecond]
	if once < packets*8/1000 || once > packets*12/1000 || twice == 0 || twice > packets/1000 {
		t.Errorf("stalls of %v", stalls)
	}
}

// An end that is struck alone sends nothing, and still gets what the other sends.
func TestFrozenEndIsSilent(t *testing.T) {
	l, client, server := connect(t, path{})
	frozen := trial{link: l, server: new(end), client: new(end), turn: 1}
	frozen.freeze()
	if _, err := server.Write([]byte("are you there")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, len("are you there"))); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("no")); err != nil {
		t.Fatal(err)
	}
	client.Close()
	isSilent(t, server)
}

// isSilent fails the test if anything comes from a connection, even its end.
func isSilent(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes, %v", n, err)
	}
}
