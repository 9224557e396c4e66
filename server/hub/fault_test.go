package hub

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// disturbed puts faults on n connections.
func disturbed(t *testing.T, h *Hub, text string, n int, ids ...model.ID) {
	t.Helper()
	f, err := model.ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	o := model.FaultOrder{IDs: ids, Faults: f}
	if len(ids) == 0 {
		o.Query = "all"
	}
	if got, err := h.SetFaults(t.Context(), o); err != nil || got != n {
		t.Fatalf("%s came over %d connections: %v, want %d", text, got, err, n)
	}
	synctest.Wait()
}

// badges returns the faults on a connection as a snapshot shows them.
func badges(t *testing.T, h *Hub, id model.ID) string {
	t.Helper()
	f := detail(t, h, id).Faults
	return f.String()
}

func TestFaultsAreShownAndPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		ann, ben := connect(t, h, "ann"), connect(t, h, "ben")
		disturbed(t, h, "latency=20ms drop=1/3", 1, ann.id)
		if a, b := badges(t, h, ann.id), badges(t, h, ben.id); a != "latency=20ms drop=1/3" || b != "none" {
			t.Errorf("%q and %q", a, b)
		}
		disturbed(t, h, "swallow-pongs", 2)
		disturbed(t, h, "none", 1, ann.id)
		if a, b := badges(t, h, ann.id), badges(t, h, ben.id); a != "none" || b != "swallow-pongs" {
			t.Errorf("%q and %q", a, b)
		}
		var told []string
		for _, e := range events(h) {
			if e.Type == model.FaultSet {
				told = append(told, e.Connection.ID.String()+" "+e.Connection.Faults.String())
			}
		}
		slices.Sort(told[1:3])
		if want := []string{"c1 latency=20ms drop=1/3", "c1 swallow-pongs", "c2 swallow-pongs", "c1 none"}; !slices.Equal(told, want) {
			t.Errorf("published %q", told)
		}
	})
}

func TestFaultOrderErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		for _, tc := range []struct {
			order model.FaultOrder
			code  model.Code
			n     int
		}{
			{model.FaultOrder{}, model.Invalid, 0},
			{model.FaultOrder{Query: "rtt>"}, model.Invalid, 0},
			{model.FaultOrder{Query: "all", Faults: model.Faults{Cut: 1006}}, model.Invalid, 0},
			{model.FaultOrder{IDs: []model.ID{99}}, model.NotFound, 0},
			{model.FaultOrder{IDs: []model.ID{p.id, 99}}, model.NotFound, 1},
		} {
			n, err := h.SetFaults(t.Context(), tc.order)
			if n != tc.n || model.ErrorCode(err) != tc.code {
				t.Errorf("%+v: %d, %v", tc.order, n, err)
			}
		}
	})
}

