package hub

import (
	"bufio"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// backend is the server's end of an upstream leg: it answers masked pings until it freezes.
func backend(t *testing.T, conn *memory, frozen *atomic.Bool) (over chan struct{}) {
	over = make(chan struct{})
	go func() {
		defer close(over)
		in := bufio.NewReader(conn)
		for {
			f, err := readFrame(in)
			if err != nil {
				return
			}
			if !f.Header.Masked {
				t.Errorf("a %v frame that is not masked", f.Header.OpCode)
			}
			if f.Header.OpCode == ws.OpPing && !frozen.Load() {
				ws.WriteFrame(conn, ws.NewPongFrame(ws.UnmaskFrameInPlace(f).Payload))
			}
		}
	}()
	return over
}

// Behind a proxy a snapshot shows the worse of the two legs, and a detail shows both.
func TestUpstreamIsTheWorseLeg(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.OnFail = model.OnFailObserve
		h, _ := start(t, o)
		p := connect(t, h, "ann")
		near, far := inMemory()
		var frozen atomic.Bool
		over := backend(t, far, &frozen)
		up := h.AdoptUpstream(p.app, near, nil)
		read := make(chan struct{})
		go func() {
			defer close(read)
			io.Copy(io.Discard, up)
		}()
		t.Cleanup(func() {
			up.Close()
			far.Close()
			<-over
			<-read
		})

		time.Sleep(20 * time.Second)
		synctest.Wait()
		if d := detail(t, h, p.id); d.State != model.Normal || d.Side != model.ClientSide || len(d.Legs) != 2 ||
			d.Legs[1].PongsReceived < 15 || d.Legs[1].Side != model.UpstreamSide {
			t.Fatalf("%s on the %s's side, legs %+v", d.State, d.Side, d.Legs)
		}
		frozen.Store(true)
		time.Sleep(failedWithin)
		synctest.Wait()
		d := detail(t, h, p.id)
		if d.State != model.Failed || d.Side != model.UpstreamSide || d.Legs[0].State != model.Normal {
			t.Errorf("%s on the %s's side, the client's %s", d.State, d.Side, d.Legs[0].State)
		}
		if last := d.Transitions[len(d.Transitions)-1]; last.Side != model.UpstreamSide || last.To != model.Failed {
			t.Errorf("last transition %+v", last)
		}
		up.Close()
		synctest.Wait()
		if s := snapshot(t, h).Connections[0]; s.State != model.Normal || s.Close != nil {
			t.Errorf("%s after the upstream's end, close %v: the client's leg is still there", s.State, s.Close)
		}
		now := time.Now()
		d = detail(t, h, p.id)
		if l := d.Legs[1]; l.State != model.Closed || now.Sub(l.Since) > time.Second || d.Transitions[len(d.Transitions)-1].To != model.Closed {
			t.Errorf("the upstream's leg is %s since %v, at %v", l.State, l.Since, now)
		}
	})
}

// A goroutine that has read or written bytes may come to report them only after a kick has closed their socket.
func TestReportsAfterTheSocketIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		client, upstream := proxied(t, h)
		time.Sleep(3 * time.Second)
		if n, err := h.Kick(t.Context(), model.Kick{IDs: []model.ID{client.id}, Reset: true}); n != 1 || err != nil {
			t.Fatalf("%d kicked: %v", n, err)
		}
		synctest.Wait()
		before := detail(t, h, client.id)
		for _, p := range []*peer{client, upstream} {
			w, now := p.app.Watcher(), h.now()
			w.Pong(1, now, true)
			w.Sent(99, now)
			w.RoundTrip(ms)
			w.PeerBeat(now, false)
			w.Beat(now, true)
			w.Heard(now)
			w.TooLong()
			w.Lost(true, true)
		}
		after := detail(t, h, client.id)
		if after.State != model.Closed || after.PongsReceived != before.PongsReceived+1 || len(after.Transitions) != len(before.Transitions) {
			t.Errorf("%s with %d pongs and %d transitions, before %d and %d", after.State, after.PongsReceived, len(after.Transitions),
				before.PongsReceived, len(before.Transitions))
		}
	})
}
