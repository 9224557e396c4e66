package tap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gobwas/ws"
	"golang.org/x/net/nettest"

	"holter/model"
)

// Every byte of a Conn is paid for by ten thousand idle connections. Go makes 480 of what is more than 448.
func TestConnStaysSmall(t *testing.T) {
	if size := unsafe.Sizeof(Conn{}); size > 464 {
		t.Errorf("a Conn has %d bytes", size)
	}
}

func faults(text string) model.Faults {
	f, err := model.ParseFaults(text)
	if err != nil {
		panic(err)
	}
	return f
}

// flicker sets faults in turn, as fast as it can, until stop is called.
func flicker(c *Conn, texts ...string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		pause := time.NewTicker(50 * time.Microsecond)
		defer pause.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			c.SetFaults(faults(texts[i%len(texts)]))
			<-pause.C
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

// A tap is a plain net.Conn under a fault that does nothing, after it, and while it comes and goes.
func TestConnUnderFaults(t *testing.T) {
	for name, prepare := range map[string]func(c *Conn) (stop func()){
		"set": func(c *Conn) func() {
			c.SetFaults(faults("latency=1ns"))
			return func() {}
		},
		"set and ended": func(c *Conn) func() {
			c.SetFaults(faults("latency=1ns"))
			c.SetFaults(model.Faults{})
			return func() {}
		},
		"flickering": func(c *Conn) func() { return flicker(c, "latency=1ns", "", "slow-close=1ns", "latency=1ns,up") },
	} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				server, client := loopback(t)
				c := New(server, nil, newRecord(), clock())
				c.set(flagProved)
				c.phase = phaseFrames
				end := prepare(c)
				return c, client, func() { end(); c.Close(); client.Close() }, nil
			})
		})
	}
}

func text(s string) []byte { return ws.MustCompileFrame(ws.NewTextFrame([]byte(s))) }

func masked(f ws.Frame) []byte { return ws.MustCompileFrame(ws.MaskFrame(f)) }

// readAll reads until as many bytes as want has are there, and compares.
func readAll(t *testing.T, from io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes: %.100x, want %.100x, %v", n, got, want, err)
	}
}

// nothing checks that there is nothing to read.
func nothing(t *testing.T, from net.Conn) {
	t.Helper()
	from.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	n, err := from.Read(make([]byte, 1))
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d, %v", n, err)
	}
	from.SetReadDeadline(time.Now().Add(10 * time.Second))
}

// A byte arrives no sooner than after the latency of its direction.
func TestLatency(t *testing.T) {
	const late = 60 * time.Millisecond
	for text, slow := range map[string]struct{ up, down bool }{
		"latency=60ms": {true, true}, "latency=60ms,up": {true, false}, "latency=60ms,down": {false, true},
	} {
		t.Run(text, func(t *testing.T) {
			c, peer, _ := tapped(t)
			c.SetFaults(faults(text))
			took := func(from io.Writer, to io.Reader, frame []byte) time.Duration {
				began := time.Now()
				from.Write(frame)
				readAll(t, to, frame)
				return time.Since(began)
			}
			up := took(peer, c, masked(ws.NewTextFrame([]byte("up"))))
			down := took(c, peer, []byte("\x81\x04down"))
			if up >= late != slow.up || down >= late != slow.down {
				t.Errorf("up took %s, down %s", up, down)
			}
		})
	}
}

// Messages sent one after the other arrive one after the other, without a further latency between them: the
// wire is long and not slow.
func TestLatencyIsNoRate(t *testing.T) {
	c, peer, _ := tapped(t)
	c.SetFaults(faults("latency=50ms±50ms"))
	frame := masked(ws.NewTextFrame([]byte("one of many")))
	go func() {
		for range 100 {
			peer.Write(frame)
		}
	}()
	began := time.Now()
	readAll(t, c, bytes.Repeat(frame, 100))
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("100 messages took %s", took)
	}
}

