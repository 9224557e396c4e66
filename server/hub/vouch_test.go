package hub

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// proxied connects a client through h to a backend that answers pings, both in memory.
func proxied(t *testing.T, h *Hub) (client *peer, upstream *peer) {
	t.Helper()
	client = connect(t, h, "ann")
	near, far := inMemory()
	up := h.AdoptUpstream(client.app, near, nil)
	up.Prove()
	upstream = newPeer(far)
	upstream.app, upstream.server = up, near
	read := make(chan struct{})
	go func() {
		defer close(read)
		io.Copy(io.Discard, up)
		up.Close()
	}()
	go upstream.runPlain()
	t.Cleanup(func() {
		far.Close()
		<-upstream.over
		<-read
	})
	return client, upstream
}

// runPlain is run for an end that gets no response head. Its pongs are not masked.
func (p *peer) runPlain() {
	defer close(p.over)
	defer p.conn.Close()
	for {
		f, err := readFrame(p.conn)
		if err != nil {
			return
		}
		p.note(f)
		time.Sleep(time.Duration(p.stall.Load()))
		if f.Header.OpCode == ws.OpPing && !p.frozen.Load() {
			ws.WriteFrame(p.conn, ws.NewPongFrame(ws.UnmaskFrameInPlace(f).Payload))
		}
	}
}

// observing are options to beat every second and to close nothing.
func observing() Options {
	o := quick()
	o.OnFail = model.OnFailObserve
	return o
}

// Two idle ends keep each other's beats going. When one falls silent, the other gets no more pings than the one
// whose evidence was already there, and is not judged; when it comes back, so do the beats.
func TestNobodyIsVouchedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		silent model.Side
		more   int // pings to the other end after the last answer
	}{
		"the client falls silent":   {model.ClientSide, 0},
		"the upstream falls silent": {model.UpstreamSide, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, observing())
				client, upstream := proxied(t, h)
				time.Sleep(30 * time.Second)
				for side, p := range map[model.Side]*peer{model.ClientSide: client, model.UpstreamSide: upstream} {
					if n := len(p.pinged()); n < 25 {
						t.Errorf("%d pings to the %s in 30 s", n, side)
					}
				}
				silent, other := client, upstream
				if tt.silent == model.UpstreamSide {
					silent, other = upstream, client
				}
				silent.frozen.Store(true)
				time.Sleep(time.Duration(fresh)) // a beat that follows its last answer may still be on its way
				before := len(other.pinged())
				time.Sleep(time.Minute)
				if n := len(other.pinged()) - before; n > tt.more {
					t.Errorf("%d pings to the other end vouch for a dead one", n)
				}
				d := detail(t, h, client.id)
				legs := map[model.Side]model.State{d.Legs[0].Side: d.Legs[0].State, d.Legs[1].Side: d.Legs[1].State}
				if legs[tt.silent] != model.Failed || legs[1-tt.silent] != model.Normal {
					t.Errorf("states %v", legs)
				}
				silent.frozen.Store(false)
				if tt.silent == model.ClientSide {
					silent.say("back")
				} else {
					ws.WriteFrame(silent.conn, ws.NewTextFrame([]byte("back")))
				}
				before = len(other.pinged())
				time.Sleep(10 * time.Second)
				if n := len(other.pinged()) - before; n < 5 {
					t.Errorf("%d pings to the other end after the silent one came back", n)
				}
			})
		})
	}
}

// An upstream that speaks is the only one to say that it lives: a beat to the client goes right after a byte of the
// upstream's, never on its own.
func TestBeatsFollowBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		client, upstream := proxied(t, h)
		go upstream.every(1500*time.Millisecond, func() {
			if !upstream.frozen.Load() {
				ws.WriteFrame(upstream.conn, ws.NewTextFrame([]byte("tick")))
			}
		})
		time.Sleep(20 * time.Second)
		if n := len(client.pinged()); n < 10 {
			t.Errorf("%d pings in 20 s", n)
		}
		upstream.frozen.Store(true)
		n := len(client.pinged())
		time.Sleep(1400 * ms) // its last byte was half a second ago, and so it does not count as quiet yet
		if more := len(client.pinged()) - n; more > 0 {
			t.Errorf("%d pings after the upstream's last byte", more)
		}
	})
}

