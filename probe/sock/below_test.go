package sock

import (
	"errors"
	"net"
	"testing"
)

// wrapped is a connection around another.
type wrapped struct {
	net.Conn
	name string
}

func (w *wrapped) NetConn() net.Conn { return w.Conn }

func TestTheWayDown(t *testing.T) {
	us, them := net.Pipe()
	defer them.Close()
	inner := &wrapped{us, "inner"}
	outer := &wrapped{inner, "outer"}
	if w, ok := As[*wrapped](outer); !ok || w != outer {
		t.Errorf("found %v, want the outer connection first", w)
	}
	if c := Bottom(outer); c != us {
		t.Errorf("at the bottom is a %T, want the pipe", c)
	}
	if c := Bottom(us); c != us {
		t.Errorf("below the pipe is a %T, want nothing", c)
	}
	if s, ok := As[*net.TCPConn](outer); ok {
		t.Errorf("found %v, want no TCP connection", s)
	}
	if err := Control(outer, func(uintptr) { t.Error("a pipe has a descriptor") }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Control: %v, want ErrUnsupported", err)
	}
	if err := Close(outer, true); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := them.Read(make([]byte, 1)); err == nil {
		t.Error("the pipe is still open")
	}
}
