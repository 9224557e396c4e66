package tap

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/net/nettest"

	"holter/model"
)

// An idle tap is a plain net.Conn.
func TestIdleTapIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		server, client := loopback(t)
		c := New(server, nil, newRecord(), clock())
		c.phase = phaseFrames
		return c, client, func() { c.Close(); client.Close() }, nil
	})
}

func TestIdleTapOnAPipeIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := net.Pipe()
		c := New(a, nil, newRecord(), clock())
		return c, b, func() { c.Close(); b.Close() }, nil
	})
}

// answer reads one frame as the peer and, if it is a ping, answers it.
func answer(t testing.TB, peer net.Conn) ws.Frame {
	t.Helper()
	f, err := readFrame(peer)
	if err != nil {
		t.Fatal(err)
	}
	if f.Header.OpCode == ws.OpPing {
		if err := ws.WriteFrame(peer, ws.MaskFrame(ws.NewPongFrame(f.Payload))); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestPingIsAnsweredAndTakenOut(t *testing.T) {
	c, peer, r := tapped(t)
	c.Ping(1)
	answer(t, peer)
	text := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("hello"))))
	peer.Write(text)
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%x, %v", got, err)
	}
	r.until(t, "the pong", func(x calls) bool { return len(x.pongs) == 1 && x.pongs[0] == 1 && len(x.sent) == 1 })
	if c.awaiting() {
		t.Error("still waiting")
	}
}

// Pongs that answer none of our pings belong to the application.
func TestForeignPongsPass(t *testing.T) {
	c, peer, r := tapped(t)
	c.Ping(7)
	ping := answer(t, peer)
	var sent bytes.Buffer
	for _, payload := range [][]byte{nil, []byte("8 bytes!"), ping.Payload[:11], append(bytes.Clone(ping.Payload[:11]), 99), []byte("12 bytes long")[:12]} {
		ws.WriteFrame(&sent, ws.MaskFrame(ws.NewPongFrame(payload)))
		ws.WriteFrame(&sent, ws.NewPongFrame(payload)) // unmasked
	}
	peer.Write(sent.Bytes())
	got := make([]byte, sent.Len())
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent.Bytes()) {
		t.Fatalf("%x\nwant %x, %v", got, sent.Bytes(), err)
	}
	r.until(t, "one pong", func(x calls) bool { return len(x.pongs) == 1 && x.pongs[0] == 7 })
}

func TestPingWaitsForTheEndOfAFrame(t *testing.T) {
	c, peer, r := tapped(t)
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("abc"), 5000)))
	c.Write(frame[:9000])
	c.Ping(1)
	c.Write(frame[9000:10000])
	if r.mu.Lock(); len(r.calls.sent) > 0 {
		t.Error("ping inside a frame")
	}
	r.mu.Unlock()
	c.Write(frame[10000:])
	if f := answer(t, peer); len(f.Payload) != 15000 {
		t.Fatalf("first %v", f.Header)
	}
	if f := answer(t, peer); f.Header.OpCode != ws.OpPing {
		t.Fatalf("then %v", f.Header)
	}
}

// An application that never stops writing at the end of a frame does not starve the heartbeat.
func TestPingGoesIntoAWriteThatCrossesABoundary(t *testing.T) {
	c, peer, _ := tapped(t)
	frame := ws.MustCompileFrame(ws.NewTextFrame(bytes.Repeat([]byte("y"), 100)))
	two := append(bytes.Clone(frame), frame...)
	c.Write(two[:50])
	c.Ping(1)
	if n, err := c.Write(two[50:180]); n != 130 || err != nil {
		t.Fatal(n, err)
	}
	c.Write(two[180:])
	for i, want := range []ws.OpCode{ws.OpText, ws.OpPing, ws.OpText} {
		if f := answer(t, peer); f.Header.OpCode != want {
			t.Fatalf("frame %d is %v", i, f.Header)
		}
	}
}

