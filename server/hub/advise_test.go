package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// advised returns the advice of a hub.
func advised(t testing.TB, h *Hub) []model.Warning {
	t.Helper()
	return model.Advice(snapshot(t, h).Warnings)
}

// Peers that live and never pong are told once. Dismissed, they stay away, until there are half as many again.
func TestPeersThatNeverPongAreAdvised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		mute := func(names ...string) {
			for _, name := range names {
				p := connect(t, h, name)
				p.frozen.Store(true)
				go p.every(500*ms, func() { p.say("x") })
			}
		}
		mute("ann", "bob", "cid", "dan")
		connect(t, h, "well")
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		list := advised(t, h)
		if len(list) != 1 || list[0].Kind != model.NeverPongs || list[0].Touched != 4 || list[0].Agent != "peer/1" || list[0].ID == "" || list[0].Since.IsZero() ||
			list[0].At != (model.Place{Page: model.ConnectionsPage, Query: "id=c1 or id=c2 or id=c3 or id=c4"}) {
			t.Fatalf("%+v", list)
		}
		if news := kinds(h); !slices.Equal(news, []model.WarningKind{model.NeverPongs}) {
			t.Errorf("raised %v", news)
		}
		if err := h.Dismiss(t.Context(), list[0].ID); err != nil {
			t.Fatal(err)
		}
		if list := advised(t, h); len(list) != 0 {
			t.Errorf("at once: %+v", list)
		}
		if err := h.Recall(t.Context(), list[0].ID); err != nil || len(advised(t, h)) != 1 {
			t.Errorf("taken back: %v, %+v", err, advised(t, h))
		}
		h.Dismiss(t.Context(), list[0].ID)
		mute("eve", "fay")
		time.Sleep(2 * adviseEvery)
		if list := advised(t, h); len(list) != 0 || len(snapshot(t, h).Warnings) != 1 {
			t.Errorf("of two more: %+v", list)
		}
		mute("gus")
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		if list := advised(t, h); len(list) != 1 || list[0].Touched != 7 {
			t.Errorf("of three more: %+v", list)
		}
		if news := kinds(h); len(news) != 2 {
			t.Errorf("raised %v", news)
		}
		if err := h.Dismiss(t.Context(), "a99"); model.ErrorCode(err) != model.NotFound {
			t.Errorf("another id: %v", err)
		}
	})
}

// A client that comes back while its old connection has failed has two; a client with two good ones is none of ours.
func TestDuplicatesAreAdvised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		dead := connect(t, h, "ann")
		connect(t, h, "bob")
		time.Sleep(10 * time.Second)
		dead.frozen.Store(true)
		time.Sleep(20 * time.Second)
		if list := advised(t, h); len(list) != 0 {
			t.Errorf("of one that has failed alone: %+v", list)
		}
		connect(t, h, "ann")
		connect(t, h, "bob")
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		list := advised(t, h)
		if len(list) != 1 || list[0].Kind != model.Duplicate || list[0].Touched != 1 || list[0].At.Query != "client=ann" {
			t.Fatalf("%+v", list)
		}
		dead.conn.Close()
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		if list := advised(t, h); len(list) != 0 {
			t.Errorf("after its end: %+v", list)
		}
	})
}

// Stalls of 0.7 s that hit each of many connections once are recorded, and a floor of 0.75 s would have waited for them.
func TestALowFloorIsAdvised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range 20 {
			p := connect(t, h, fmt.Sprint(i))
			go func() {
				time.Sleep(time.Duration(20+i) * time.Second)
				p.stall.Store(int64(700 * ms))
				time.Sleep(time.Second)
				p.stall.Store(0)
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		list := advised(t, h)
		if len(list) != 1 || list[0].Kind != model.LowFloor || !strings.Contains(list[0].Detail, "--min-timeout 750ms") || list[0].Touched < 12 {
			t.Errorf("%+v", list)
		}
	})
}

