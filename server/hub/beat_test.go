package hub

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
	"holter/model/heart"
)

// aRun is how long after a leg became due the scheduler visits it, at most.
const aRun = heart.SchedulerPause + slotTime

func TestSteadyPeerIsNeverSuspected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		p.stall.Store(int64(20 * ms))
		time.Sleep(time.Hour)
		synctest.Wait()

		wantStory(t, h, p.id, "connection.opened")
		d := detail(t, h, p.id)
		if d.State != model.Normal || d.Missed != 0 || d.Diagnosis.Cause != "" || d.RTT != 20*ms || d.RTTMean != 20*ms {
			t.Errorf("%+v", d.Connection)
		}
		pings := p.pinged()
		if d.PingsSent != uint64(len(pings)) || d.PingsSent-d.PongsReceived > 1 { // one may be on its way
			t.Errorf("%d pings sent and %d pongs received, the peer saw %d", d.PingsSent, d.PongsReceived, len(pings))
		}
		for i := 1; i < len(pings); i++ {
			if gap := pings[i].Sub(pings[i-1]); gap < d.Interval || gap > d.Interval+aRun {
				t.Fatalf("beat %d came %v after the one before, at an interval of %v", i, gap, d.Interval)
			}
		}
	})
}

func TestBeatsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		seconds := make(map[time.Duration]int)
		begin := time.Now()
		var peers []*peer
		for range 200 {
			peers = append(peers, connect(t, h, "many"))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, p := range peers {
			pings := p.pinged()
			if first := pings[0].Sub(begin); first > time.Second+aRun {
				t.Errorf("the first beat came after %v", first)
			}
			seconds[pings[len(pings)-1].Sub(begin).Truncate(100*ms)]++
		}
		for at, n := range seconds {
			if n > 100 { // of 200 in ten tenths of a second: beats that are due nearly together go out together
				t.Errorf("%d of 200 beat in the tenth of a second after %v", n, at)
			}
		}
	})
}

// settled returns a connection that has had enough round trips for a timeout of its own.
func settled(t *testing.T, h *Hub) *peer {
	t.Helper()
	p := connect(t, h, "ann")
	time.Sleep(20 * time.Second)
	synctest.Wait()
	return p
}

// The worst case of quick: the peer froze just after an answer, when the next beat was 1.1 s away. Then follow
// half a second of timeout, and three probes of 0.5, 1 and 2 s.
const (
	suspectWithin = 1100*ms + 500*ms + 2*aRun
	failedWithin  = 5200*ms + 2*aRun
)

func TestFrozenPeerIsClosedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := settled(t, h)
		frozen := time.Now()
		p.frozen.Store(true)
		time.Sleep(failedWithin)
		synctest.Wait()

		wantStory(t, h, p.id, "connection.opened", "normal to suspect: unknown", "suspect to failed: unknown",
			"closed 3008 by holter while failed")
		d := detail(t, h, p.id)
		if d.Close == nil || d.Close.Reason != "heartbeat timeout" || d.State != model.Failed || len(d.Transitions) != 2 {
			t.Fatalf("%+v", d)
		}
		if after := d.Transitions[0].At.Sub(frozen); after > suspectWithin {
			t.Errorf("suspect %v after the peer froze, want within %v", after, suspectWithin)
		}
		if after := d.Transitions[1].At.Sub(frozen); after > failedWithin {
			t.Errorf("failed %v after the peer froze, want within %v", after, failedWithin)
		}
		if !d.Since.Equal(d.Transitions[1].At) {
			t.Errorf("failed since %v, want %v", d.Since, d.Transitions[1].At)
		}
		wantEmpty(t, h)
	})
}

func TestFailedConnectionIsOnlyObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.OnFail = model.OnFailObserve
		h, _ := start(t, o)
		p := settled(t, h)
		p.frozen.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := detail(t, h, p.id); d.State != model.Failed || d.Close != nil {
			t.Fatalf("%s, close %v, want an open one that has failed", d.State, d.Close)
		}
		p.say("still here")
		synctest.Wait()
		if d := detail(t, h, p.id); d.State != model.Normal || d.Diagnosis.Cause != model.CauseJitter {
			t.Errorf("%s for %q after a message", d.State, d.Diagnosis.Cause)
		}
		p.frozen.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened", "normal to suspect: unknown", "suspect to failed: unknown",
			"failed to normal: jitter")
	})
}

func TestLateAnswerIsJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := settled(t, h)
		p.stall.Store(int64(1500 * ms))
		time.Sleep(1200 * ms) // one beat, and perhaps a probe
		p.stall.Store(0)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		got := story(h, p.id)
		if len(got) != 3 || got[1] != "normal to suspect: unknown" || got[2] != "suspect to normal: jitter" {
			t.Errorf("%q", got)
		}
		if d := detail(t, h, p.id); d.Missed != 0 || d.Diagnosis.Cause != model.CauseJitter {
			t.Errorf("%+v", d.Connection)
		}
	})
}

func TestPeerWithoutPongsStaysNormal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		p.frozen.Store(true)
		go p.every(200*ms, func() { p.say("data") })
		time.Sleep(time.Minute)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened")
		d := detail(t, h, p.id)
		if d.Diagnosis.Cause != model.CauseNoPong || d.Missed < 3 || d.PongsReceived != 0 {
			t.Errorf("%d missed, %d pongs, diagnosis %+v", d.Missed, d.PongsReceived, d.Diagnosis)
		}
	})
}

func TestClientBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.Rhythm.Scheme = model.SchemeClient
		h, _ := start(t, o)
		p := connect(t, h, "ann")
		go p.every(time.Second, func() {
			if !p.frozen.Load() {
				p.ping()
			}
		})
		time.Sleep(10*time.Minute + 500*ms)
		synctest.Wait()
		d := detail(t, h, p.id)
		if d.State != model.Normal || d.PingsSent != 0 || len(p.pinged()) != 0 || d.PingsReceived != 600 {
			t.Fatalf("%s, %d pings sent and %d received", d.State, d.PingsSent, d.PingsReceived)
		}
		p.frozen.Store(true)
		// Its rhythm of 1 s, half of that, and half a second. Then the time that probes would take.
		time.Sleep(2*time.Second + 3500*ms + 2*aRun)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened", "normal to suspect: unknown", "suspect to failed: unknown",
			"closed 3008 by holter while failed")
		if n := len(p.pinged()); n != 0 {
			t.Errorf("the peer got %d pings", n)
		}
	})
}

func TestSchemeNoneOnlyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.Rhythm.Scheme = model.SchemeNone
		h, _ := start(t, o)
		p := connect(t, h, "ann")
		p.frozen.Store(true)
		time.Sleep(time.Hour)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened")
		d := detail(t, h, p.id)
		if d.State != model.Normal || len(p.pinged()) != 0 || d.Timeout != 0 || d.Silence < time.Hour {
			t.Errorf("%d pings, %+v", len(p.pinged()), d.Connection)
		}
	})
}

func TestLatenessIsNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := settled(t, h)
		slow := connect(t, h, "slow")
		slow.frozen.Store(true)
		slow.server.lingers.Store(int64(5 * time.Second)) // holds up the scheduler, which closes the socket
		if n, err := h.Kick(t.Context(), model.Kick{IDs: []model.ID{slow.id}}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		time.Sleep(closeWait - 100*ms)
		p.frozen.Store(true) // too late for a suspicion before the scheduler stands still
		time.Sleep(5 * time.Second)
		p.frozen.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()

		if got := story(h, p.id); len(got) != 1 {
			t.Errorf("published %q while holter itself was late", got)
		}
		if h.late.VoidBefore() == 0 {
			t.Error("the lateness went unnoticed")
		}
		pings, widest := p.pinged(), time.Duration(0)
		for i := 1; i < len(pings); i++ {
			widest = max(widest, pings[i].Sub(pings[i-1]))
		}
		if widest < 5*time.Second {
			t.Errorf("the scheduler was held up, yet the widest gap between beats is %v", widest)
		}
	})
}

