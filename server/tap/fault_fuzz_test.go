package tap

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// FuzzFaults checks that each end gets exactly what the other's application sent, less the whole messages
// and pongs that a fault was to drop. Faults come and go at any moment, pings are due at any moment, and the
// bytes are cut anywhere.
func FuzzFaults(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"), false)
	f.Add(bytes.Repeat([]byte{0x11, 0x0e, 0x83, 0x07}, 20), false)
	f.Add(bytes.Repeat([]byte{0x0a, 0x01, 0x44, 0x06, 0x0b}, 30), true)
	f.Fuzz(func(t *testing.T, input []byte, secure bool) {
		s := script(input)
		up, down := s.conversation(), s.conversation()
		c, peer := secured(t, secure)
		pongs := make(chan []byte, 1000)
		var users sync.WaitGroup
		s1, s2, s3 := s, s[len(s)/3:], s[2*len(s)/3:]
		users.Go(func() { s1.scatter(peer, up, true, pongs) })
		users.Go(func() { s2.scatter(c, down, false, nil) })
		disturb := s3.disturb(c)
		var in, out []ws.Frame
		var inErr, outErr error
		users.Go(func() { in, inErr = untilEnd(c, nil, nil) })
		users.Go(func() { out, outErr = untilEnd(peer, keyOf(c), pongs) })
		users.Wait()
		disturb()
		if err := errors.Join(inErr, outErr); err != nil {
			t.Fatal(err)
		}
		if err := onlyLost(out, down, false); err != nil {
			t.Error("out:", err)
		}
		if err := onlyLost(in, up, true); err != nil {
			t.Error("in:", err)
		}
	})
}

// mishaps never hold anything for more than some milliseconds.
var mishaps = []string{
	"", "latency=1ms±1ms", "latency=300us,up", "latency=300us,down", "rate=1MiB", "rate=200KiB,up", "freeze", "half-open",
	"slow-close=1ms", "swallow-pongs", "drop=1/2", "drop=1/3 freeze", "swallow-pongs latency=1ms", "",
}

