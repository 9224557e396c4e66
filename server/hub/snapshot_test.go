package hub

import (
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// Bytes may pass after a snapshot has taken the time.
func TestSilenceIsNeverNegative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(quick())
		c, app, _ := forged(t, h, "ann")
		asked := h.now()
		time.Sleep(time.Second)
		app.Write(ws.MustCompileFrame(ws.NewTextFrame(nil)))
		c.mu.Lock()
		defer c.mu.Unlock()
		var s model.Connection
		if c.snapshot(&s, asked); s.Silence < 0 || s.DataSilence < 0 {
			t.Errorf("silence %v, data silence %v", s.Silence, s.DataSilence)
		}
	})
}

func TestSnapshotIsSortedAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		h.Announce("ws://127.0.0.1:7070/ws", "")
		h.Sampled(model.Host{Time: time.Now()})
		for _, client := range []string{"cid", "ann", "ben", "ann"} {
			connect(t, h, client)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		s := snapshot(t, h)
		for i, c := range s.Connections {
			if c.ID != model.ID(i+1) || c.PingsSent == 0 || c.FramesIn != c.PongsReceived || c.FramesOut != c.PingsSent ||
				c.BytesIn == 0 || c.BytesOut == 0 || c.Path != "/ws" || c.UserAgent != "peer/1" {
				t.Errorf("%+v", c)
			}
		}
		if len(s.Clients) != 3 || s.Clients[0].ID != "ann" || s.Clients[1].ID != "ben" || s.Clients[2].ID != "cid" {
			t.Errorf("%+v", s.Clients)
		}
		if n := s.Count(); n != (model.Counts{Normal: 4, Present: 3}) {
			t.Errorf("%+v", n)
		}
		if s.Monitor.Address == "" || s.Host.Time.IsZero() || s.Monitor.Lateness != 1 {
			t.Errorf("%+v, %+v", s.Monitor, s.Host)
		}
		if b := s.Rates.Beats; b < 3 || b > 5 { // four connections beat each second
			t.Errorf("%v beats a second", b)
		}
	})
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.Rhythm.Scheme = model.SchemeNone
		h, _ := start(t, o)
		time.Sleep(500 * ms) // so that the events fall between two readings
		go connect(t, h, "ann").every(time.Second, func() { h.Refused(request("ben"), 503, "too many connections") })
		for range 20 { // comes back each second
			connect(t, h, "cid").leave()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		r := snapshot(t, h).Rates
		if r.Connects != 1 || r.Reconnects != 1 || r.Closes != 1 || r.Refused != 1 || r.Beats != 0 || r.BytesIn == 0 || r.BytesOut == 0 {
			t.Errorf("%+v", r)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if r := snapshot(t, h).Rates; r != (model.Rates{Refused: 1}) {
			t.Errorf("%+v after everything has ended", r)
		}
	})
}

// The bytes of a connection move from its own sum to that of the closed ones, and count once at any time.
func TestBytesAreNeitherLostNorCountedTwice(t *testing.T) {
	const n, size = 500, 10_000
	h := New(quick())
	var conns []io.Closer
	message := ws.MustCompileFrame(ws.NewBinaryFrame(make([]byte, size)))
	for range n {
		_, app, _ := forged(t, h, "ann")
		app.Write(message)
		conns = append(conns, app)
	}
	h.measure()
	before := h.registry.rates.readings[0].bytesOut
	if before < n*size {
		t.Fatalf("%d bytes", before)
	}
	var closing sync.WaitGroup
	closing.Go(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	for h.Size() > 0 {
		h.measure()
		if now := h.registry.rates.readings[h.registry.rates.n-1].bytesOut; now != before {
			t.Fatalf("%d bytes are %d while connections close", before, now)
		}
	}
	closing.Wait()
}

func BenchmarkSnapshot(b *testing.B) {
	h := New(quick())
	for range 10_000 {
		forged(b, h, "many")
	}
	b.ReportAllocs()
	for b.Loop() {
		snapshot(b, h)
	}
}
