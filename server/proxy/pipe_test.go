package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
)

// ends are the two ends of a proxied connection past its handshake.
type ends struct {
	running
	client, upstream *net.TCPConn
	fromUpstream     *bufio.Reader // what the client gets
	fromClient       *bufio.Reader // what the upstream gets
}

// link connects a client and an upstream through a proxy.
func link(t testing.TB, change func(*server.Options, *Options)) ends {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := ends{running: runProxy(t, "http://"+l.Addr().String(), change)}
	e.client = connectTo(t, e.Addr().String())
	io.WriteString(e.client, chatRequest)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patienceOfTests))
	e.upstream, e.fromClient = c.(*net.TCPConn), bufio.NewReader(c)
	readRequest(e.fromClient)
	io.WriteString(c, accepted)
	e.fromUpstream = bufio.NewReader(e.client)
	if head := readRequest(e.fromUpstream); head != accepted {
		t.Fatalf("the upstream's answer came as %q", head)
	}
	return e
}

// quiet keeps holter from sending anything of its own.
func quiet(o *server.Options, _ *Options) { o.Scheme = model.SchemeNone }

func tell(t testing.TB, to net.Conn, what string) {
	t.Helper()
	if _, err := io.WriteString(to, what); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, from *bufio.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Fatalf("got %.100q, %v, want %.100q", got[:n], err, want)
	}
}

// end wants the stream to end with an error, or in order if that is nil.
func end(t testing.TB, in *bufio.Reader, want error) {
	t.Helper()
	rest, err := io.ReadAll(in)
	if !errors.Is(err, want) || len(rest) > 0 {
		t.Errorf("%q, then %v, want nothing and %v", rest, err, want)
	}
}

func bareFrame(f ws.Frame) string   { return string(ws.MustCompileFrame(f)) }
func maskedFrame(f ws.Frame) string { return bareFrame(ws.MaskFrame(f)) }
func closing(code int, reason string) ws.Frame {
	return ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(code), reason))
}

// nextFrame reads a frame that a test has caused, so that its length needs no bound, and unmasks it.
func nextFrame(in io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(in)
	if err != nil {
		return ws.Frame{}, err
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(in, f.Payload)
	if h.Masked {
		ws.Cipher(f.Payload, h.Mask, 0)
	}
	return f, err
}

// hearClose wants a close frame with that code next.
func hearClose(t testing.TB, in *bufio.Reader, code int, reason string) {
	t.Helper()
	for {
		f, err := nextFrame(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Header.OpCode == ws.OpPing {
			continue
		}
		got, text := ws.ParseCloseFrameData(f.Payload)
		if f.Header.OpCode != ws.OpClose || int(got) != code || text != reason {
			t.Fatalf("%v frame %d %q, want a close frame %d %q", f.Header.OpCode, got, text, code, reason)
		}
		return
	}
}

// What either end sends before it has heard from the other arrives.
func TestProxyEarlyBytes(t *testing.T) {
	hello := bareFrame(ws.NewTextFrame([]byte("from the server")))
	early := maskedFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("early "), 1000)))
	for _, first := range []int{1, 1000, 4096, len(early)} { // of it come with the request
		got := make(chan string, 1)
		url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
			readRequest(in)
			io.WriteString(c, accepted+hello)
			b := make([]byte, len(early))
			n, _ := io.ReadFull(in, b)
			got <- string(b[:n])
		})
		c := connectTo(t, runProxy(t, url, quiet).Addr().String())
		_, in := shake(t, c, early[:first])
		tell(t, c, early[first:])
		hear(t, in, hello)
		if b := <-got; b != early {
			t.Errorf("%d bytes with the request: %d of %d arrive", first, len(b), len(early))
		}
	}
}