// A latency raises the round trip by both directions, whenever the application reads.
func TestLatencyIsSeenByTheHeart(t *testing.T) {
	c, peer, r := tapped(t)
	c.SetFaults(faults("latency=40ms"))
	watched := &times{record: r}
	c.watch = watched
	c.Ping(1)
	answer(t, peer)
	peer.Write(masked(ws.NewTextFrame([]byte("after the pong"))))
	c.Read(make([]byte, 100))
	r.until(t, "the pong", func(x calls) bool { return len(x.pongs) == 1 && x.exact == 1 })
	if rtt := time.Duration(watched.pong - watched.sent); rtt < 80*time.Millisecond || rtt > 5*time.Second {
		t.Errorf("round trip %s", rtt)
	}
}

type times struct {
	*record
	sent, pong model.Instant
}

func (w *times) Sent(seq uint32, at model.Instant) { w.sent = at; w.record.Sent(seq, at) }
func (w *times) Pong(seq uint32, at model.Instant, exact bool) {
	w.pong = at
	w.record.Pong(seq, at, exact)
}

// 20 kB at 100 kB/s take a fifth of a second, less one burst.
func TestRate(t *testing.T) {
	c, peer, _ := tapped(t)
	c.SetFaults(faults("rate=100kB"))
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, 20_000)))
	for name, d := range map[string]struct {
		from io.Writer
		to   io.Reader
	}{"down": {c, peer}, "up": {peer, c}} {
		began := time.Now()
		d.from.Write(frame)
		readAll(t, d.to, frame)
		if took := time.Since(began); took < 140*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

// Under either fault nothing moves, pings included. Both ends can still close, and afterwards everything
// goes on in order.
func TestHeld(t *testing.T) {
	for _, fault := range []string{"freeze", "half-open"} {
		t.Run(fault, func(t *testing.T) {
			c, peer, r := tapped(t)
			read := make(chan []byte, 1)
			go func() { // waits in the socket when the fault comes
				b := make([]byte, 100)
				n, _ := io.ReadFull(c, b[:8])
				read <- b[:n]
			}()
			c.SetFaults(faults(fault))
			up := masked(ws.NewTextFrame([]byte("up")))
			peer.Write(up)
			down := append(text("down"), text("more")...)
			c.Write(down)
			c.Ping(1)
			r.until(t, "the ping", func(x calls) bool { return len(x.sent) == 1 })
			nothing(t, peer)
			c.SetWriteDeadline(time.Now().Add(-time.Second))
			if _, err := c.Write(down); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("write:", err)
			}
			select {
			case b := <-read:
				t.Errorf("read %x", b)
			default:
			}
			if c.Unread() {
				t.Error("the application is blamed for bytes that a fault holds")
			}
			c.SetFaults(model.Faults{})
			readAll(t, peer, down)
			if f := answer(t, peer); f.Header.OpCode != ws.OpPing {
				t.Error("no ping but", f.Header)
			}
			if b := <-read; !bytes.Equal(b, up) {
				t.Errorf("read %x", b)
			}
		})
	}
}

// A deadline that was set before the fault came, or while a read waited under it, is kept.
func TestDeadlinesWhileHeld(t *testing.T) {
	c, peer, _ := tapped(t)
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	c.SetFaults(faults("freeze"))
	peer.Write([]byte("data"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	c.SetReadDeadline(time.Time{})
	read := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		read <- err
	}()
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	soon := time.Now().Add(300 * time.Millisecond)
	c.SetReadDeadline(soon)
	c.SetFaults(model.Faults{})
	readAll(t, c, []byte("data"))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(soon) {
		t.Error("after the fault:", err)
	}
}

// A held direction takes a bounded number of bytes. Close wakes a goroutine that writes into it or reads from
// it.
func TestHeldIsBounded(t *testing.T) {
	c, peer, _ := tapped(t)
	c.SetFaults(faults("freeze"))
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, 10_000)))
	done := make(chan error, 2)
	wrote := 0
	go func() {
		for {
			n, err := c.Write(frame)
			if wrote += n; err != nil {
				done <- err
				return
			}
		}
	}()
	go func() {
		_, err := io.Copy(io.Discard, c)
		done <- err
	}()
	for full := false; !full; {
		w := c.wire.Load()
		w.mu.Lock()
		full = w.out.room() == 0
		w.mu.Unlock()
	}
	peer.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	for {
		if _, err := peer.Write(frame); err != nil {
			break // the socket is full: the tap does not read ahead
		}
	}
	if w := c.wire.Load(); w.in.size > lineLimit {
		t.Errorf("%d bytes are kept", w.in.size)
	}
	c.Ping(1) // for which there is always room
	c.Close()
	for range 2 {
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
	if wrote == 0 || wrote > lineLimit {
		t.Errorf("%d bytes were taken", wrote)
	}
}

