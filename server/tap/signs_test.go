package tap

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/probe/sock"
)

// part is one end of a connection to be closed, and what passes on it.
type part struct {
	t    *testing.T
	tap  *Conn
	peer net.Conn
	raw  *net.TCPConn // below peer
}

func (p *part) read() { io.Copy(io.Discard, p.tap) }

// reads reads until the tap has seen something.
func (p *part) reads(s sign) {
	p.t.Helper()
	p.tap.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 512)
	for !p.tap.signs.has(s) {
		if _, err := p.tap.Read(b); err != nil && !p.tap.signs.has(s) {
			p.t.Fatal(err)
		}
	}
}

// arrives waits until the kernel has what the peer sent, and nobody reads it.
func (p *part) arrives(what string, ok func(i sock.Info, unread int) bool) {
	p.t.Helper()
	for limit := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		there := false
		p.tap.control(func(fd uintptr) {
			i, known := sock.Stat(fd)
			unread, _ := sock.Unread(fd)
			there = known && ok(i, unread)
		})
		if there {
			return
		}
		if time.Now().After(limit) {
			p.t.Skipf("the kernel does not tell of %s", what)
		}
	}
}

func (p *part) peerFrame() {
	p.peer.Write(masked(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))))
}

func (p *part) ownFrame() {
	p.tap.Write(ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))))
}

func (p *part) peerReset() {
	p.raw.SetLinger(0)
	p.raw.Close()
}

// What the two ends send to close, in which order, and whether anybody reads it: the one that was first is found, and so is
// the answer of the other.
func TestParting(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(p *part)
		want  model.Parting
		by    model.Closer
		plain bool // TLS hides it
	}{
		"the peer's frame, answered": {func(p *part) {
			p.peerFrame()
			p.reads(peerFrame)
			p.ownFrame()
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignFrame}, model.ByPeer, false},
		"the peer's frame, and no answer but the end": {func(p *part) {
			p.peerFrame()
			p.reads(peerFrame)
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignFIN}, model.ByPeer, false},
		"the application's frame, answered": {func(p *part) {
			p.ownFrame()
			p.peerFrame()
			p.reads(peerFrame)
			p.tap.Close()
		}, model.Parting{First: model.ByApp, How: model.SignFrame, Answer: model.SignFrame}, model.ByApp, false},
		"holter's frame, answered with a FIN": {func(p *part) {
			p.tap.Shut(4000, "kick")
			readFrame(p.peer)
			p.peer.Close()
			p.read()
			p.tap.Close()
		}, model.Parting{First: model.ByHolter, How: model.SignFrame, Answer: model.SignFIN}, model.ByHolter, false},
		"the peer's FIN": {func(p *part) {
			p.peer.Close()
			p.read()
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFIN, Answer: model.SignFIN}, model.ByNetwork, false},
		"the peer's bare FIN": {func(p *part) {
			p.raw.CloseWrite()
			p.read()
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFIN, Answer: model.SignFIN}, model.ByNetwork, false},
		"the peer's FIN, which nobody has read": {func(p *part) {
			p.raw.CloseWrite()
			p.arrives("the FIN", func(i sock.Info, _ int) bool { return i.PeerClosed })
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFIN, Answer: model.SignFIN}, model.ByNetwork, false},
		"the peer's reset": {func(p *part) {
			p.peerReset()
			p.read()
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignReset}, model.ByNetwork, false},
		"the peer's reset, which nobody has read": {func(p *part) {
			p.peerReset()
			p.arrives("the reset", func(i sock.Info, _ int) bool { return i.Closed })
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignReset}, model.ByNetwork, false},
		"the peer's frame, which nobody has read": {func(p *part) {
			p.peer.Write(masked(ws.NewTextFrame([]byte("a last word"))))
			p.peerFrame()
			p.arrives("the frame", func(_ sock.Info, unread int) bool { return unread > 20 })
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignReset}, model.ByPeer, true},
		"the peer's frame, of which only a part was read": {func(p *part) {
			frame := masked(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye")))
			p.peer.Write(frame[:8])
			p.tap.Read(make([]byte, 8))
			p.peer.Write(frame[8:])
			p.arrives("the rest", func(_ sock.Info, unread int) bool { return unread == len(frame)-8 })
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignFrame, Answer: model.SignReset}, model.ByPeer, true},
		"the application's FIN": {func(p *part) {
			p.tap.CloseWrite()
			io.Copy(io.Discard, p.peer)
			p.peer.Close()
			p.read()
		}, model.Parting{First: model.ByApp, How: model.SignFIN, Answer: model.SignFIN}, model.ByApp, false},
		"the application closes": {func(p *part) { p.tap.Close() },
			model.Parting{First: model.ByApp, How: model.SignFIN}, model.ByApp, false},
		"the application closes without reading": {func(p *part) {
			p.peer.Write(masked(ws.NewTextFrame([]byte("hello"))))
			p.arrives("the message", func(_ sock.Info, unread int) bool { return unread > 0 })
			p.tap.Close()
		}, model.Parting{First: model.ByApp, How: model.SignReset}, model.ByApp, false},
		"holter drops it with a reset": {func(p *part) { p.tap.Drop(Ending{By: model.ByHolter, Code: 1006}, true) },
			model.Parting{First: model.ByHolter, How: model.SignReset}, model.ByHolter, false},
		"the path is gone": {func(p *part) { p.tap.Drop(Ending{By: model.ByNetwork, Code: 1006}, false) },
			model.Parting{First: model.ByNetwork, How: model.SignLost}, model.ByNetwork, false},
		"a write fails": {func(p *part) {
			p.peerReset()
			for _, err := p.tap.Write(text("x")); err == nil; _, err = p.tap.Write(text("x")) {
			}
			p.tap.Close()
		}, model.Parting{First: model.ByPeer, How: model.SignReset}, model.ByNetwork, false},
	} {
		for kind, secure := range map[string]bool{"plain": false, "TLS": true} {
			if secure && test.plain {
				continue
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				c, peer := secured(t, secure)
				raw, _ := sock.As[*net.TCPConn](peer)
				test.do(&part{t, c, peer, raw})
				if got := c.Parting(); got != test.want {
					t.Errorf("%+v, want %+v", got, test.want)
				}
				if by := c.Ending().By; by != test.by {
					t.Errorf("ended by %s, want %s", by, test.by)
				}
			})
		}
	}
}

func TestSigns(t *testing.T) {
	var l signs
	if l.drop(ownFrame); !l.none() || l.first(true) != 0 {
		t.Error("no sign, and still one")
	}
	for _, s := range []sign{ownFrame, peerFIN, ownFrame, peerReset, peerFIN, ownFIN} {
		l.add(s)
	}
	if l.first(true) != ownFrame || l.first(false) != peerFIN || !l.has(ownFIN) || l.has(ownReset) {
		t.Errorf("%x", l.all.Load())
	}
	l.drop(ownFIN)
	l.drop(ownFrame) // not the newest
	if l.has(ownFIN) || !l.has(ownFrame) {
		t.Errorf("%x", l.all.Load())
	}
	for s := sign(1); s < 16; s++ { // all of them: there is room for eight
		l.add(s)
	}
	if l.first(true) != ownFrame {
		t.Errorf("%x", l.all.Load())
	}
	if signOf(syscall.ETIMEDOUT) != peerLost || signOf(net.ErrClosed) != 0 {
		t.Error("an error is taken for another")
	}
}