// The heart sees a fault as it would see the real trouble.
func TestHeartUnderFaults(t *testing.T) {
	t.Run("latency", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, _ := start(t, quick())
			p := connect(t, h, "ann")
			disturbed(t, h, "latency=30ms", 1, p.id)
			time.Sleep(5 * time.Second)
			if d := detail(t, h, p.id); d.RTT != 60*ms || d.State != model.Normal {
				t.Errorf("%s with an RTT of %s", d.State, d.RTT)
			}
			disturbed(t, h, "none", 1, p.id)
		})
	})
	for _, fault := range []string{"freeze", "half-open"} {
		t.Run(fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := quick()
				o.OnFail = model.OnFailObserve
				h, _ := start(t, o)
				p := connect(t, h, "ann")
				time.Sleep(5 * time.Second)
				go p.every(time.Second, func() { p.say("are you there?") })
				disturbed(t, h, fault, 1, p.id)
				before := len(p.pinged())
				time.Sleep(20 * time.Second)
				if d := detail(t, h, p.id); d.State != model.Failed {
					t.Errorf("%s: %+v", d.State, d.Diagnosis)
				}
				if after := len(p.pinged()); after != before {
					t.Errorf("%d pings came through", after-before)
				}
				disturbed(t, h, "none", 1, p.id)
				time.Sleep(5 * time.Second)
				if d := detail(t, h, p.id); d.State != model.Normal {
					t.Errorf("%s after the fault: %+v", d.State, d.Diagnosis)
				}
			})
		})
	}
	t.Run("half-open, and closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := quick()
			o.OnFail = model.OnFailClose
			h, _ := start(t, o)
			p := connect(t, h, "ann")
			disturbed(t, h, "half-open", 1, p.id)
			time.Sleep(20 * time.Second)
			if d := detail(t, h, p.id); d.State != model.Failed || d.Close == nil {
				t.Errorf("%s: %+v", d.State, d.Close)
			}
			if held, _ := h.Targets(t.Context(), nil, "all"); len(held) != 1 {
				t.Errorf("the end of %v is not hidden from the client", held)
			}
			disturbed(t, h, "none", 0, p.id)
			time.Sleep(time.Second)
			if held, _ := h.Targets(t.Context(), nil, "all"); len(held) != 0 || badges(t, h, p.id) != "none" {
				t.Errorf("%v hold their sockets after the end of the fault", held)
			}
		})
	})
	t.Run("swallow-pongs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, _ := start(t, quick())
			p := connect(t, h, "ann")
			disturbed(t, h, "swallow-pongs", 1, p.id)
			go p.every(100*ms, func() { p.say("data") })
			time.Sleep(20 * time.Second)
			if d := detail(t, h, p.id); d.State != model.Normal || d.Diagnosis.Cause != model.CauseNoPong || d.PongsReceived != 0 {
				t.Errorf("%s, %+v", d.State, d.Diagnosis)
			}
		})
	})
	t.Run("swallow-pongs later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h, _ := start(t, quick())
			p := connect(t, h, "ann")
			go p.every(100*ms, func() { p.say("data") })
			time.Sleep(20 * time.Second)
			for range 2 {
				disturbed(t, h, "swallow-pongs", 1, p.id)
				time.Sleep(20 * time.Second)
				if d := detail(t, h, p.id); d.State != model.Normal || d.Diagnosis.Cause != model.CauseNoPong || d.PongsReceived < 10 {
					t.Errorf("%s, %+v", d.State, d.Diagnosis)
				}
				disturbed(t, h, "none", 1, p.id)
				time.Sleep(3 * time.Second)
				if d := detail(t, h, p.id); d.State != model.Normal || d.Diagnosis.Cause != model.CauseJitter || d.RTT > ms || d.Missed != 0 {
					t.Errorf("%s, %+v, rtt %v, %d missed", d.State, d.Diagnosis, d.RTT, d.Missed)
				}
			}
		})
	})
}

// A cut is a kick that leaves the other faults in force.
func TestCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		ann, ben, eve := connect(t, h, "ann"), connect(t, h, "ben"), connect(t, h, "eve")
		disturbed(t, h, "slow-close=300ms", 1, ann.id)
		began := time.Now()
		disturbed(t, h, "cut=1011", 1, ann.id)
		disturbed(t, h, "cut=4001", 1, ben.id)
		disturbed(t, h, "reset", 1, eve.id)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		wantStory(t, h, ann.id, "connection.opened", "fault.set", "closed 1011 by holter while closed")
		wantStory(t, h, ben.id, "connection.opened", "closed 4001 by holter while closed")
		wantStory(t, h, eve.id, "connection.opened", "closed 1006 by holter while closed")
		if got := ann.closed(); len(got) != 1 || got[0].code != 1011 || got[0].at.Sub(began) != 300*ms {
			t.Errorf("%v, %s after the cut", got, got[0].at.Sub(began))
		}
		if got := eve.closed(); len(got) != 0 || !eve.server.reset.Load() {
			t.Errorf("no reset but %v", got)
		}
		wantEmpty(t, h)
	})
}

// A connection that is given up under a fault is closed for holter. The peer of a half-open one does not see
// that for a while.
func TestGivenUpUnderFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		frozen, lost := connect(t, h, "frozen"), connect(t, h, "lost")
		disturbed(t, h, "freeze", 1, frozen.id)
		disturbed(t, h, "half-open", 1, lost.id)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if n := h.Size(); n != 1 {
			t.Errorf("%d connections are counted, want the one whose socket the fault holds", n)
		}
		select {
		case <-frozen.over:
		default:
			t.Error("the peer of the frozen connection has not seen the end")
		}
		select {
		case <-lost.over:
			t.Error("the peer of the half-open connection has seen the end")
		default:
		}
	})
}