// An upstream that pings at a rate of its own has left out three of its pings, after which clients have given it up,
// before a beat to the client goes without a byte of its.
func TestBeatsWaitForAnUpstreamThatPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		client, upstream := proxied(t, h)
		const beat = 1200 * time.Millisecond
		go upstream.every(beat, func() {
			if !upstream.frozen.Load() {
				ws.WriteFrame(upstream.conn, ws.NewPingFrame([]byte("own")))
			}
		})
		time.Sleep(20*beat + beat/2)
		upstream.frozen.Store(true)
		n := len(client.pinged())
		time.Sleep(3 * beat)
		if more := len(client.pinged()) - n; n < 15 || more > 0 {
			t.Errorf("%d pings while the upstream lived, and %d after its last byte", n, more)
		}
		upstream.frozen.Store(false)
		time.Sleep(20 * beat)
		if more := len(client.pinged()) - n; more < 15 {
			t.Errorf("%d pings after it has come back", more)
		}
	})
}

// A charger that answers no pings does not keep the server from being watched.
func TestUpstreamOfAMuteClientIsBeaten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		client, upstream := proxied(t, h)
		client.frozen.Store(true)
		go client.every(8*time.Second, func() { client.say("report") })
		time.Sleep(time.Minute)
		n := len(upstream.pinged())
		time.Sleep(time.Minute)
		if more := len(upstream.pinged()) - n; more < 7 { // off Linux's sockets the kernel tells nothing: by its reports alone
			t.Errorf("%d pings to the upstream in a minute", more)
		}
		if d := detail(t, h, client.id).Legs[0]; d.State != model.Normal || d.Diagnosis.Cause != model.CauseNoPong {
			t.Errorf("%s, %+v", d.State, d.Diagnosis)
		}
	})
}

// keyed is a request with a key, and the head that accepts it.
func keyed() (*http.Request, string) {
	r := request("ann")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	return r, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
}

// What is not proved to be a WebSocket gets no ping: not what lacks the accept, however long it is silent, and not
// what has it and speaks otherwise.
func TestNoPingIntoAForeignProtocol(t *testing.T) {
	const remote = "\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05hello" // of an editor: type, id, ack, length
	_, accepts := keyed()
	for name, tt := range map[string]struct {
		head          string
		client, app   string // what each end says
		pings, listed bool
	}{
		"no accept":             {switching, "", "", false, true},
		"no accept, client":     {switching, remote, "", false, true},
		"no accept, server":     {switching, "", remote, false, true},
		"accept, client":        {accepts, remote, "", false, true},
		"accept, server":        {accepts, "", remote, false, true},
		"accept, server's line": {accepts, "", "220 ready\r\n", false, true},
		"accept, silence":       {accepts, "", "", true, true},
		"accept, a message":     {accepts, "\x81\x81\x00\x00\x00\x00x", "", true, true},
		"accept, an answer":     {accepts, "", "\x81\x01x", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, observing())
				server, end := inMemory()
				r, _ := keyed()
				app := h.Adopt(r, server, nil, nil)
				app.Expect(r)
				io.WriteString(app, tt.head)
				io.ReadFull(end, make([]byte, len(tt.head)))
				got := make(chan string)
				go func() {
					io.Copy(io.Discard, app)
					app.Close()
				}()
				go func() {
					b, _ := io.ReadAll(end)
					got <- string(b)
				}()
				io.WriteString(end, tt.client)
				io.WriteString(app, tt.app)
				time.Sleep(time.Minute)
				s := snapshot(t, h).Connections
				if len(s) != 1 || !s[0].Open() || (s[0].PingsSent > 0) != tt.pings {
					t.Errorf("%+v", s)
				}
				if !tt.pings && s[0].State != model.Normal {
					t.Errorf("it is called %s", s[0].State)
				}
				end.Close()
				app.Close()
				if b := <-got; (len(b) > len(tt.app)) != tt.pings {
					t.Errorf("the client got %q", b)
				}
			})
		})
	}
}

