package proxy

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server"
)

// garbage begins with a header that no frame has. What looks like frames in it are none.
const garbage = "\x83\x80abcd" + "\x89\x00GET / HTTP/1.1\r\n\r\n\x88\x00\x8a\x7f"

// speaker is an end of a proxied connection that answers pings.
type speaker struct {
	*net.TCPConn
	in    *bufio.Reader
	pings uint64 // that came
}

// next reads up to a frame that is no ping, and answers those if it is to.
func (s *speaker) next(answers bool) (ws.Frame, error) {
	for {
		f, err := nextFrame(s.in)
		if err != nil || f.Header.OpCode != ws.OpPing {
			return f, err
		}
		if s.pings++; answers {
			s.pong(f)
		}
	}
}

func (s *speaker) pong(ping ws.Frame) {
	pong := ws.NewPongFrame(ping.Payload)
	if !ping.Header.Masked {
		pong = ws.MaskFrame(pong)
	}
	ws.WriteFrame(s, pong)
}

// meet connects a client through a proxy with the upstream that l is.
func meet(t *testing.T, address string, l net.Listener) (client, upstream *speaker) {
	t.Helper()
	c := connectTo(t, address)
	io.WriteString(c, chatRequest)
	u, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	u.SetDeadline(time.Now().Add(patienceOfTests))
	client = &speaker{TCPConn: c, in: bufio.NewReader(c)}
	upstream = &speaker{TCPConn: u.(*net.TCPConn), in: bufio.NewReader(u)}
	readRequest(upstream.in)
	io.WriteString(u, accepted)
	readRequest(client.in)
	return client, upstream
}

// Where one end stops speaking WebSocket, its bytes pass as they are, no ping goes to either end any more,
// neither end is suspected for that, and the screen says why. Others are not affected.
func TestProxyLosesTrackOfTheFrames(t *testing.T) {
	for _, sick := range []model.Side{model.ClientSide, model.UpstreamSide} {
		t.Run(sick.String(), func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			p := runProxy(t, "http://"+l.Addr().String(), func(o *server.Options, _ *Options) {
				o.Interval, o.MinTimeout, o.MaxTimeout = 10*time.Millisecond, 200*time.Millisecond, 200*time.Millisecond
			})
			healthy := make(chan struct{}, 2)
			hc, hu := meet(t, p.Addr().String(), l)
			for _, s := range []*speaker{hc, hu} {
				go func() {
					s.next(true)
					healthy <- struct{}{}
				}()
			}

			from, to := meet(t, p.Addr().String(), l)
			if sick == model.UpstreamSide {
				from, to = to, from
			}
			got := make(chan string)
			go func() { // what comes after the first byte that is not of a ping
				f, err := to.next(true)
				rest, _ := io.ReadAll(to.in)
				if err != nil || f.Header.OpCode != 3 {
					t.Errorf("%+v, %v", f.Header, err)
				}
				got <- string(rest)
			}()
			for range 3 {
				ping, err := nextFrame(from.in)
				if err != nil {
					t.Fatal(err)
				}
				from.pings++
				from.pong(ping)
			}
			tell(t, from, garbage)

			var lost, now model.Detail
			wait := func(what string, ok func(d, other model.Detail) bool) model.Detail {
				t.Helper()
				waitFor(t, what, func() bool {
					other, _ := p.monitor.Source().Detail(t.Context(), 1)
					now, _ = p.monitor.Source().Detail(t.Context(), 2)
					return ok(now, other)
				})
				return now
			}
			beats := uint64(0)
			wait("what is wrong", func(d, other model.Detail) bool {
				beats = other.PongsReceived
				return len(d.Legs) == 2 && d.Legs[0].Diagnosis.Cause == "frames-lost" && d.Legs[1].Diagnosis.Cause == "frames-lost"
			})
			// A goroutine that was just writing a ping has counted it by then.
			lost = wait("the other connection beat", func(_, other model.Detail) bool { return other.PongsReceived > beats+10 })
			wait("the other connection beat on", func(_, other model.Detail) bool { return other.PongsReceived > beats+60 })
			tell(t, from, "and more")
			for i, leg := range now.Legs {
				if before := lost.Legs[i]; leg.PingsSent != before.PingsSent || leg.Missed != before.Missed ||
					leg.State != model.Normal || leg.Diagnosis != before.Diagnosis || leg.Timeout != 0 || leg.Interval != 0 {
					t.Errorf("the %s's side was %+v and is %+v", leg.Side, before.Connection, leg.Connection)
				}
			}
			if s, _ := p.monitor.Source().Snapshot(t.Context()); len(s.Connections) != 2 {
				t.Errorf("%+v", s.Connections)
			} else {
				for _, c := range s.Connections {
					if want := map[model.ID]model.Cause{2: "frames-lost"}[c.ID]; c.Diagnosis.Cause != want {
						t.Errorf("%s is listed with %+v", c.ID, c.Diagnosis)
					}
				}
			}

			from.CloseWrite()
			if rest := <-got; rest != garbage[6:]+"and more" {
				t.Errorf("%q comes of %q", rest, garbage[6:])
			}
			to.Close()
			from.next(false)
			if want := lost.Legs[sick].PingsSent; from.pings != want {
				t.Errorf("%d pings came, want the %d that were sent before", from.pings, want)
			}
			hc.Close()
			hu.Close()
			<-healthy
			<-healthy
		})
	}
}

// A kick closes the socket at once where there is no room for a close frame any more, and the other end
// gets one.
func TestProxyKickWithoutFrames(t *testing.T) {
	for name, turn := range map[string]func(ends) ends{"client": same, "upstream": turned} {
		t.Run(name, func(t *testing.T) {
			e := turn(link(t, quiet))
			tell(t, e.client, garbage)
			hear(t, e.fromClient, garbage)
			d := e.state(t, "what is wrong", func(d model.Detail) bool { return d.Diagnosis.Cause == "frames-lost" })
			if _, err := e.monitor.Source().Kick(t.Context(), model.Kick{IDs: []model.ID{d.ID}, Code: 4000, Reason: "enough"}); err != nil {
				t.Fatal(err)
			}
			end(t, e.fromClient, nil)
			hearClose(t, e.fromUpstream, 4000, "enough")
			e.upstream.Close()
			e.client.Close()
			e.gone(t)
			d = e.state(t, "its end", func(d model.Detail) bool { return d.Close != nil })
			if d.Close.By != model.ByHolter || d.Close.Code != 4000 || d.Close.Reason != "enough" {
				t.Errorf("%+v", d.Close)
			}
		})
	}
}
