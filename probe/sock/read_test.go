//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
)

func tryReadOnce(t testing.TB, c *net.TCPConn, b []byte) (n int, err error) {
	t.Helper()
	control(t, c, func(fd uintptr) { n, err = TryRead(fd, b) })
	return n, err
}

func TestTryRead(t *testing.T) {
	us, peer := pair(t)
	b := make([]byte, 3)
	if n, err := tryReadOnce(t, us, b); n != 0 || err != nil {
		t.Errorf("of an empty socket: %d, %v", n, err)
	}
	peer.Write([]byte("hello"))
	eventually(t, "five bytes", func() bool { return mustUnread(t, us) == 5 })
	for _, want := range []string{"hel", "lo", ""} {
		if n, err := tryReadOnce(t, us, b); string(b[:n]) != want || err != nil {
			t.Errorf("got %q, %v, want %q", b[:n], err, want)
		}
	}
	peer.CloseWrite()
	eventually(t, "the end", func() bool { _, err := tryReadOnce(t, us, b); return err == io.EOF })
}

func TestTryReadReset(t *testing.T) {
	us, peer := pair(t)
	peer.SetLinger(0)
	peer.Close()
	b := make([]byte, 1)
	var err error
	eventually(t, "the reset", func() bool { _, err = tryReadOnce(t, us, b); return err != nil })
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
}