// What holter does to connections on purpose is no reason for advice, neither while it does nor later.
func TestFaultsAreNoReasonForAdvice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, observing())
		for i := range 20 {
			p := connect(t, h, fmt.Sprint(i))
			go p.every(500*ms, func() { p.say("x") })
		}
		time.Sleep(20 * time.Second)
		for _, f := range []model.Faults{{Up: model.Line{Latency: 700 * ms}}, {}} {
			if _, err := h.SetFaults(t.Context(), model.FaultOrder{Query: "all", Faults: f}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
		}
		late := 0
		for _, c := range snapshot(t, h).Connections {
			for _, beat := range detail(t, h, c.ID).Samples {
				if beat.Missed && beat.RTT > 0 {
					late++
				}
			}
		}
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		if list := advised(t, h); len(list) != 0 || late < 20 {
			t.Errorf("of %d late beats: %+v", late, list)
		}
	})
}

// Where all is well there is no advice, also after a long time.
func TestNoAdviceWhereAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range 60 {
			p := connect(t, h, fmt.Sprint(i))
			p.stall.Store(int64(time.Duration(5+i) * ms))
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if list := advised(t, h); len(list) != 0 || len(raised(h)) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

// Warnings of all kinds are in one list, each with an id of its own.
func TestAllWarningsAreAdvice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := watching()
		o.IdleCut = 3 * time.Second
		h, _ := start(t, o)
		for i := range 9 {
			p := connectBy(t, h, asking(fmt.Sprintf("/ws?client=js&device=d%d", i), fmt.Sprintf("10.0.0.%d:400", i)))
			go p.every(3*time.Second, p.ping)
		}
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		list, ids := advised(t, h), map[string]bool{}
		for _, w := range list {
			ids[w.ID] = true
		}
		if len(list) != 2 || len(ids) != 2 || ids[""] {
			t.Fatalf("%+v", list)
		}
		for _, w := range list {
			want := map[model.WarningKind]model.Place{
				model.SharedIdentity: {Page: model.ClientsPage, Query: "shared=js"},
				model.TimerRace:      {Page: model.PathsPage, Query: "/ws"},
			}[w.Kind]
			if w.At != want || w.Urgency != model.Risk || w.Touched != 9 || w.Since.IsZero() {
				t.Errorf("%+v", w)
			}
			if err := h.Dismiss(t.Context(), w.ID); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Minute)
		if list := advised(t, h); len(list) != 0 {
			t.Errorf("dismissed: %+v", list)
		}
	})
}

// BenchmarkLookForAdvice is a look at 20 000 connections, which happens every 15 s.
func BenchmarkLookForAdvice(b *testing.B) {
	h := New(quick())
	for i := range 20_000 {
		forged(b, h, fmt.Sprint("client ", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		h.lookForAdvice()
	}
}

// Clients that were refused four times, with longer and longer delays, and then begin again after connections of a second.
func TestDelaysThatStartAnewAreAdvised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		const n = 24
		var peers []*peer
		gather := func() {
			for i := range n {
				peers = append(peers, connect(t, h, fmt.Sprint("c", i)))
			}
		}
		lose := func() {
			for _, p := range peers {
				p.app.Close()
				<-p.over
			}
			peers = nil
		}
		gather()
		time.Sleep(20 * time.Second)
		lose()
		for _, delay := range []time.Duration{1, 2, 4, 8} {
			time.Sleep(delay * time.Second)
			for i := range n {
				h.Refused(request(fmt.Sprint("c", i)), 503, "full")
			}
		}
		time.Sleep(16 * time.Second)
		for range 4 {
			gather()
			time.Sleep(time.Second)
			lose()
			time.Sleep(time.Second)
		}
		gather()
		time.Sleep(2 * adviseEvery)
		synctest.Wait()
		list := advised(t, h)
		i := slices.IndexFunc(list, func(w model.Warning) bool { return w.Kind == model.ResetsAtOpen })
		if i < 0 {
			t.Fatalf("%+v of %+v", list, snapshot(t, h).Storms)
		}
		if w := list[i]; w.Agent != "peer/1" || w.Touched != n || w.At != (model.Place{Page: model.StormsPage, Query: "1"}) {
			t.Errorf("%+v", w)
		}
	})
}
