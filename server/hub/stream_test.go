package hub

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// tell has the application of p send a message.
func (p *peer) tell(text string) { ws.WriteFrame(p.app, ws.NewTextFrame([]byte(text))) }

// steadily does something every second for a while.
func steadily(length time.Duration, do func()) {
	for range int(length / time.Second) {
		time.Sleep(time.Second)
		do()
	}
}

func TestStreamStalls(t *testing.T) {
	for name, test := range map[string]struct {
		say  func(p *peer)
		from string
	}{
		"from the client":      {func(p *peer) { p.say("x") }, "No data has come from the client for "},
		"from the application": {func(p *peer) { p.tell("x") }, "No data has come from the application for "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, observing())
				p := connect(t, h, "feed")
				p.stall.Store(int64(20 * ms))
				steadily(5*time.Minute, func() { test.say(p) })
				if d := detail(t, h, p.id); d.Diagnosis.Cause != "" {
					t.Fatalf("%+v while data comes", d.Diagnosis)
				}
				time.Sleep(10 * time.Second)
				d := detail(t, h, p.id)
				if d.State != model.Normal || d.Diagnosis.Cause != model.CauseStreamStalled || !strings.HasPrefix(d.Diagnosis.Detail, test.from) {
					t.Errorf("%s, %+v", d.State, d.Diagnosis)
				}
				if s := d.Evidence.Stream; s.Quiet < 9*time.Second || s.Quiet > 11*time.Second || s.Usual < 900*ms || s.Usual > 1100*ms || s.Pong == 0 {
					t.Errorf("%+v", s)
				}
				t.Log(d.Diagnosis.Detail)
				time.Sleep(10 * time.Minute)
				if d := detail(t, h, p.id); d.Diagnosis.Cause != model.CauseStreamStalled || !strings.Contains(d.Diagnosis.Detail, "for 6") {
					t.Errorf("%+v after ten minutes more", d.Diagnosis)
				}
				steadily(3*time.Second, func() { test.say(p) })
				if d := detail(t, h, p.id); d.Diagnosis.Cause != model.CauseJitter || !strings.Contains(d.Diagnosis.Detail, "it came back by itself") {
					t.Errorf("%+v when data came again", d.Diagnosis)
				}
				wantStory(t, h, p.id, "connection.opened", "cause.found")
			})
		})
	}
}

// One of the streams of an upstream stops, with both ends well. It is the upstream's fault.
func TestUpstreamStopsSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		stalls, stalling := proxied(t, h)
		flows, flowing := proxied(t, h)
		pass := func(from, to *peer) { // as a proxy does
			ws.WriteFrame(from.conn, ws.NewTextFrame([]byte("17.25")))
			to.tell("17.25")
		}
		steadily(5*time.Minute, func() { pass(stalling, stalls); pass(flowing, flows) })
		steadily(10*time.Second, func() { pass(flowing, flows) })
		d := detail(t, h, stalls.id)
		if d.Side != model.UpstreamSide || d.State != model.Normal || d.Diagnosis.Cause != model.CauseStreamStalled ||
			!strings.HasPrefix(d.Diagnosis.Detail, "No data has come from the upstream for ") {
			t.Errorf("the %s side %s: %+v", d.Side, d.State, d.Diagnosis)
		}
		if d := detail(t, h, flows.id); d.Diagnosis.Cause != "" {
			t.Errorf("the other: %+v", d.Diagnosis)
		}
		wantStory(t, h, stalls.id, "connection.opened", "cause.found")
	})
}

// A stream that stops because the peer is dead has the cause of that.
func TestStreamOfTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		p := connect(t, h, "feed")
		steadily(5*time.Minute, func() { p.say("x") })
		p.frozen.Store(true)
		time.Sleep(time.Minute)
		if d := detail(t, h, p.id); d.State != model.Failed || d.Diagnosis.Cause == model.CauseStreamStalled {
			t.Errorf("%s, %+v", d.State, d.Diagnosis)
		}
		wantStory(t, h, p.id, "connection.opened", "normal to suspect: unknown", "suspect to failed: unknown")
	})
}

