package tap

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// script turns fuzz input into decisions.
type script []byte

func (s *script) next() int {
	if len(*s) == 0 {
		return 97
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b)
}

// frames are frames of the application's, of every kind and size.
func (s *script) frames(masked bool) []ws.Frame {
	var all []ws.Frame
	for range 1 + s.next()%5 {
		kind := s.next()
		size := s.next() % 126
		if kind&0x10 != 0 {
			size = 1 << (size % 13)
		}
		var f ws.Frame
		switch payload := bytes.Repeat([]byte{byte(kind)}, size); kind % 5 {
		case 0:
			f = ws.NewFrame(ws.OpText, kind&0x20 == 0, payload)
		case 1:
			f = ws.NewBinaryFrame(payload)
		case 2:
			f = ws.NewFrame(ws.OpContinuation, true, payload)
		case 3:
			f = ws.NewPongFrame(payload[:min(size, 125)])
		case 4:
			f = ws.NewPingFrame(payload[:min(size, 125)])
		}
		if masked {
			f = ws.MaskFrame(f)
		}
		all = append(all, f)
	}
	return all
}

// FuzzConn checks that each end gets exactly what the other's application sent, with the bytes cut anywhere
// and pings due at any moment.
func FuzzConn(f *testing.F) {
	f.Add([]byte("\x03\x00\x05\x01\x20\x02\x7d\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add(bytes.Repeat([]byte{0x11, 0x0e, 0x83, 0x07}, 20))
	f.Fuzz(func(t *testing.T, input []byte) {
		s := script(input)
		c, peer, _ := tapped(t)
		pings := fuzzOut(t, &s, c, peer)
		fuzzIn(t, &s, c, peer, pings)
	})
}

// fuzzOut writes frames in pieces, with pings in between, and returns the pings that came out.
func fuzzOut(t *testing.T, s *script, c *Conn, peer io.Reader) (pings []ws.Frame) {
	var want []byte
	for _, f := range s.frames(false) {
		want = append(want, ws.MustCompileFrame(f)...)
	}
	go func(s script) {
		for rest, seq := want, uint32(1); len(rest) > 0; {
			n := min(len(rest), 1+s.next()*(1+s.next()%8))
			if n&1 == 1 {
				c.Ping(seq)
				seq++
			}
			c.Write(rest[:n])
			rest = rest[n:]
		}
		c.own.Store(nil) // our ping would wait for the application's
		c.Ping(9999)
	}(*s)
	var got []byte
	for {
		f, err := readFrame(peer)
		if err != nil {
			t.Fatal(err)
		}
		if f.Header.OpCode != ws.OpPing || len(f.Payload) != pingPayload || !bytes.Equal(f.Payload[:8], keyOf(c)) {
			got = append(got, ws.MustCompileFrame(f)...)
			continue
		}
		pings = append(pings, f)
		if f.Payload[10] == 9999>>8 {
			break
		}
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("out came %x\nwant %x", got, want)
	}
	return pings
}

// fuzzIn answers the pings between frames of the peer's, in pieces.
func fuzzIn(t *testing.T, s *script, c *Conn, peer io.Writer, pings []ws.Frame) {
	var sent, want []byte
	for _, f := range append(s.frames(true), ws.MaskFrame(ws.NewTextFrame([]byte("the end")))) {
		if len(pings) > 0 && s.next()&1 == 0 {
			pong := ws.MaskFrame(ws.NewPongFrame(pings[0].Payload))
			pings = pings[1:]
			sent = append(sent, ws.MustCompileFrame(pong)...)
		}
		sent = append(sent, ws.MustCompileFrame(f)...)
		want = append(want, ws.MustCompileFrame(f)...)
	}
	go func(s script) {
		for len(sent) > 0 {
			n := min(len(sent), 1+s.next()*(1+s.next()%8))
			peer.Write(sent[:n])
			sent = sent[n:]
		}
	}(*s)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got []byte
	for len(got) < len(want) {
		b := make([]byte, 1+s.next())
		n, err := c.Read(b)
		if n == 0 || err != nil {
			t.Fatalf("read %d: %v after %x\nof %x", n, err, got, want)
		}
		got = append(got, b[:n]...)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("in came %x\nwant %x", got, want)
	}
}

func keyOf(c *Conn) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(c.key >> (56 - 8*i))
	}
	return b
}
