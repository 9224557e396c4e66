package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sync/errgroup"

	"holter/model"
	"holter/server"
	"holter/server/plane"
	"holter/server/proxy"
)

// route is a way from a client to an application.
type route struct {
	name string
	// address of an application that is served until the end of the test
	open   func(t *testing.T, app http.Handler) (address string)
	manner []manner
}

// manner is how a conversation goes out.
type manner string

const (
	atOnce  manner = "at once"  // in one write
	inBytes manner = "in bytes" // one at a time, or a hundredth of a long frame
	beaten  manner = "beaten"   // frame by frame, with a ping of holter's and its pong before each of the first
)

// maxBeaten is how many frames are kept waiting for a ping.
const maxBeaten = 4

var routes = []route{
	{"bare", func(t *testing.T, app http.Handler) string { return serve(t, app, false).Listener.Addr().String() }, []manner{atOnce}},
	{"middleware", func(t *testing.T, app http.Handler) string {
		return serve(t, rfcMonitor(t).Wrap(app), false).Listener.Addr().String()
	}, []manner{inBytes, beaten}},
	{"proxy", func(t *testing.T, app http.Handler) string {
		return serveProxy(t, serve(t, app, false).URL)
	}, []manner{inBytes, beaten}},
}

var rfcOptions = server.Options{Interval: 50 * time.Millisecond, OnFail: model.OnFailObserve, Logger: slog.New(slog.DiscardHandler)}

func rfcMonitor(t *testing.T) *server.Monitor {
	m := server.New(rfcOptions)
	runUntilEnd(t, m.Run)
	return m
}

func serveProxy(t *testing.T, upstream string) (address string) {
	s, err := proxy.New(server.New(rfcOptions).Door(), proxy.Options{
		ListenOptions:   plane.ListenOptions{Listen: "127.0.0.1:0"},
		UpstreamOptions: proxy.UpstreamOptions{Upstream: upstream},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, s.Run)
	return s.Addr().String()
}

func runUntilEnd(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestRFC6455 holds the same conversations with each library, in the categories of the Autobahn test
// suite. What a library makes of one is its own affair; it has to make the same of it with holter in
// between. (melody is left out: it answers pings and messages in an order that varies.)
func TestRFC6455(t *testing.T) {
	for _, l := range libraries {
		if l.name == "melody" {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, r := range routes {
				address := r.open(t, l.handler(t))
				for _, m := range r.manner {
					got := holdAll(t, address, m)
					if want == nil {
						want = got
						checkReference(t, l, want)
						continue
					}
					for i, c := range conversations {
						if got[i] != want[i] {
							t.Errorf("%s, %s, %s:\n%s\nwithout holter:\n%s", r.name, m, c.name, got[i], want[i])
						}
					}
				}
			}
		})
	}
}

// checkReference makes sure that there was something to compare.
func checkReference(t *testing.T, l library, transcripts []string) {
	t.Helper()
	for i, c := range conversations {
		if c.want != "" && !bytes.Contains([]byte(transcripts[i]), []byte(c.want)) {
			t.Errorf("%s without holter: %s, want %s", c.name, transcripts[i], c.want)
		}
	}
}

// holdAll holds all conversations, and returns what came back in each.
func holdAll(t *testing.T, address string, m manner) []string {
	t.Helper()
	transcripts := make([]string, len(conversations))
	var g errgroup.Group
	g.SetLimit(100)
	for i, c := range conversations {
		g.Go(func() (err error) {
			if transcripts[i], err = c.hold(address, m); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return transcripts
}

// hold says everything and then, with the end of its stream, that this was all. So whatever the
// application has to say comes, and then its end.
func (c *conversation) hold(address string, m manner) (transcript string, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	header := http.Header{}
	if c.deflate {
		header.Set("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover; server_no_context_takeover")
	}
	p, err := shakeHands(conn, "/ws", header)
	if err != nil {
		conn.Close()
		return "", err
	}
	defer p.close()
	p.head.Header.Del("Date")
	var said sync.WaitGroup
	said.Go(func() { c.say(p, m) })
	out := fmt.Appendf(nil, "%s %v\n", p.head.Status, p.head.Header)
	for f := range p.frames {
		out = append(out, describe(f)...)
	}
	said.Wait()
	return string(out), nil
}

func (c *conversation) say(p *peer, m manner) {
	frames := c.frames
	if m == atOnce {
		frames = [][]byte{bytes.Join(frames, nil)}
	}
	for i, frame := range frames {
		if m == beaten && i < maxBeaten && !p.beatOrEnd() {
			return
		}
		p.write.Lock()
		p.writeIn(frame, m)
		if i == len(frames)-1 { // no pong may follow: this may have been half a frame
			p.conn.(*net.TCPConn).CloseWrite()
		}
		p.write.Unlock()
	}
}

func (p *peer) writeIn(frame []byte, m manner) {
	if m != inBytes {
		p.conn.Write(frame)
		return
	}
	for piece := range slices.Chunk(frame, max(1, len(frame)/100)) {
		p.conn.Write(piece)
	}
}

// lastBeat is how long to wait for a ping that need not come, which is five intervals: where holter has lost track of
// the frames, and after a close frame, it sends none.
const lastBeat = 250 * time.Millisecond

// beatOrEnd waits for the next ping of holter's, and reports false if the conversation is over.
func (p *peer) beatOrEnd() bool {
	before, enough := p.beats.Load(), time.After(lastBeat)
	for p.beats.Load() == before {
		select {
		case <-p.over:
			return false
		case <-enough:
			return true
		case <-time.After(time.Millisecond):
		}
	}
	return true
}

// describe is a line for a frame: long payloads in short.
func describe(f ws.Frame) string {
	payload := fmt.Sprintf("%q", f.Payload)
	if len(f.Payload) > 125 {
		payload = fmt.Sprintf("%d bytes %x", len(f.Payload), sha256.Sum256(f.Payload))
	}
	return fmt.Sprintf("fin %t rsv %d opcode %x %s\n", f.Header.Fin, f.Header.Rsv, f.Header.OpCode, payload)
}