// What has ended stays on the list, counts for the limits and can be kicked until its sockets are closed.
func TestHalfClosedIsStillThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		near, end := inMemory()
		c := h.Adopt(request("ann"), near, nil, nil)
		io.WriteString(c, switching)
		back, far := inMemory()
		up := h.AdoptUpstream(c, back, nil)
		go io.Copy(io.Discard, end)
		go io.Copy(io.Discard, far)
		go io.Copy(io.Discard, up)
		synctest.Wait()
		end.out.end(false) // the client's FIN
		io.Copy(io.Discard, c)
		time.Sleep(2 * h.o.Linger)
		s := snapshot(t, h)
		if len(s.Connections) != 1 || s.Connections[0].State != model.Closed || h.Size() != 1 || h.Sizes(request("ann")).FromOrigin != 1 {
			t.Fatalf("size %d, %+v", h.Size(), s.Connections)
		}
		if n, err := h.Kick(t.Context(), model.Kick{Query: "all"}); n != 1 || err != nil {
			t.Errorf("kicked %d, %v", n, err)
		}
		synctest.Wait()
		if h.Size() != 0 {
			t.Errorf("size %d after the kick", h.Size())
		}
		time.Sleep(2 * h.o.Linger)
		if s := snapshot(t, h); len(s.Connections) > 0 {
			t.Errorf("still listed: %+v", s.Connections)
		}
	})
}

// After the first close frame holter sends nothing, also while the other end takes its time to answer.
func TestNoPingAfterACloseFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		for _, closer := range []model.Closer{model.ByPeer, model.ByApp} {
			p := connect(t, h, closer.String())
			time.Sleep(5 * time.Second)
			p.frozen.Store(true)
			if closer == model.ByPeer {
				p.send(ws.NewCloseFrame(nil))
			} else {
				ws.WriteFrame(p.app, ws.NewCloseFrame(nil))
			}
			synctest.Wait()
			n := len(p.pinged())
			time.Sleep(30 * time.Second)
			if more := len(p.pinged()) - n; n == 0 || more > 0 {
				t.Errorf("closed by %s: %d pings before, %d after", closer, n, more)
			}
		}
	})
}

// An upstream that pings every six intervals is missed within a fifth of the time that a client waits for its pings,
// and both ends are beaten in between.
func TestBeatsBesideAnUpstreamThatPingsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		client, upstream := proxied(t, h)
		const beat = 6 * time.Second
		go upstream.every(beat, func() {
			if !upstream.frozen.Load() {
				ws.WriteFrame(upstream.conn, ws.NewPingFrame([]byte("own")))
			}
		})
		time.Sleep(10*beat + beat/100)
		upstream.frozen.Store(true)
		frozen := time.Now()
		if n := len(client.pinged()); n < 50 {
			t.Errorf("%d pings in a minute", n)
		}
		time.Sleep(10 * beat)
		pings := client.pinged()
		if late := pings[len(pings)-1].Sub(frozen); late > beat/5 {
			t.Errorf("the last ping came %v after the upstream's end", late)
		}
	})
}

// The upstream is asked right after the client has answered. If the scheduler is late for that, the client's next beat goes
// all the same, and the upstream is asked after its answer. If the upstream is asked and silent, there are no more.
func TestBeatsGoOnAfterAMissedTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(observing()) // without a scheduler
		c, app, end := forged(t, h, "ann")
		near, far := inMemory()
		up := h.AdoptUpstream(app, near, nil)
		up.Prove()
		client, upstream := newPeer(end), newPeer(far)
		go client.run()
		go upstream.runPlain()
		for _, conn := range []io.ReadWriteCloser{app, up} {
			go io.Copy(io.Discard, conn)
			defer conn.Close()
		}
		visit := func(l *leg, after time.Duration, toClient, toUpstream int) {
			t.Helper()
			time.Sleep(after)
			h.visit(l, h.now())
			synctest.Wait()
			if n, m := len(client.pinged()), len(upstream.pinged()); n != toClient || m != toUpstream {
				t.Errorf("%d pings to the client and %d to the upstream, want %d and %d", n, m, toClient, toUpstream)
			}
		}
		visit(&c.toClient, 2*time.Second, 1, 0)
		visit(c.toUpstream, 400*ms, 1, 0) // late
		visit(&c.toClient, time.Second, 2, 0)
		visit(c.toUpstream, 10*ms, 2, 1)
		upstream.frozen.Store(true)
		visit(&c.toClient, 1200*ms, 3, 1)
		visit(c.toUpstream, 10*ms, 3, 2)
		visit(&c.toClient, 1200*ms, 3, 2)
		visit(&c.toClient, time.Minute, 3, 2)
	})
}
