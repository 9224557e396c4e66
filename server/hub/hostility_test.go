package hub

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/server/tap"
)

// mortal is a peer behind a proxy that answers no pings. It ends after the given time, or when the first ping comes.
type mortal struct {
	after time.Duration // 0 for at the first ping
	code  ws.StatusCode // of its close frame; 0 for none
}

// live opens a connection to it, and returns that when it is over: after half a minute, if no ping comes.
func (m mortal) live(t *testing.T, h *Hub) model.Connection {
	near, client := inMemory()
	c := h.Adopt(request("ann"), near, nil, nil)
	c.Prove()
	go io.Copy(io.Discard, client)
	io.WriteString(c, switching)
	back, far := inMemory()
	up := h.AdoptUpstream(c, back, nil)
	up.Prove()
	over := make(chan struct{})
	go func() {
		io.Copy(c, up) // a proxy passes the close frame on
		up.Close()
		c.Close()
		close(over)
	}()
	go io.Copy(up, c)
	go func() {
		for { // a client that lives: else the upstream gets no ping
			select {
			case <-over:
				return
			case <-time.After(90 * ms):
				ws.WriteFrame(client, ws.MaskFrame(ws.NewTextFrame([]byte("hello"))))
			}
		}
	}()
	pinged, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			f, err := readFrame(far)
			if err != nil {
				return
			}
			if f.Header.OpCode == ws.OpPing {
				close(pinged)
				return
			}
		}
	}()
	if m.after == 0 {
		select {
		case <-pinged:
		case <-time.After(time.Minute / 2):
		}
	} else {
		time.Sleep(m.after)
	}
	if m.code != 0 {
		ws.WriteFrame(far, ws.NewCloseFrame(ws.NewCloseFrameBody(m.code, "bye")))
	}
	far.Close()
	<-over
	client.Close()
	<-gone
	synctest.Wait()
	all := snapshot(t, h).Connections
	return all[len(all)-1]
}

// A peer that hangs up on a ping is told so, and the next ones get none. What ends for another reason is not blamed on pings,
// although it answers none; at most the first is, if it has just got one.
func TestPingHostile(t *testing.T) {
	for _, tt := range []struct {
		name    string
		peer    func(i int) mortal
		hostile bool
	}{
		{"hangs up on the ping", func(int) mortal { return mortal{} }, true},
		{"takes a ping for a breach of the protocol", func(int) mortal { return mortal{code: 1002} }, true},
		{"says goodbye", func(int) mortal { return mortal{code: 1000} }, false},
		{"refuses the client when the ping comes", func(int) mortal { return mortal{code: 4401} }, false},
		{"fails when the ping comes", func(int) mortal { return mortal{code: 1011} }, false},
		{"is always closed at one age", func(int) mortal { return mortal{after: 1500 * ms} }, false},
		{"crashes at one age, mostly without a ping", func(int) mortal { return mortal{after: 200 * ms} }, false},
		{"crashes now and then", func(i int) mortal { return mortal{after: time.Duration(1+i*7%40) * 50 * ms} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, observing())
				const n = 40
				blamed, spared := 0, 0
				for i := range n {
					c := tt.peer(i).live(t, h)
					if c.Close == nil || c.Close.By != model.ByApp {
						t.Fatalf("connection %d was closed by %+v", i, c.Close)
					}
					switch {
					case c.Diagnosis.Cause != model.CausePingHostile:
					case strings.HasPrefix(c.Diagnosis.Detail, "The peer hung up"):
						blamed++
					default:
						t.Errorf("%+v", c.Diagnosis)
					}
					if legs := detail(t, h, c.ID).Legs; legs[1].PingsSent == 0 {
						spared++
					}
				}
				t.Logf("%d of %d were blamed on pings, %d got none", blamed, n, spared)
				if (blamed == 1 && spared == n-1) != tt.hostile || blamed > 1 {
					t.Errorf("%d of %d were blamed on pings, %d got none", blamed, n, spared)
				}
			})
		})
	}
}