// One of many is stalled. When all are quiet, none is.
func TestQuietOfAPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		var all []*peer
		for i := range 8 {
			all = append(all, connect(t, h, fmt.Sprint("feed-", i)))
		}
		say := func(some []*peer) func() {
			return func() {
				for _, p := range some {
					p.tell("x")
				}
			}
		}
		stalled := func() (n int) {
			s := snapshot(t, h)
			for i := range s.Connections {
				if s.Connections[i].Diagnosis.Cause == model.CauseStreamStalled {
					n++
				}
			}
			return n
		}
		steadily(5*time.Minute, say(all))
		steadily(time.Minute, say(all[1:]))
		if d := detail(t, h, all[0].id); d.Diagnosis.Cause != model.CauseStreamStalled || !strings.Contains(d.Diagnosis.Detail, "7 of 7 other streams on this path flow on") || stalled() != 1 {
			t.Errorf("%d stalled, the first: %+v", stalled(), d.Diagnosis)
		}
		steadily(5*time.Minute, say(all))
		for range 100 {
			time.Sleep(10 * time.Second)
			if n := stalled(); n > 0 {
				t.Fatalf("%d are called stalled where all are quiet", n)
			}
		}
		found := 0
		for _, e := range events(h) {
			if e.Type == model.CauseFound {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%d causes were found", found)
		}
	})
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// A page beats every 25 seconds until its tab is hidden, and then every minute, or never.
func TestPageThrottled(t *testing.T) {
	for name, test := range map[string]struct {
		hidden func(p *peer)
		words  string
	}{
		"hidden": {func(p *peer) {
			for range 8 {
				time.Sleep(time.Minute)
				p.say(`{"type":"ping"}`)
			}
		}, "The page's messages come about a minute apart ("},
		"frozen": {func(*peer) { time.Sleep(5 * time.Minute) }, "The page has sent nothing for "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, observing())
				r := request("page")
				r.Header.Set("User-Agent", firefox)
				p := connectBy(t, h, r)
				time.Sleep(1013 * time.Millisecond) // else its messages may come in the very instants of looks
				for range 150 {
					time.Sleep(25 * time.Second)
					p.say(`{"type":"ping"}`)
				}
				test.hidden(p)
				d := detail(t, h, p.id)
				if d.State != model.Normal || d.Diagnosis.Cause != model.CausePageThrottled || !strings.HasPrefix(d.Diagnosis.Detail, test.words) {
					t.Errorf("%s, %+v", d.State, d.Diagnosis)
				}
				t.Log(d.Diagnosis.Detail)
				for range 10 {
					time.Sleep(25 * time.Second)
					p.say(`{"type":"ping"}`)
				}
				if d := detail(t, h, p.id); d.Diagnosis.Cause == model.CausePageThrottled {
					t.Errorf("%+v when it is shown again", d.Diagnosis)
				}
				wantStory(t, h, p.id, "connection.opened", "cause.found")
			})
		})
	}
}

// Beats without data have no rhythm of data.
func TestBeatsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		p := connect(t, h, "quiet")
		steadily(10*time.Minute, p.ping)
		time.Sleep(time.Hour)
		wantStory(t, h, p.id, "connection.opened")
	})
}

// The first look makes a habit, and no other one allocates.
func TestLooksAllocateNothing(t *testing.T) {
	h := New(quick())
	c, app, end := forged(t, h, "feed")
	ws.WriteFrame(app, ws.NewTextFrame([]byte("x")))
	defer end.Close()
	if c.mu.Lock(); c.habit != nil {
		t.Error("a habit without a look")
	}
	c.watchStream(h.now())
	c.mu.Unlock()
	now := h.now()
	if n := testing.AllocsPerRun(100, func() {
		now += model.Instant(time.Second)
		c.mu.Lock()
		c.watchStream(now)
		c.mu.Unlock()
	}); n > 0 {
		t.Errorf("a look makes %v allocations", n)
	}
}