// The start of a long frame goes out with the rest, or alone when nothing follows.
func TestStartIsHeldAndFlushed(t *testing.T) {
	c, peer, _ := tapped(t)
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("z"), 10000)))
	buffers := net.Buffers{bytes.Clone(frame[:4096]), bytes.Clone(frame[4096:])}
	if n, err := buffers.WriteTo(c); n != int64(len(frame)) || err != nil {
		t.Fatal(n, err)
	}
	got := make([]byte, len(frame))
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, frame) {
		t.Fatal("joined", err)
	}
	c.Write(frame[:100])
	if _, err := io.ReadFull(peer, got[:100]); err != nil || !bytes.Equal(got[:100], frame[:100]) {
		t.Fatal("alone", err)
	}
	c.Write(frame[100:])
	if _, err := io.ReadFull(peer, got[100:]); err != nil || !bytes.Equal(got, frame) {
		t.Fatal("rest", err)
	}
}

// Ping does not wait for a full socket, and a ping that the socket took in part is finished before anything else.
func TestPingOnAFullSocket(t *testing.T) {
	c, peer, r := tapped(t)
	c.Conn.(*net.TCPConn).SetWriteBuffer(4096)
	peer.SetReadBuffer(4096)
	frame := ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, 125)))
	sent := 0
	c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for {
		n, err := c.Write(frame)
		sent += n
		if err != nil {
			break
		}
	}
	c.SetWriteDeadline(time.Time{})
	rest := frame[sent%len(frame):]
	c.Ping(1) // must return
	read := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(peer)
		read <- b
	}()
	if sent%len(frame) != 0 {
		if _, err := c.Write(rest); err != nil {
			t.Fatal(err)
		}
		sent += len(rest)
	}
	for c.noted() {
		c.Retry()
	}
	c.Close()
	b := <-read
	r.until(t, "the ping", func(x calls) bool { return len(x.sent) == 1 })
	for i := 0; len(b) > 0; i++ {
		f, err := readFrame(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		b = b[ws.HeaderSize(f.Header)+len(f.Payload):]
	}
}

func TestOwnPingsAreTimed(t *testing.T) {
	c, peer, r := tapped(t)
	c.Write(ws.MustCompileFrame(ws.NewPingFrame([]byte("application"))))
	c.Ping(1) // gives way
	if f := answer(t, peer); string(f.Payload) != "application" {
		t.Fatalf("%v %q", f.Header, f.Payload)
	}
	pong := make([]byte, 2+4+11)
	if _, err := io.ReadFull(c, pong); err != nil {
		t.Fatal("the application's pong is the application's:", err)
	}
	r.until(t, "the round trip and the ping", func(x calls) bool { return len(x.roundTrips) == 1 && len(x.sent) == 1 })
}

// A peer that answers none of the application's pings still gets ours; otherwise its silence would never be
// noticed.
func TestUnansweredOwnPingsDelayOursOnlyOnce(t *testing.T) {
	c, _, r := tapped(t)
	var now model.Instant = 1
	c.now = func() model.Instant { return now }
	c.Ping(1)
	ping := ws.MustCompileFrame(ws.NewPingFrame([]byte("application")))
	for now = ownWait; now < 2*ownWait; now += ownWait / 10 {
		c.Write(ping)
		c.Ping(2)
	}
	r.until(t, "our first ping", func(x calls) bool { return len(x.sent) == 1 })
	now = 2 * ownWait
	c.Write(ping)
	r.until(t, "our second ping", func(x calls) bool { return len(x.sent) == 2 })
}

