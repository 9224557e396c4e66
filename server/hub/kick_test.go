package hub

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// kicked kicks, and checks that n connections are closed.
func kicked(t *testing.T, h *Hub, k model.Kick, n int) {
	t.Helper()
	got, err := h.Kick(t.Context(), k)
	if err != nil || got != n {
		t.Fatalf("%+v ended %d connections: %v, want %d", k, got, err, n)
	}
	synctest.Wait()
}

func TestKick(t *testing.T) {
	tests := []struct {
		kick  model.Kick
		frame closing
		story string
	}{
		{model.Kick{}, closing{code: 1001}, "closed 1001 by holter while closed"},
		{model.Kick{Code: 4000, Reason: "enough"}, closing{code: 4000, reason: "enough"}, "closed 4000 by holter while closed"},
		{model.Kick{Code: 1000, Reason: strings.Repeat("é", 61)}, closing{code: 1000, reason: strings.Repeat("é", 61)}, "closed 1000 by holter while closed"},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			h, _ := start(t, quick())
			p, other := connect(t, h, "ann"), connect(t, h, "ben")
			test.kick.IDs = []model.ID{p.id}
			kicked(t, h, test.kick, 1)
			wantStory(t, h, p.id, "connection.opened", test.story)
			wantStory(t, h, other.id, "connection.opened")
			test.frame.at = time.Now()
			if got := p.closed(); !slices.Equal(got, []closing{test.frame}) {
				t.Errorf("the peer got %v, want %v", got, test.frame)
			}
			if d := detail(t, h, p.id); d.Close.Reason != test.kick.Reason || d.State != model.Closed {
				t.Errorf("%s, %+v", d.State, d.Close)
			}
		})
	}
}

func TestKickedPeerThatDoesNotAnswerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		p.frozen.Store(true)
		k := model.Kick{IDs: []model.ID{p.id}}
		kicked(t, h, k, 1)
		kicked(t, h, k, 0) // it is closing already
		time.Sleep(closeWait - ms)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened")
		time.Sleep(ms + aRun)
		synctest.Wait()
		wantStory(t, h, p.id, "connection.opened", "closed 1001 by holter while closed")
		wantEmpty(t, h)
		if n := len(p.closed()); n != 1 {
			t.Errorf("%d close frames", n)
		}
	})
}

func TestKickResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		kicked(t, h, model.Kick{IDs: []model.ID{p.id}, Reset: true}, 1)
		wantStory(t, h, p.id, "connection.opened", "closed 1006 by holter while closed")
		if n := len(p.closed()); n != 0 || !p.server.reset.Load() {
			t.Errorf("%d close frames, reset %t", n, p.server.reset.Load())
		}
	})
}

func TestKickOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for i := range 10 {
			peers = append(peers, connect(t, h, fmt.Sprintf("%s-%d", [2]string{"odd", "even"}[i%2], i)))
		}
		kicked(t, h, model.Kick{Query: "client~^odd"}, 5)
		for i, p := range peers {
			if n := len(p.closed()); n != 1-i%2 {
				t.Errorf("connection %d got %d close frames", i, n)
			}
		}
		kicked(t, h, model.Kick{Query: "client~^odd"}, 0) // those still on the list are closed
		kicked(t, h, model.Kick{IDs: []model.ID{peers[1].id, peers[1].id}}, 1)
		kicked(t, h, model.Kick{Query: "all"}, 4)
		wantEmpty(t, h)
	})
}

func TestKickOverTime(t *testing.T) {
	const n, over = 20, 10 * time.Second
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for range n {
			peers = append(peers, connect(t, h, "many"))
		}
		begin := time.Now()
		kicked(t, h, model.Kick{Query: "all", Over: over}, n)
		time.Sleep(over)
		synctest.Wait()
		var at []time.Duration
		for _, p := range peers {
			if got := p.closed(); len(got) == 1 {
				at = append(at, got[0].at.Sub(begin))
			}
		}
		slices.Sort(at)
		if len(at) != n {
			t.Fatalf("%d of %d were closed: %v", len(at), n, at)
		}
		for i, at := range at {
			if due := over * time.Duration(i) / n; at < due || at > due+aRun {
				t.Errorf("kick %d came after %v, want %v", i+1, at, due)
			}
		}
		wantEmpty(t, h)
	})
}

func TestKickOverTimeCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		kicked(t, h, model.Kick{IDs: []model.ID{p.id, p.id, p.id}, Over: time.Second}, 1)
		wantStory(t, h, p.id, "connection.opened", "closed 1001 by holter while closed")
	})
}

func TestKickOverTheLongestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for range 5 {
			connect(t, h, "many")
		}
		kicked(t, h, model.Kick{Query: "all", Over: math.MaxInt64}, 5)
		if n := h.Size(); n != 4 {
			t.Errorf("%d are left at once", n)
		}
	})
}

func TestKickOfConnectionsThatAreNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		here, gone := connect(t, h, "ann"), connect(t, h, "ben")
		gone.leave()
		tests := []struct {
			ids  []model.ID
			n    int
			code model.Code
		}{
			{[]model.ID{gone.id}, 0, model.Gone},
			{[]model.ID{1000}, 0, model.NotFound},
			{[]model.ID{gone.id, here.id}, 1, model.Gone},
		}
		for _, test := range tests {
			n, err := h.Kick(t.Context(), model.Kick{IDs: test.ids})
			if n != test.n || model.ErrorCode(err) != test.code {
				t.Errorf("%v: %d, %v", test.ids, n, err)
			}
		}
	})
}

func TestKickRefusesCodesThatMayNotBeSent(t *testing.T) {
	tests := []struct {
		kick model.Kick
		says string // empty if it is allowed
	}{
		{model.Kick{Query: "all", Code: 999}, "999"},
		{model.Kick{Query: "all", Code: 1004}, "1004"},
		{model.Kick{Query: "all", Code: 1005}, "1005"},
		{model.Kick{Query: "all", Code: 1006}, "1006"},
		{model.Kick{Query: "all", Code: 1015}, "1015"},
		{model.Kick{Query: "all", Code: 2999}, "2999"},
		{model.Kick{Query: "all", Code: 5000}, "5000"},
		{model.Kick{Query: "all", Code: -1}, "-1"},
		{model.Kick{Query: "all", Code: 1014}, ""},
		{model.Kick{Query: "all", Code: 3000}, ""},
		{model.Kick{Query: "all", Code: 4999}, ""},
		{model.Kick{Query: "all", Reason: strings.Repeat("a", model.MaxReason)}, ""},
		{model.Kick{Query: "all", Reason: strings.Repeat("a", model.MaxReason+1)}, "123"},
		{model.Kick{Query: "all", Reason: "\xff"}, "UTF-8"},
		{model.Kick{Query: "all", Over: -time.Second}, "-1s"},
		{model.Kick{}, `"all"`},
		{model.Kick{Query: " "}, `"all"`},
		{model.Kick{Query: "rtt>"}, "rtt"},
	}
	h := New(quick())
	for _, test := range tests {
		n, err := h.Kick(t.Context(), test.kick)
		switch {
		case test.says == "" && err == nil:
		case test.says == "" || err == nil || !strings.Contains(err.Error(), test.says) || n != 0:
			t.Errorf("%+v: %d, %v", test.kick, n, err)
		case model.ErrorCode(err) != model.Invalid:
			t.Errorf("%+v: code %s", test.kick, model.ErrorCode(err))
		}
	}
}