// What spares a kind of peers is taken back when they end in the same way without pings.
func TestPingsAreTriedAgain(t *testing.T) {
	var all hostility
	k := kind{side: model.UpstreamSide, path: "/ws"}
	all.died(k, 100*ms, 0, true)
	if !all.has(k) {
		t.Fatal("not hostile after a death")
	}
	all.diedAnyway(k, time.Hour) // of old age
	if !all.has(k) {
		t.Fatal("the end of an old connection proves nothing")
	}
	all.diedAnyway(k, time.Second)
	for i := range severalDeaths {
		if all.has(k) {
			t.Fatalf("hostile after %d more deaths", i)
		}
		all.died(k, time.Duration(1+i)*100*ms, time.Duration(i)*ms, true)
	}
	if !all.has(k) {
		t.Fatalf("not hostile after %d more deaths at differing ages", severalDeaths)
	}
	all.diedAnyway(k, time.Second)
	for range mostDeaths {
		all.died(k, 200*ms, 10*ms, true)
	}
	if all.has(k) {
		t.Fatal("hostile although all end at one age")
	}
	for i := range mostDeaths {
		all.died(k, time.Duration(1+i)*100*ms, time.Duration(i)*ms, true)
	}
	if !all.has(k) {
		t.Fatal("not hostile any more")
	}
	all.clear(k)
	if all.has(k) {
		t.Fatal("hostile although one has answered")
	}
}

// A peer may hang up on a ping before the goroutine that sent the ping has said so.
func TestHangsUpBeforeThePingIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		c, app, end := forged(t, h, "ann")
		defer end.Close()
		l := &c.toClient
		app.Ping(1)
		synctest.Wait()
		l.pings = 0 // as if the leg had yet to learn of it
		sent := h.now()
		l.Closed(tap.Ending{By: model.ByNetwork, Code: 1006})
		if s := snapshot(t, h).Connections[0]; s.Diagnosis.Cause != "" {
			t.Errorf("%+v, before a word of the ping", s.Diagnosis)
		}
		l.Sent(1, sent)
		if s := snapshot(t, h).Connections[0]; s.Diagnosis.Cause != model.CausePingHostile {
			t.Errorf("%+v", s.Diagnosis)
		}
		wantStory(t, h, c.id, "connection.opened", "closed 1006 by network while closed", "cause.found")
		if !h.hostility.has(l.kind()) {
			t.Error("its like is not left alone")
		}
	})
}

// A reset that comes at the first ping, after a silence, may be from something on the way that has forgotten the
// connection. That is told, and not called hostile; but there are no more pings.
func TestResetAfterASilenceIsNotCalledHostile(t *testing.T) {
	for _, tt := range []struct {
		silence time.Duration
		hello   bool
		causes  []model.Cause
		pings   []uint64
	}{
		{0, true, []model.Cause{model.CausePingHostile, model.CausePingHostile}, []uint64{1, 0}},
		{6 * time.Second, false, []model.Cause{model.CauseUnknown, model.CauseUnknown}, []uint64{1, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := observing()
			o.Rhythm.Interval = 3 * time.Second
			h, _ := start(t, o)
			for i, want := range tt.causes {
				server, end := inMemory()
				c := h.Adopt(request("ann"), resetting{server}, nil, nil)
				over := make(chan struct{})
				go func() {
					io.Copy(io.Discard, c)
					c.Close()
					close(over)
				}()
				io.WriteString(c, switching)
				io.ReadFull(end, make([]byte, len(switching)))
				if tt.hello {
					ws.WriteFrame(end, ws.MaskFrame(ws.NewTextFrame([]byte("hello"))))
				}
				pinged := make(chan struct{})
				go func() {
					readFrame(end)
					close(pinged)
				}()
				select {
				case <-pinged:
				case <-time.After(20 * time.Second):
				}
				end.Close()
				<-over
				all := snapshot(t, h).Connections
				s := all[len(all)-1]
				if s.Diagnosis.Cause != want || s.PingsSent != tt.pings[i] {
					t.Errorf("after %v: %d pings, %+v; want %d, %s", tt.silence, s.PingsSent, s.Diagnosis, tt.pings[i], want)
				}
				t.Log(s.Diagnosis.Detail)
			}
		})
	}
}

// resetting is a connection that the other end resets.
type resetting struct{ *memory }

func (r resetting) Read(b []byte) (int, error) {
	n, err := r.memory.Read(b)
	if err == io.EOF {
		err = syscall.ECONNRESET
	}
	return n, err
}