// disturb sets faults and pings until stop is called, and then ends all faults.
func (s script) disturb(c *Conn) (stop func()) {
	quit, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for seq := uint32(1); ; seq++ {
			c.SetFaults(faults(mishaps[s.next()%len(mishaps)]))
			c.own.Store(nil) // our pings would wait for the application's
			c.Ping(seq)
			select {
			case <-quit:
				c.SetFaults(model.Faults{})
				return
			case <-time.After(time.Duration(s.next()) * 10 * time.Microsecond):
			}
			if len(s) == 0 {
				c.SetFaults(model.Faults{})
				<-quit
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-over
	}
}

// conversation makes well-formed messages, some in fragments with control frames between them. Every payload
// begins with the number of its message.
func (s *script) conversation() (all []ws.Frame) {
	for i := range 3 + s.next()%20 {
		fragments := 1 + s.next()%3
		for j := range fragments {
			op := ws.OpBinary
			if j > 0 {
				op = ws.OpContinuation
			}
			size := 1 << (s.next() % 15)
			payload := append(fmt.Appendf(nil, "%d/%d.", i, j), bytes.Repeat([]byte{byte(i)}, size)...)
			all = append(all, ws.NewFrame(op, j == fragments-1, payload))
			switch s.next() % 4 {
			case 0:
				all = append(all, ws.NewPongFrame(fmt.Appendf(nil, "pong %d/%d", i, j)))
			case 1:
				all = append(all, ws.NewPingFrame(fmt.Appendf(nil, "ping %d/%d", i, j)))
			}
		}
	}
	return append(all, ws.NewPingFrame([]byte("end")))
}

// scatter writes frames cut anywhere, and between them pongs that are due.
func (s script) scatter(to io.Writer, all []ws.Frame, masked bool, pongs <-chan []byte) {
	var b []byte
	for i, f := range all {
		for due := true; due; {
			select {
			case pong := <-pongs:
				b = append(b, compile(ws.NewPongFrame(pong), masked)...)
			default:
				due = false
			}
		}
		b = append(b, compile(f, masked)...)
		for len(b) > 0 && (i == len(all)-1 || s.next()&1 == 0) {
			n := min(len(b), 1+s.next()*(1+s.next()%200))
			to.Write(b[:n])
			b = b[n:]
		}
	}
}

func compile(f ws.Frame, masked bool) []byte {
	if masked {
		f.Payload = bytes.Clone(f.Payload)
		f = ws.MaskFrame(f)
	}
	return ws.MustCompileFrame(f)
}

// untilEnd reads the frames up to the last. It passes the payloads of the tap's own pings, which have this
// key, on to be answered.
func untilEnd(from io.Reader, key []byte, pongs chan<- []byte) (all []ws.Frame, err error) {
	for {
		f, err := readFrame(from)
		if err != nil {
			return all, fmt.Errorf("%w after %d frames", err, len(all))
		}
		if f.Header.Masked {
			f = ws.UnmaskFrame(f)
		}
		if key != nil && f.Header.OpCode == ws.OpPing && len(f.Payload) == pingPayload && bytes.HasPrefix(f.Payload, key) {
			pongs <- f.Payload
			continue
		}
		all = append(all, f)
		if f.Header.OpCode == ws.OpPing && string(f.Payload) == "end" {
			return all, nil
		}
	}
}

// onlyLost checks that got equals sent or, if lossy, sent less whole messages and pongs.
func onlyLost(got, sent []ws.Frame, lossy bool) error {
	fate := map[string]bool{} // whether each message arrived
	for _, f := range sent {
		arrived := len(got) > 0 && got[0].Header == f.Header && bytes.Equal(got[0].Payload, f.Payload)
		if arrived {
			got = got[1:]
		}
		if f.Header.OpCode == ws.OpPong && lossy {
			continue
		}
		message, _, _ := bytes.Cut(f.Payload, []byte("/"))
		if f.Header.OpCode.IsControl() || !lossy {
			if !arrived {
				return fmt.Errorf("%.20q is missing", f.Payload)
			}
		} else if before, known := fate[string(message)]; known && before != arrived {
			return fmt.Errorf("message %s is cut at %.20q", message, f.Payload)
		} else {
			fate[string(message)] = arrived
		}
	}
	if len(got) > 0 {
		return fmt.Errorf("%v %.20q was never sent", got[0].Header, got[0].Payload)
	}
	return nil
}

func TestOnlyLost(t *testing.T) {
	s := script("some decisions of a fuzzer, of no meaning")
	sent := s.conversation()
	if err := onlyLost(sent, sent, false); err != nil {
		t.Error(err)
	}
	for i := range sent {
		less := slices.Delete(slices.Clone(sent), i, i+1)
		if onlyLost(less, sent, false) == nil {
			t.Errorf("frame %d is not missed", i)
		}
		f := sent[i].Header
		whole := f.OpCode == ws.OpPong || f.OpCode == ws.OpBinary && f.Fin
		if (onlyLost(less, sent, true) == nil) != whole {
			t.Errorf("frame %d, %v: %v", i, f, onlyLost(less, sent, true))
		}
	}
}

// secured is a tapped connection, under TLS or not, and its peer.
func secured(t *testing.T, secure bool) (c *Conn, peer net.Conn) {
	t.Helper()
	if !secure {
		c, peer, _ := tapped(t)
		return c, peer
	}
	below, peerBelow := loopback(t)
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	config, roots := srv.TLS.Clone(), srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	config.NextProtos = nil
	srv.Close()
	client := tls.Client(peerBelow, &tls.Config{RootCAs: roots, ServerName: "example.com"})
	handshake := make(chan error, 1)
	go func() { handshake <- client.Handshake() }()
	server := tls.Server(below, config)
	if err := errors.Join(server.Handshake(), <-handshake); err != nil {
		t.Fatal(err)
	}
	c = New(server, nil, newRecord(), clock())
	c.set(flagProved)
	c.phase = phaseFrames
	c.reportOpened("")
	t.Cleanup(func() { c.Close() })
	client.SetDeadline(time.Now().Add(10 * time.Second))
	return c, client
}