// However the bytes are cut, and whatever they are, they arrive.
func TestProxyBytesAreTheSame(t *testing.T) {
	for name, tc := range map[string]string{
		"frames":         maskedFrame(ws.NewTextFrame([]byte("hello"))) + maskedFrame(ws.NewPingFrame([]byte("x"))) + maskedFrame(ws.NewPongFrame(nil)),
		"long":           maskedFrame(ws.NewBinaryFrame(bytes.Repeat([]byte("0123456789"), 20_000))),
		"reserved bits":  "\xf1\x85abcd12345",
		"unknown opcode": "\x83\x80abcdwhatever comes then \x00\xff\x88",
		"endless frame":  "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff1234 and more",
		"no frames":      "GET / HTTP/1.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			e := link(t, func(o *server.Options, p *Options) { o.Interval = 10 * time.Millisecond; quiet(o, p) })
			cut := 1 + len(tc)/1000
			for b := []byte(tc); len(b) > 0; b = b[min(cut, len(b)):] {
				tell(t, e.client, string(b[:min(cut, len(b))]))
			}
			hear(t, e.fromClient, tc)
			tell(t, e.upstream, tc)
			hear(t, e.fromUpstream, tc)
		})
	}
}

// Either end may stop sending and go on listening.
func TestProxyHalfClose(t *testing.T) {
	for name, turn := range map[string]func(ends) ends{"client": same, "upstream": turned} {
		t.Run(name, func(t *testing.T) {
			e := turn(link(t, quiet))
			tell(t, e.client, "\x82\x03abc")
			e.client.CloseWrite()
			hear(t, e.fromClient, "\x82\x03abc")
			end(t, e.fromClient, nil)
			tell(t, e.upstream, "\x82\x03def")
			hear(t, e.fromUpstream, "\x82\x03def")
			e.upstream.CloseWrite()
			end(t, e.fromUpstream, nil)
			e.gone(t)
		})
	}
}

func same(e ends) ends { return e }

// turned swaps the ends, for what holds in both directions.
func turned(e ends) ends {
	e.client, e.upstream = e.upstream, e.client
	e.fromClient, e.fromUpstream = e.fromUpstream, e.fromClient
	return e
}

// gone waits until the proxy keeps nothing of a connection.
func (e ends) gone(t testing.TB) {
	t.Helper()
	e.state(t, "the end", func(d model.Detail) bool { return d.Close != nil })
	for limit := time.Now().Add(patienceOfTests); e.monitor.Source().Size() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the connection stays")
		}
	}
}

// A reset at one end is a reset at the other, and what came before it is not lost.
func TestProxyReset(t *testing.T) {
	for name, turn := range map[string]func(ends) ends{"client": same, "upstream": turned} {
		t.Run(name, func(t *testing.T) {
			e := turn(link(t, quiet))
			tell(t, e.client, "\x82\x03abc")
			hear(t, e.fromClient, "\x82\x03abc")
			e.client.SetLinger(0)
			e.client.Close()
			end(t, e.fromClient, syscall.ECONNRESET)
			e.gone(t)
		})
	}
}

// A close frame passes, and so does its answer, whichever end begins.
func TestProxyCloseFrames(t *testing.T) {
	for name, tc := range map[string]struct {
		turn func(ends) ends
		by   model.Closer
	}{"client": {same, model.ByPeer}, "upstream": {turned, model.ByApp}} {
		t.Run(name, func(t *testing.T) {
			e := tc.turn(link(t, nil))
			dress, answer := maskedFrame, bareFrame
			if name == "upstream" {
				dress, answer = bareFrame, maskedFrame
			}
			tell(t, e.client, dress(closing(4321, "that is it")))
			hearClose(t, e.fromClient, 4321, "that is it")
			tell(t, e.upstream, answer(closing(4321, "")))
			hearClose(t, e.fromUpstream, 4321, "")
			e.upstream.Close()
			e.client.Close()
			e.gone(t)
			d := e.state(t, "its end", func(d model.Detail) bool { return d.Close != nil })
			if d.Close.By != tc.by || d.Close.Code != 4321 || d.Close.Reason != "that is it" {
				t.Errorf("%+v", d.Close)
			}
		})
	}
}

