package swarm

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"holter/model"
)

func TestResetIsSeenAsSuch(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"tcp": func(c net.Conn) net.Conn { return c },
		"tls": func(c net.Conn) net.Conn { return tls.Client(c, &tls.Config{}) },
	} {
		t.Run(name, func(t *testing.T) {
			near, far := pair(t)
			reset(wrap(near))
			far.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := far.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the peer reads %v, want a reset", err)
			}
		})
	}
}

// pair is the two ends of a loopback connection.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if near, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// Answers that are held back keep their order, and of too many the oldest are forgotten.
func TestHeldAnswers(t *testing.T) {
	now := model.Instant(time.Hour)
	s := &session{client: &Client{random: dice(1), role: &Role{Behaviour: Behaviour{Wobble: Span{0, time.Second}}}}}
	for i := range 2 * maxHeldPongs {
		s.hold(string(rune('a'+i)), now)
	}
	if len(s.held) != maxHeldPongs || s.held[maxHeldPongs-1].payload != string(rune('a'+2*maxHeldPongs-1)) {
		t.Errorf("held are %d: %v", len(s.held), s.held)
	}
	for i, p := range s.held[1:] {
		if p.due < s.held[i].due {
			t.Errorf("answer %d is due before the one before it", i+1)
		}
	}
	if s.due[releases] != s.held[0].due {
		t.Error("the first answer is not the one that is due")
	}
}