func TestWhoClosesFirstWins(t *testing.T) {
	closeFrame := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4001, "bye")))
	masked := ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4002, "off"))))
	for name, tc := range map[string]struct {
		do   func(c *Conn, peer *net.TCPConn)
		want Ending
	}{
		"peer": {func(c *Conn, peer *net.TCPConn) {
			peer.Write(masked)
			io.ReadFull(c, make([]byte, len(masked)))
			c.Write(closeFrame)
			c.Shut(1001, "late")
			c.Close()
		}, Ending{model.ByPeer, 4002, "off"}},
		"app": {func(c *Conn, peer *net.TCPConn) {
			c.Write(closeFrame)
			peer.Write(masked)
			io.ReadFull(c, make([]byte, len(masked)))
			c.Close()
		}, Ending{model.ByApp, 4001, "bye"}},
		"app without a frame": {func(c *Conn, peer *net.TCPConn) {
			c.Close()
			c.Close()
		}, Ending{model.ByApp, 1006, ""}},
		"kick": {func(c *Conn, peer *net.TCPConn) {
			c.Shut(1012, "deploy")
			if _, err := c.Write(closeFrame); !errors.Is(err, net.ErrClosed) {
				t.Error("the application may still write:", err)
			}
			if f, err := readFrame(peer); err != nil || string(f.Payload) != "\x03\xf4deploy" {
				t.Errorf("%q %v", f.Payload, err)
			}
			c.Close()
		}, Ending{model.ByHolter, 1012, "deploy"}},
		"reset": {func(c *Conn, peer *net.TCPConn) {
			c.Drop(Ending{model.ByHolter, 1006, "kicked"}, true)
			if _, err := peer.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
				t.Error("no reset but", err)
			}
		}, Ending{model.ByHolter, 1006, "kicked"}},
		"end of stream": {func(c *Conn, peer *net.TCPConn) {
			peer.Close()
			c.Read(make([]byte, 1))
		}, Ending{model.ByNetwork, 1006, "end of stream without a close frame"}},
		"reset by the network": {func(c *Conn, peer *net.TCPConn) {
			peer.SetLinger(0)
			peer.Close()
			c.Read(make([]byte, 1))
			c.Close()
		}, Ending{model.ByNetwork, 1006, "connection lost: connection reset by peer"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer, r := tapped(t)
			tc.do(c, peer)
			r.until(t, "one end", func(x calls) bool { return len(x.closed) == 1 })
			if got := r.calls.closed[0]; got != tc.want {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}

// An answer may be read before the write of what it answers has returned.
func TestAnswersBeforeTheWriteReturns(t *testing.T) {
	for name, tc := range map[string]struct {
		frame ws.Frame
		pong  bool
		calls func(calls) bool
	}{
		"to a close frame": {ws.NewCloseFrame(ws.NewCloseFrameBody(4001, "bye")), false, func(x calls) bool {
			return len(x.closed) == 1 && x.closed[0] == Ending{model.ByApp, 4001, "bye"}
		}},
		"to a ping": {ws.NewPingFrame([]byte("application")), true, func(x calls) bool { return len(x.roundTrips) == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			server, peer := loopback(t)
			r, read := newRecord(), make(chan struct{})
			c := New(&slowConn{server, read}, nil, r, clock())
			c.set(flagProved)
			c.phase = phaseFrames
			c.reportOpened("")
			answer := tc.frame
			if tc.pong {
				answer = ws.NewPongFrame(tc.frame.Payload)
			}
			frame, masked := ws.MustCompileFrame(tc.frame), ws.MustCompileFrame(ws.MaskFrame(answer))
			go func() {
				io.ReadFull(peer, make([]byte, len(frame)))
				peer.Write(masked)
			}()
			go func() {
				defer close(read)
				io.ReadFull(c, make([]byte, len(masked)))
			}()
			c.Write(frame[:2]) // as some libraries do
			c.Write(frame[2:])
			c.Close()
			r.until(t, "the right order", tc.calls)
		})
	}
}

// slowConn returns from the write of a payload when its answer has been read.
type slowConn struct {
	net.Conn
	read chan struct{}
}

func (c *slowConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if len(b) > 2 {
		<-c.read
	}
	return n, err
}

func TestNoPingAfterACloseFrame(t *testing.T) {
	c, peer, r := tapped(t)
	c.Write(ws.MustCompileFrame(ws.NewCloseFrame(nil)))
	c.Ping(1)
	c.Close()
	if b, err := io.ReadAll(peer); err != nil || len(b) != 2 {
		t.Fatalf("%x %v", b, err)
	}
	if len(r.calls.sent) != 0 {
		t.Error("pinged")
	}
}

// The response head comes whole, in pieces, not at all, or refuses the upgrade.
func TestFramesBeginAfterTheHead(t *testing.T) {
	const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-protocol: chat\r\n\r\n"
	frame := ws.MustCompileFrame(ws.NewTextFrame([]byte("hi")))
	for name, tc := range map[string]struct {
		writes []string
		opened []string
	}{
		"whole":          {[]string{head, string(frame)}, []string{"chat"}},
		"with the frame": {[]string{head + string(frame)}, []string{"chat"}},
		"in pieces":      {[]string{head[:5], head[5:40], head[40 : len(head)-1], head[len(head)-1:] + string(frame[:1]), string(frame[1:])}, []string{"chat"}},
		"sent before":    {[]string{string(frame)}, []string{""}},
		"refused":        {[]string{"HTTP/1.1 403 Forbidden\r\n\r\n", string(frame)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			server, peer := loopback(t)
			r := newRecord()
			c := New(server, nil, r, clock())
			c.set(flagProved)
			var want string
			for _, w := range tc.writes {
				c.Write([]byte(w))
				want += w
			}
			if len(r.calls.opened) != len(tc.opened) || len(tc.opened) > 0 && r.calls.opened[0] != tc.opened[0] {
				t.Errorf("opened %q, want %q", r.calls.opened, tc.opened)
			}
			c.Ping(1)
			c.Close()
			got, _ := io.ReadAll(peer)
			if len(tc.opened) > 0 {
				if len(got) != len(want)+2+pingPayload || len(r.calls.closed) != 1 {
					t.Errorf("no ping at the end of %q; closed %v", got, r.calls.closed)
				}
				got = got[:len(want)]
			}
			if string(got) != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// Bytes that a client sends before the upgrade is over are read first, in each of the ways that libraries
// read.
func TestHijackKeepsEarlyBytes(t *testing.T) {
	done := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := Hijack(w.(http.Hijacker), func(c net.Conn, early []byte) *Conn {
			return New(c, early, newRecord(), clock())
		})
		if err != nil || !IsUpgrade(r) {
			t.Error(err)
			return
		}
		defer conn.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
		rw.Flush()
		b := make([]byte, 5)
		io.ReadFull(conn, b)
		done <- string(b)
		io.ReadFull(rw, b)
		done <- string(b)
	}))
	defer server.Close()
	peer, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	io.WriteString(peer, "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nearly")
	resp, err := http.ReadResponse(bufio.NewReader(peer), nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatal(resp, err)
	}
	io.WriteString(peer, "later")
	if a, b := <-done, <-done; a != "early" || b != "later" {
		t.Errorf("%q %q", a, b)
	}
}

// Under TLS there is no raw socket to write to, but the heartbeat and half-closes still work.
func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	config, roots := srv.TLS.Clone(), srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	config.NextProtos = nil
	srv.Close()
	below, peerBelow := loopback(t)
	peer := tls.Client(peerBelow, &tls.Config{RootCAs: roots, ServerName: "example.com"})
	handshake := make(chan error, 1)
	go func() { handshake <- peer.Handshake() }()
	server := tls.Server(below, config)
	if err := errors.Join(server.Handshake(), <-handshake); err != nil {
		t.Fatal(err)
	}
	r := newRecord()
	c := New(server, nil, r, clock())
	c.set(flagProved)
	c.phase = phaseFrames
	c.reportOpened("")
	c.SetWriteDeadline(time.Unix(1, 0)) // long passed, and must not stop our writes
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(c)
		read <- err
	}()
	for seq := uint32(1); seq <= 3; seq++ {
		c.Ping(seq)
		answer(t, peer)
		r.until(t, "a pong", func(x calls) bool { return len(x.pongs) == int(seq) })
	}
	c.SetWriteDeadline(time.Time{})
	if _, err := c.Write(ws.MustCompileFrame(ws.NewTextFrame([]byte("fine")))); err != nil {
		t.Fatal(err)
	}
	if f := answer(t, peer); string(f.Payload) != "fine" {
		t.Fatal(f)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Fatal("half-close:", err)
	}
	peer.CloseWrite()
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// A close frame that is the first frame proves that frames pass, but the ping that waits for the proof comes too late.
func TestNoPingAfterACloseFrameThatIsTheProof(t *testing.T) {
	server, peer := loopback(t)
	peer.SetDeadline(time.Now().Add(10 * time.Second))
	r := newRecord()
	c := NewUpstream(server, nil, r, clock())
	c.Open()
	c.Ping(1)
	peer.Write(ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4401, "unauthorized"))))
	if n, err := c.Read(make([]byte, 100)); n != 16 || err != nil {
		t.Fatal(n, err)
	}
	c.Close()
	if b, err := io.ReadAll(peer); err != nil || len(b) != 0 {
		t.Fatalf("%x %v", b, err)
	}
	if len(r.calls.sent) != 0 || c.Ending().Code != 4401 || !c.Proved() {
		t.Errorf("pings %v, %+v", r.calls.sent, c.Ending())
	}
}