func TestBeatsAreSpreadAgainAfterLateness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for range 100 {
			peers = append(peers, connect(t, h, "many"))
		}
		time.Sleep(10 * time.Second)
		held := peers[0]
		held.frozen.Store(true)
		held.server.lingers.Store(int64(5 * time.Second))
		h.Kick(t.Context(), model.Kick{IDs: []model.ID{held.id}})
		time.Sleep(closeWait + 5*time.Second + aRun)
		synctest.Wait()
		again := h.time(h.late.VoidBefore())
		time.Sleep(2 * time.Second)
		synctest.Wait()

		tenths := make(map[time.Duration]int)
		for _, p := range peers[1:] {
			for _, at := range p.pinged() {
				if after := at.Sub(again); after >= 0 {
					tenths[after.Truncate(100*ms)]++
					break
				}
			}
		}
		for tenth, n := range tenths {
			if n > 40 {
				t.Errorf("%d of 99 beat in the tenth of a second after %v", n, tenth)
			}
		}
		if len(tenths) < 5 {
			t.Errorf("beats went on in the tenths %v", tenths)
		}
	})
}

func TestLateness(t *testing.T) {
	base := time.Now()
	slept := func(d time.Duration) time.Time { // the monotonic clock stood still
		return base.Add(50 * ms).Round(0).Add(d)
	}
	tests := []struct {
		name string
		now  time.Time
		want time.Duration
	}{
		{"on time", base.Add(50 * ms), 0},
		{"late", base.Add(350 * ms), 300 * ms},
		{"slept", slept(time.Hour), time.Hour},
	}
	for _, test := range tests {
		if got := (&passing{before: base}).beyond(test.now, 50*ms); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// BenchmarkBeat measures one beat: a visit, its ping, and the pong with a message behind it for the
// application.
func BenchmarkBeat(b *testing.B) {
	h := New(quick())
	c, app, end := forged(b, h, "ann")
	buffer := make([]byte, 512)
	end.Read(buffer) // the response head
	message := ws.MustCompileFrame(ws.NewTextFrame(nil))
	b.ReportAllocs()
	interval := 2 * at(h.o.Rhythm.Interval) // longer than any heart's own
	for now := h.now() + interval; b.Loop(); now += interval {
		for before := sent(c); sent(c) == before; runtime.Gosched() {
			h.visit(&c.toClient, now) // again, if the goroutine of the last ping had not quite ended
		}
		ping, err := readFrame(end)
		if err != nil {
			b.Fatal(err)
		}
		end.Write(append(ws.MustCompileFrame(ws.NewPongFrame(ping.Payload)), message...))
		app.Read(buffer)
	}
	app.Close()
}

func sent(c *connection) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.toClient.pings
}

// The first pong of a peer comes late, when two probes have followed its ping. It has answered, so it is not one that
// answers no pings.
func TestFirstPongComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		p := connect(t, h, "ann")
		p.stall.Store(int64(2200 * ms))
		for len(p.pinged()) == 0 {
			time.Sleep(ms)
		}
		p.stall.Store(0)
		time.Sleep(5 * time.Second)
		wantStory(t, h, p.id, "connection.opened", "normal to suspect: unknown", "suspect to normal: jitter")
		if d := detail(t, h, p.id); !strings.HasPrefix(d.Diagnosis.Detail, "An answer took 2.2 s ") && !strings.HasPrefix(d.Diagnosis.Detail, "Nothing came in for 2.") {
			t.Errorf("%+v", d.Diagnosis)
		}
	})
}