// Whom holter kicks learns the code, and so does the other end, at once.
func TestProxyKick(t *testing.T) {
	e := link(t, nil)
	d := e.state(t, "the connection", func(d model.Detail) bool { return len(d.Legs) == 2 })
	kick := model.Kick{IDs: []model.ID{d.ID}, Code: 4000, Reason: "enough"}
	if _, err := e.monitor.Source().Kick(t.Context(), kick); err != nil {
		t.Fatal(err)
	}
	hearClose(t, e.fromUpstream, 4000, "enough")
	hearClose(t, e.fromClient, 4000, "enough")
	tell(t, e.client, maskedFrame(closing(4000, "")))
	tell(t, e.upstream, bareFrame(closing(4000, "")))
	e.upstream.Close()
	end(t, e.fromUpstream, nil)
	e.client.Close()
	e.gone(t)
}

// Ends that do not answer are let go all the same.
func TestProxyKickOfTheMute(t *testing.T) {
	for _, reset := range []bool{false, true} {
		e := link(t, quiet)
		d := e.state(t, "the connection", func(d model.Detail) bool { return len(d.Legs) == 2 })
		if _, err := e.monitor.Source().Kick(t.Context(), model.Kick{IDs: []model.ID{d.ID}, Reset: reset}); err != nil {
			t.Fatal(err)
		}
		if reset {
			end(t, e.fromUpstream, syscall.ECONNRESET)
			end(t, e.fromClient, syscall.ECONNRESET)
		} else {
			hearClose(t, e.fromUpstream, 1001, "")
			hearClose(t, e.fromClient, 1001, "")
			io.Copy(io.Discard, e.fromUpstream)
			io.Copy(io.Discard, e.fromClient)
		}
		e.gone(t)
	}
}

// An end that fails is given up if that was asked for, and the other one is told why.
func TestProxyFailure(t *testing.T) {
	for name, turn := range map[string]func(ends) ends{"client": turned, "upstream": same} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it takes its time
			e := turn(link(t, func(o *server.Options, _ *Options) {
				o.Interval, o.MinTimeout, o.MaxTimeout = 50*time.Millisecond, 20*time.Millisecond, 50*time.Millisecond
				o.OnFail = model.OnFailClose
			}))
			// On a busy machine holter suspects its own lateness first, and waits up to eight times as long.
			for _, c := range []*net.TCPConn{e.client, e.upstream} {
				c.SetDeadline(time.Now().Add(time.Minute))
			}
			answered := make(chan struct{})
			go func() { // the client answers its pings, the upstream does not
				defer close(answered)
				for {
					f, err := nextFrame(e.fromUpstream)
					if err != nil {
						t.Error(err)
						return
					}
					switch f.Header.OpCode {
					case ws.OpPing:
						pong := ws.NewPongFrame(f.Payload)
						if !f.Header.Masked {
							pong = ws.MaskFrame(pong)
						}
						ws.WriteFrame(e.client, pong)
					case ws.OpClose:
						if code, reason := ws.ParseCloseFrameData(f.Payload); code != 3008 || reason != "heartbeat timeout" {
							t.Errorf("%d %q", code, reason)
						}
						return
					}
				}
			}()
			<-answered
			e.client.Close()
			e.gone(t)
		})
	}
}

