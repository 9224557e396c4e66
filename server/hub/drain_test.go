package hub

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// drained drains a hub, and returns how long that took.
func drained(t *testing.T, h *Hub, over time.Duration) (time.Duration, error) {
	t.Helper()
	begin := time.Now()
	err := h.Drain(t.Context(), over)
	return time.Since(begin), err
}

var restartWords = regexp.MustCompile(`^restart; retry-after=([0-9]+\.[0-9])$`)

// All connections are closed at an even pace, and each client is asked to come back at a time of its own, when no other is
// left.
func TestDrain(t *testing.T) {
	const n, over = 200, 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for i := range n {
			peers = append(peers, connect(t, h, fmt.Sprint(i)))
		}
		begin := time.Now()
		if took, err := drained(t, h, over); err != nil || took > over || took < over-over/n {
			t.Errorf("drained in %v: %v", took, err)
		}
		synctest.Wait()
		var at, back []time.Duration
		for i, p := range peers {
			got := p.closed()
			if len(got) != 1 || got[0].code != 1012 {
				t.Fatalf("peer %d got %+v", i, got)
			}
			words := restartWords.FindStringSubmatch(got[0].reason)
			if words == nil {
				t.Fatalf("reason %q", got[0].reason)
			}
			seconds, _ := strconv.ParseFloat(words[1], 64)
			at = append(at, got[0].at.Sub(begin))
			back = append(back, got[0].at.Sub(begin)+time.Duration(seconds*float64(time.Second)))
			wantStory(t, h, p.id, "connection.opened", "closed 1012 by holter while closed")
		}
		slices.Sort(at)
		slices.Sort(back)
		for i := range at {
			if due := over * time.Duration(i) / n; at[i] < due || at[i] > due+aRun {
				t.Errorf("close %d came after %v, want %v", i+1, at[i], due)
			}
		}
		if back[0] < over+restartTime-100*ms || back[n-1] > 2*over+restartTime+100*ms {
			t.Errorf("asked to come back from %v to %v", back[0], back[n-1])
		}
		for i := 0; i+20 < n; i++ {
			if back[i+20]-back[i] < 500*ms { // twenty of two hundred take two seconds on average
				t.Errorf("twenty come back within %v", back[i+20]-back[i])
			}
		}
		wantEmpty(t, h)
	})
}

// A drain does not take longer than it takes to be gentle.
func TestDrainOfFew(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 0, 1: 0, 3: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			h, _ := start(t, quick())
			for range n {
				connect(t, h, "few")
			}
			if took, err := drained(t, h, time.Hour); err != nil || took < want || took > want+aRun+drainPoll {
				t.Errorf("%d connections drained in %v: %v, want %v", n, took, err, want)
			}
		})
	}
}

// A peer that does not answer the close frame ends too, and so does a connection whose handshake was over late.
func TestDrainOfTheStubborn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		stubborn, late := connect(t, h, "stubborn"), make(chan *peer, 1)
		connect(t, h, "other")
		stubborn.frozen.Store(true)
		time.AfterFunc(500*ms, func() { late <- connect(t, h, "late") })
		if took, err := drained(t, h, 2*time.Second); err != nil || took > 2*time.Second+closeWait+aRun+drainPoll {
			t.Errorf("drained in %v: %v", took, err)
		}
		if got := (<-late).closed(); len(got) != 1 || got[0].code != 1012 {
			t.Errorf("the late one got %+v", got)
		}
		wantEmpty(t, h)
	})
}

func TestDrainIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for range 10 {
			connect(t, h, "many")
		}
		if _, _, draining := h.Draining(); draining || !snapshot(t, h).Monitor.DrainingUntil.IsZero() {
			t.Error("draining before that")
		}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := h.Drain(ctx, 6*time.Second); err == nil {
			t.Error("no error although the context has ended")
		}
		wait, spread, draining := h.Draining()
		if !draining || wait != 3*time.Second+restartTime || spread != 6*time.Second {
			t.Errorf("draining %t, to come back after %v, spread over %v", draining, wait, spread)
		}
		if until := snapshot(t, h).Monitor.DrainingUntil; !until.Equal(begin.Add(6 * time.Second)) {
			t.Errorf("shown until %v", until.Sub(begin))
		}
		var at []time.Time
		for _, e := range events(h) {
			if e.Type == model.ConnectionClosed {
				at = append(at, e.Time)
			}
		}
		if len(at) < 4 || len(at) > 6 {
			t.Errorf("%d of 10 were closed in half of the time", len(at))
		}
	})
}

func TestAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, stop := start(t, quick())
		for range 3 {
			time.Sleep(time.Minute)
			if !h.Alive() {
				t.Error("dead while it runs")
			}
		}
		stop()
		time.Sleep(2 * stalledAfter)
		if h.Alive() {
			t.Error("alive although nothing runs")
		}
	})
}