// No pong of the peer's arrives, neither ours nor the application's. Everything else does.
func TestSwallowPongs(t *testing.T) {
	c, peer, r := tapped(t)
	c.SetFaults(faults("swallow-pongs"))
	c.Ping(1)
	answer(t, peer)
	c.Write(ws.MustCompileFrame(ws.NewPingFrame([]byte("application"))))
	answer(t, peer)
	want := append(masked(ws.NewTextFrame([]byte("data"))), masked(ws.NewPingFrame(nil))...)
	peer.Write(want)
	readAll(t, c, want)
	c.SetFaults(model.Faults{})
	pong := masked(ws.NewPongFrame([]byte("late")))
	peer.Write(pong)
	readAll(t, c, pong)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls.pongs)+len(r.calls.roundTrips) > 0 {
		t.Errorf("%+v", r.calls)
	}
}

// Every third message is dropped with all of its fragments, but not the control frames between them, nor a
// compressed message. A message that is being dropped when the fault ends is dropped to its end.
func TestDrop(t *testing.T) {
	c, peer, _ := tapped(t)
	c.SetFaults(faults("drop=1/3"))
	var want []byte
	send := func(f ws.Frame, passes bool) {
		b := masked(f)
		for i := range b { // cut anywhere
			peer.Write(b[i : i+1])
		}
		if passes {
			want = append(want, b...)
		}
	}
	message := func(s string) ws.Frame { return ws.NewTextFrame([]byte(s)) }
	send(message("1"), true)
	send(ws.NewFrame(ws.OpText, false, []byte("2, ")), true)
	send(ws.NewFrame(ws.OpContinuation, true, []byte("its end")), true)
	compressed := message("?")
	compressed.Header.Rsv = ws.Rsv(true, false, false)
	send(compressed, true)
	send(ws.NewFrame(ws.OpText, false, []byte("3, ")), false)
	send(ws.NewPingFrame([]byte("between")), true)
	send(ws.NewFrame(ws.OpContinuation, false, nil), false)
	send(ws.NewFrame(ws.OpContinuation, true, []byte("its end")), false)
	send(message("4"), true)
	send(message("5"), true)
	send(ws.NewFrame(ws.OpBinary, false, []byte("6, ")), false)
	readAll(t, c, want)
	want = nil
	send(ws.NewPingFrame(nil), true)
	readAll(t, c, want)
	c.SetFaults(model.Faults{})
	want = nil
	send(ws.NewFrame(ws.OpContinuation, true, []byte("its end")), false)
	send(message("7"), true)
	readAll(t, c, want)
}

// The close frame is late, at any place in what was written, and so is the end of the stream after it.
func TestSlowClose(t *testing.T) {
	closing := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4001, "bye")))
	for name, end := range map[string]func(c *Conn){
		"the application's": func(c *Conn) { c.Write(append(text("before"), closing...)) },
		"in two pieces": func(c *Conn) {
			c.Write(text("before"))
			c.Write(closing[:1])
			c.Write(closing[1:])
		},
		"holter's": func(c *Conn) {
			c.Write(text("before"))
			c.Shut(4001, "bye")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer, r := tapped(t)
			c.SetFaults(faults("slow-close=80ms"))
			began := time.Now()
			end(c)
			c.Close()
			r.until(t, "the end", func(x calls) bool { return len(x.closed) == 1 })
			readAll(t, peer, text("before"))
			readAll(t, peer, closing)
			if took := time.Since(began); took < 80*time.Millisecond {
				t.Errorf("closed after %s", took)
			}
			if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
				t.Error(err)
			}
		})
	}
}

