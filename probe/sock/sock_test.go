//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for the kernel; a test that runs into it has failed.
const patience = 10 * time.Second

// pair is a TCP connection over loopback: our end of it and the peer's.
func pair(t testing.TB) (us, peer *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

// control runs f with the descriptor of c, as the tap does.
func control(t testing.TB, c *net.TCPConn, f func(fd uintptr)) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(f); err != nil {
		t.Fatal(err)
	}
}

// eventually waits until ok holds, which depends on the kernel and does not take long.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func mustUnread(t testing.TB, c *net.TCPConn) (n int) {
	t.Helper()
	control(t, c, func(fd uintptr) {
		var ok bool
		if n, ok = Unread(fd); !ok {
			t.Error("Unread is not answered")
		}
	})
	return n
}

func mustTryWrite(t testing.TB, c *net.TCPConn, b []byte) (n int) {
	t.Helper()
	control(t, c, func(fd uintptr) {
		var err error
		if n, err = TryWrite(fd, b); err != nil {
			t.Errorf("TryWrite: %v", err)
		}
	})
	return n
}

// fill writes until the socket takes nothing more for 50 ms, within which the peer's kernel may still
// make room, and returns what it took.
func fill(t testing.TB, c *net.TCPConn) (taken []byte) {
	t.Helper()
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	last := time.Now()
	for time.Since(last) < 50*time.Millisecond {
		n := mustTryWrite(t, c, chunk)
		if n == 0 {
			time.Sleep(time.Millisecond)
			continue
		}
		taken = append(taken, chunk[:n]...)
		last = time.Now()
	}
	return taken
}

func TestUnread(t *testing.T) {
	us, peer := pair(t)
	if n := mustUnread(t, us); n != 0 {
		t.Errorf("new connection: %d bytes unread, want 0", n)
	}
	for _, part := range []string{"hello", ", world"} {
		if _, err := peer.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "12 bytes unread", func() bool { return mustUnread(t, us) == 12 })

	if _, err := io.ReadFull(us, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if n := mustUnread(t, us); n != 7 {
		t.Errorf("after reading 5: %d bytes unread, want 7", n)
	}
	peer.Close()
	if n := mustUnread(t, us); n != 7 {
		t.Errorf("after the peer's close: %d bytes unread, want 7: the end of the stream does not count", n)
	}
}

func TestTryWrite(t *testing.T) {
	us, peer := pair(t)
	if n := mustTryWrite(t, us, nil); n != 0 {
		t.Errorf("nothing: %d bytes taken", n)
	}
	if n := mustTryWrite(t, us, []byte("ping")); n != 4 {
		t.Errorf("4 bytes: %d taken", n)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(peer, got); err != nil || string(got) != "ping" {
		t.Errorf("peer read %q, %v", got, err)
	}
}

// TryWrite answers without a valid descriptor whether the platform has such a write.
func TestTryWriteSupported(t *testing.T) {
	if _, err := TryWrite(^uintptr(0), nil); err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("no descriptor: error %v, want another than that it is unsupported", err)
	}
}

// An application's write deadline that has passed stops its own Write, but not our ping.
func TestTryWriteAfterDeadline(t *testing.T) {
	us, _ := pair(t)
	us.SetWriteDeadline(time.Unix(1, 0))
	if n := mustTryWrite(t, us, []byte("ping")); n != 4 {
		t.Errorf("4 bytes: %d taken", n)
	}
}

func TestTryWriteFull(t *testing.T) {
	us, peer := pair(t)
	sent := fill(t, us)
	if len(sent) == 0 {
		t.Fatal("an empty socket takes nothing")
	}
	if n := mustTryWrite(t, us, []byte("ping")); n != 0 {
		t.Errorf("a full socket took %d bytes", n)
	}

	received := make([]byte, len(sent))
	peer.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(peer, received); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(received, sent) {
		t.Error("the peer received other bytes than were taken")
	}
	eventually(t, "room again", func() bool { return mustTryWrite(t, us, []byte("ping")) == 4 })
}

func TestTryWriteClosed(t *testing.T) {
	us, peer := pair(t)
	peer.SetLinger(0) // a close is a reset
	peer.Close()
	var err error
	eventually(t, "an error", func() bool {
		control(t, us, func(fd uintptr) { _, err = TryWrite(fd, []byte("ping")) })
		return err != nil
	})
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v, want EPIPE or ECONNRESET", err)
	}
	control(t, us, func(fd uintptr) { _, err = TryWrite(fd, []byte("ping")) })
	if !errors.Is(err, syscall.EPIPE) {
		t.Errorf("second error %v, want EPIPE", err)
	}
}

func BenchmarkUnread(b *testing.B) {
	us, _ := pair(b)
	control(b, us, func(fd uintptr) {
		b.ReportAllocs()
		for b.Loop() {
			Unread(fd)
		}
	})
}
