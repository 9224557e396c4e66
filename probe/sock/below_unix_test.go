//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
)

func TestControlBelowAWrapper(t *testing.T) {
	us, peer := pair(t)
	peer.Write([]byte("hello"))
	eventually(t, "the bytes are there", func() (ok bool) {
		err := Control(&wrapped{us, "outer"}, func(fd uintptr) {
			n, known := Unread(fd)
			ok = known && n == 5
		})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	})
}

func TestClose(t *testing.T) {
	plain := func(c net.Conn) net.Conn { return c }
	encrypted := func(c net.Conn) net.Conn { return tls.Client(c, &tls.Config{}) }
	for name, test := range map[string]struct {
		wrap  func(net.Conn) net.Conn
		reset bool
		want  error
	}{
		"plain":          {plain, false, io.EOF},
		"TLS":            {encrypted, false, io.EOF},
		"plain, a reset": {plain, true, syscall.ECONNRESET},
		"TLS, a reset":   {encrypted, true, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			us, peer := pair(t)
			if err := Close(test.wrap(us), test.reset); err != nil {
				t.Fatal(err)
			}
			if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, test.want) {
				t.Errorf("the peer reads %v, want %v", err, test.want)
			}
		})
	}
}
