package sock

import (
	"errors"
	"net"
	"syscall"
)

// A connection that wraps another, such as a *tls.Conn, has a method that returns it.
type wrapper interface{ NetConn() net.Conn }

// As returns the first connection that is a T, from c down through what it wraps: [errors.As] for connections.
func As[T any](c net.Conn) (t T, ok bool) {
	for {
		if t, ok = c.(T); ok {
			return t, true
		}
		w, wraps := c.(wrapper)
		if !wraps {
			return t, false
		}
		c = w.NetConn()
	}
}

// Bottom returns the connection below all wrappers: c itself if it wraps none.
func Bottom(c net.Conn) net.Conn {
	for {
		w, wraps := c.(wrapper)
		if !wraps {
			return c
		}
		c = w.NetConn()
	}
}

// Control calls f with the descriptor of the socket at or below c, which stays open meanwhile. The error is
// [errors.ErrUnsupported] if there is none below c, and otherwise that of [syscall.RawConn.Control].
func Control(c net.Conn, f func(fd uintptr)) error {
	s, ok := As[syscall.Conn](c)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}

// Close closes the connection below all wrappers of c: with a TCP reset if reset is set and the connection can
// do that. Unlike a close of c itself it never waits: TLS would say goodbye, and wait up to five seconds for
// room.
func Close(c net.Conn, reset bool) error {
	if reset {
		if s, ok := As[interface{ SetLinger(int) error }](c); ok {
			s.SetLinger(0)
		}
	}
	return Bottom(c).Close()
}