// After a close or a half-close, what a slow wire still holds is sent. The end that the peer sees is late as
// well.
func TestCloseBehindLatency(t *testing.T) {
	c, peer, r := tapped(t)
	c.SetFaults(faults("latency=50ms"))
	c.Write(text("last words"))
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, text("last words")) {
		t.Fatalf("%q, %v", got, err)
	}
	began := time.Now()
	peer.CloseWrite()
	if _, err := c.Read(make([]byte, 1)); err != io.EOF || time.Since(began) < 50*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	r.until(t, "the end", func(x calls) bool { return len(x.closed) == 1 })
	c.Close()

	c, peer, _ = tapped(t)
	c.SetFaults(faults("latency=50ms"))
	c.Write(text("last words"))
	c.Close()
	if _, err := c.Write(nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if got, err := io.ReadAll(peer); err != nil || !bytes.Equal(got, text("last words")) {
		t.Fatalf("%q, %v", got, err)
	}
}

// Under a freeze the peer sees that the process ended. Under half-open it sees nothing, as of a machine
// without power, until the fault ends. It always sees a reset at once.
func TestEndsUnderHold(t *testing.T) {
	t.Run("freeze", func(t *testing.T) {
		c, peer, _ := tapped(t)
		c.SetFaults(faults("freeze"))
		c.Write(text("never"))
		c.Close()
		if got, err := io.ReadAll(peer); err != nil || len(got) > 0 {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("half-open", func(t *testing.T) {
		c, peer, r := tapped(t)
		c.SetFaults(faults("half-open"))
		c.Shut(4001, "unseen")
		c.Drop(Ending{}, false)
		r.until(t, "the end", func(x calls) bool { return len(x.closed) == 1 })
		nothing(t, peer)
		if _, err := peer.Write([]byte("hello?")); err != nil {
			t.Error(err)
		}
		c.SetFaults(model.Faults{})
		if f, err := readFrame(peer); err != nil || f.Header.OpCode != ws.OpClose {
			t.Errorf("%v, %v", f.Header, err)
		}
	})
	t.Run("reset", func(t *testing.T) {
		c, peer, _ := tapped(t)
		c.SetFaults(faults("half-open"))
		c.Write(text("never"))
		c.Drop(Ending{}, true)
		if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

// A fault interrupts a write of more than the socket takes, and nothing of it is lost.
func TestFaultStopsAWriteUnderWay(t *testing.T) {
	c, peer, _ := tapped(t)
	c.Conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("0123456789"), 1_000_000)))
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write(frame)
		wrote <- err
	}()
	readAll(t, peer, frame[:100])
	c.SetFaults(faults("freeze"))
	got := append([]byte(nil), frame[:100]...)
	for { // what the kernels have
		peer.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		b := make([]byte, 1<<20)
		n, err := peer.Read(b)
		if got = append(got, b[:n]...); err != nil {
			break
		}
	}
	if len(got) == len(frame) {
		t.Fatal("was not stopped")
	}
	peer.SetReadDeadline(time.Now().Add(10 * time.Second))
	c.SetFaults(model.Faults{})
	rest, err := io.ReadAll(io.LimitReader(peer, int64(len(frame)-len(got))))
	if got = append(got, rest...); err != nil || !bytes.Equal(got, frame) {
		t.Errorf("%d of %d bytes, %v", len(got), len(frame), err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// A copy keeps no buffer while it is held, and loses nothing.
func TestCopyUnderFaults(t *testing.T) {
	c, peer, _ := tapped(t)
	copied := new(bytes.Buffer)
	done := make(chan error, 1)
	go func() {
		for {
			more, read, write := c.CopyTo(copied)
			if !more {
				done <- errors.Join(read, write)
				return
			}
		}
	}()
	stop := flicker(c, "latency=1ms", "", "freeze", "rate=1MiB", "")
	var want []byte
	for i := range 500 {
		frame := masked(ws.NewTextFrame(bytes.Repeat([]byte{byte(i)}, i)))
		want = append(want, frame...)
		peer.Write(frame)
	}
	peer.CloseWrite()
	stop()
	c.SetFaults(model.Faults{})
	if err := <-done; err != nil || !bytes.Equal(copied.Bytes(), want) {
		t.Errorf("%d of %d bytes, %v", copied.Len(), len(want), err)
	}
}