// At the end of holter both ends get a close frame, and nothing is left.
func TestProxyShutdown(t *testing.T) {
	e := link(t, nil)
	half := link(t, quiet) // which the hub has forgotten by then
	half.client.CloseWrite()
	end(t, half.fromClient, nil)
	for _, p := range []running{e.running, half.running} {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
	hearClose(t, e.fromUpstream, 1001, "holter is shutting down")
	hearClose(t, e.fromClient, 1001, "holter is shutting down")
}

// Protocols that holter does not know pass untouched. They are on the list, and nothing is said of their health.
func TestProxyOtherProtocols(t *testing.T) {
	url := rawBackend(t, func(c net.Conn, in *bufio.Reader) {
		if head := readRequest(in); !strings.Contains(head, "\r\nUpgrade: imap\r\n") {
			t.Errorf("%q", head)
		}
		io.WriteString(c, "HTTP/1.1 101 Yes\r\nX-What: ever\r\nUpgrade: imap\r\nConnection: Upgrade\r\n\r\nhello ")
		io.Copy(c, in)
	})
	p := runProxy(t, url, func(o *server.Options, _ *Options) { o.Interval = 10 * time.Millisecond })
	c := connectTo(t, p.Addr().String())
	tell(t, c, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: imap\r\nConnection: Upgrade\r\n\r\nearly ")
	in := bufio.NewReader(c)
	if head := readRequest(in); head != "HTTP/1.1 101 Yes\r\nX-What: ever\r\nUpgrade: imap\r\nConnection: Upgrade\r\n\r\n" {
		t.Errorf("%q", head)
	}
	junk := "\x89\x00\x8a\x00\x88\x00" + strings.Repeat("\x82", 100_000)
	tell(t, c, junk)
	hear(t, in, "hello early "+junk)
	s, _ := p.monitor.Source().Snapshot(t.Context())
	if len(s.Connections) != 1 || s.Connections[0].Diagnosis.Cause != model.CauseFramesLost || s.Connections[0].PingsSent > 0 {
		t.Errorf("listed: %+v", s.Connections)
	}
	c.CloseWrite()
	end(t, in, nil)
}

// Both legs are beaten over, and neither end sees the other's pongs.
func TestProxyBeats(t *testing.T) {
	e := link(t, func(o *server.Options, _ *Options) { o.Interval = 20 * time.Millisecond })
	over := make(chan struct{}, 2)
	for _, e := range []ends{e, turned(e)} {
		go func() {
			defer func() { over <- struct{}{} }()
			for {
				f, err := nextFrame(e.fromUpstream)
				if err != nil {
					return
				}
				if f.Header.OpCode != ws.OpPing {
					t.Errorf("%v", f.Header)
				}
				pong := ws.NewPongFrame(f.Payload)
				if !f.Header.Masked {
					pong = ws.MaskFrame(pong)
				}
				ws.WriteFrame(e.client, pong)
			}
		}()
	}
	e.state(t, "five beats on each leg", func(d model.Detail) bool {
		return len(d.Legs) == 2 && d.Legs[0].PongsReceived >= 5 && d.Legs[1].PongsReceived >= 5 && d.Legs[0].RTT > 0 && d.Legs[1].RTT > 0
	})
	e.client.Close()
	e.upstream.Close()
	<-over
	<-over
}

// A client that has written more than the backend takes, and then closed, is still on the list after that: but not
// for longer than any other half-closed connection.
func TestProxyEndBehindUnreadBytes(t *testing.T) {
	const bound = 700 * time.Millisecond
	e := link(t, func(s *server.Options, o *Options) {
		quiet(s, o)
		o.HalfCloseTimeout = bound
	})
	message := maskedFrame(ws.NewBinaryFrame(make([]byte, 64<<10)))
	for taken := true; taken; {
		before := e.state(t, "the connection", func(model.Detail) bool { return true }).BytesIn
		tell(t, e.client, message)
		for limit := time.Now().Add(bound / 2); ; time.Sleep(time.Millisecond) {
			d := e.state(t, "the connection", func(model.Detail) bool { return true })
			if taken = d.BytesIn > before; taken || time.Now().After(limit) {
				break
			}
		}
	}
	e.client.Close()
	d := e.state(t, "the end", func(d model.Detail) bool { return !d.Open() && e.monitor.Source().Size() == 0 })
	if d.Close.By != model.ByNetwork || d.Close.Code != 1006 {
		t.Errorf("closed with %+v", *d.Close)
	}
	if n, err := io.Copy(io.Discard, e.fromClient); err != nil || n < 1<<20 {
		t.Errorf("the backend reads %d bytes, then %v, want what was written before the end and no error", n, err)
	}
}
