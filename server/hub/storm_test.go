package hub

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// The attempts of a client that is away are kept, refused ones too, with what each was asked to wait.
func TestClientShowsItsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		h.Refused(request("ann"), 503, "a second one")
		time.Sleep(10 * time.Second)
		if _, err := h.Kick(t.Context(), model.Kick{IDs: []model.ID{p.id}, Code: 3000}); err != nil {
			t.Fatal(err)
		}
		<-p.over
		time.Sleep(time.Second)
		h.Report(request("ben"), model.Refusal{Status: 400, Reason: "unreadable", By: model.RefusedByHTTP})
		h.Report(request("ann"), model.Refusal{Status: 503, Reason: "full", RetryAfter: 5 * time.Second})
		time.Sleep(7 * time.Second)
		connect(t, h, "ann")
		ann, _ := theClient(t, h)
		want := []model.Attempt{
			{Number: 1, Delay: time.Second, Refused: true, Free: true},
			{Number: 2, Delay: 7 * time.Second, Asked: 5 * time.Second, Free: true},
		}
		if !slices.Equal(ann.Attempts, want) {
			t.Errorf("%+v, want %+v", ann.Attempts, want)
		}
		if !slices.Equal(ann.Reconnects, []time.Duration{8 * time.Second}) {
			t.Errorf("%v", ann.Reconnects)
		}
		if s := snapshot(t, h); len(s.Clients) != 1 {
			t.Errorf("%+v: a client of a request that nobody could read is kept", s.Clients)
		}
	})
}

// A delay includes the time of the way, by the shortest round trip: a client that was busy at the end is not
// farther away.
func TestBusyClientIsNotFarAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		p.stall.Store(int64(5 * ms))
		time.Sleep(10 * time.Second)
		p.stall.Store(int64(300 * ms))
		time.Sleep(3 * time.Second)
		if _, err := h.Kick(t.Context(), model.Kick{IDs: []model.ID{p.id}, Reset: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		h.Refused(request("ann"), 503, "full")
		ann, _ := theClient(t, h)
		want := []model.Attempt{{Number: 1, Delay: time.Second - handshakeTrips*5*ms, Refused: true, Free: true}}
		if !slices.Equal(ann.Attempts, want) {
			t.Errorf("%+v, want %+v", ann.Attempts, want)
		}
	})
}

// The delay after an end that the client may not have noticed, or wanted, says nothing of its policy.
func TestAttemptsThatSayNothingOfThePolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		connect(t, h, "leaves").leave()
		frozen := connect(t, h, "freezes")
		frozen.frozen.Store(true)
		time.Sleep(30 * time.Second) // given up
		connect(t, h, "leaves")
		connect(t, h, "freezes")
		for _, c := range snapshot(t, h).Clients {
			if len(c.Attempts) != 1 || c.Attempts[0].Free {
				t.Errorf("%s: %+v", c.ID, c.Attempts)
			}
		}
	})
}

func TestStormFromEndToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		const n = 40
		var peers []*peer
		for i := range n {
			peers = append(peers, connect(t, h, fmt.Sprint(i)))
		}
		time.Sleep(20 * time.Second)
		begun := time.Now()
		if kicked, err := h.Kick(t.Context(), model.Kick{Query: "all", Code: 1012}); kicked != n || err != nil {
			t.Fatal(kicked, err)
		}
		for _, p := range peers {
			<-p.over
		}
		time.Sleep(2 * time.Second)
		for i := range n {
			connect(t, h, fmt.Sprint(i))
		}
		time.Sleep(500 * ms)
		during := snapshot(t, h)
		if s := during.Storm(); s == nil || s.ID != 1 || s.Clients != n {
			t.Errorf("while it is on: %+v", s)
		}
		time.Sleep(20 * time.Second)
		s := snapshot(t, h)
		if s.Storm() != nil || len(s.Storms) != 1 {
			t.Fatalf("afterwards: %+v", s.Storms)
		}
		storm := s.Storms[0]
		if storm.Back99.Round(10*ms) != 2*time.Second || !storm.Started.Equal(begun) || storm.Away != 0 ||
			storm.Causes[0] != (model.StormCause{Code: 1012, By: model.ByHolter, Count: n}) {
			t.Errorf("%+v", storm)
		}
		var told []model.EventType
		for _, e := range events(h) {
			if e.Storm != nil {
				told = append(told, e.Type)
			}
		}
		if !slices.Equal(told, []model.EventType{model.StormStarted, model.StormEnded}) {
			t.Errorf("published %v", told)
		}
	})
}
