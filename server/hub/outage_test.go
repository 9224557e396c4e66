package hub

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/server/tap"
)

// expel closes the connection as an application does that lets nobody stay.
func (p *peer) expel() {
	p.app.Drop(tap.Ending{By: model.ByApp, Code: 4401, Reason: "token expired"}, false)
	<-p.over
	synctest.Wait()
}

// oneOf returns a client by its id.
func oneOf(t *testing.T, h *Hub, id string) model.Client {
	t.Helper()
	c, _, err := h.Client(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A client whose connections are closed again at once is flapping, with the code and the rate, until one has lasted.
func TestClientFlaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		p := connect(t, h, "ann")
		time.Sleep(time.Minute)
		p.expel()
		lost := time.Now()
		for i := range 3 {
			time.Sleep(800 * ms)
			p = connect(t, h, "ann")
			if ann := oneOf(t, h, "ann"); ann.State != model.Normal {
				t.Errorf("flap %d: %v", i, ann.State)
			}
			time.Sleep(200 * ms)
			p.expel()
		}
		want := model.Outage{
			Flaps: 3, Close: model.Close{Code: 4401, By: model.ByApp, Reason: "token expired"}, Lasted: 200 * ms, Every: time.Second,
		}
		between := oneOf(t, h, "ann")
		if between.State != model.Flapping || between.Outage == nil || *between.Outage != want || !between.Since.Equal(lost) || between.Connection != 0 {
			t.Errorf("between two connections: %+v, %+v", between, between.Outage)
		}
		s := snapshot(t, h)
		if n := s.Count(); n.Flapping != 1 || n.Between != 1 || n.Away != 0 || n.Present != 0 {
			t.Errorf("%+v", n)
		}
		time.Sleep(800 * ms)
		p = connect(t, h, "ann")
		if ann := oneOf(t, h, "ann"); ann.State != model.Flapping || ann.Connection != p.id {
			t.Errorf("with a connection: %+v", ann)
		}
		time.Sleep(model.Stay)
		if ann := oneOf(t, h, "ann"); ann.State != model.Normal || ann.Outage != nil {
			t.Errorf("when it has stayed: %+v, %+v", ann, ann.Outage)
		}
	})
}

// A client that was never let in is on the list, with what keeps it out, for as long as it tries.
func TestClientThatNeverGotIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		first := time.Now()
		stale := model.Refusal{Status: 401, Reason: "the upstream refused", By: model.RefusedByUpstream}
		for range 5 {
			h.Report(request("stale"), stale)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		c := oneOf(t, h, "stale")
		if c.State != model.Away || c.Generation != 0 || !c.Since.Equal(first) || !c.FirstSeen.Equal(first) || c.UserAgent != "peer/1" || len(c.Attempts) != 4 {
			t.Errorf("%+v", c)
		}
		if want := (model.Outage{Refusals: 5, Status: 401, Reason: "the upstream refused", By: model.RefusedByUpstream}); c.Outage == nil || *c.Outage != want {
			t.Errorf("%+v", c.Outage)
		}
		connect(t, h, "stale")
		if c := oneOf(t, h, "stale"); c.State != model.Normal || c.Generation != 1 || c.Outage != nil && c.Outage.Refusals != 0 {
			t.Errorf("when it is let in: %+v, %+v", c, c.Outage)
		}
		h.Report(request("other"), stale)
		time.Sleep(outsideFor + 2*time.Second)
		synctest.Wait()
		if _, _, err := h.Client("other"); model.ErrorCode(err) != model.NotFound {
			t.Errorf("a client that has not tried for long is kept: %v", err)
		}
		oneOf(t, h, "stale")
	})
}

// A client that is refused for longer than its last connection lingers is still the same client.
func TestClientIsKeptWhileItTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		h, _ := start(t, o)
		p := connect(t, h, "ann")
		time.Sleep(10 * time.Second)
		p.expel()
		for range 10 {
			time.Sleep(30 * time.Second)
			h.Report(request("ann"), model.Refusal{Status: 503, By: model.RefusedByUpstream})
		}
		connect(t, h, "ann")
		time.Sleep(model.Stay)
		synctest.Wait()
		ann := oneOf(t, h, "ann")
		if ann.Generation != 2 || ann.State != model.Normal || !slices.Equal(ann.Reconnects, []time.Duration{300 * time.Second}) {
			t.Errorf("%+v", ann)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.registry.outside) != 0 {
			t.Errorf("%d clients are kept without a connection", len(h.registry.outside))
		}
	})
}

// Nobody can fill the memory with clients that are refused.
func TestClientsThatNeverGotInAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range maxOutside + 100 {
			h.Refused(request(fmt.Sprint("stranger ", i)), 403, "no")
		}
		if n := len(snapshot(t, h).Clients); n != maxOutside {
			t.Errorf("%d clients", n)
		}
		time.Sleep(outsideFor + 2*time.Second)
		synctest.Wait()
		if n := len(snapshot(t, h).Clients); n != 0 {
			t.Errorf("%d clients are left", n)
		}
	})
}

// A storm goes on while clients flap, and an event says so. It tells who is kept out, and by what.
func TestStormGoesOnWhileClientsFlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		const n = 12
		peers := make([]*peer, n)
		for i := range peers {
			peers[i] = connect(t, h, fmt.Sprint(i))
		}
		time.Sleep(20 * time.Second)
		for _, p := range peers {
			p.expel()
		}
		for range 60 {
			time.Sleep(time.Second)
			for i := range peers {
				peers[i] = connect(t, h, fmt.Sprint(i))
			}
			time.Sleep(200 * ms)
			for _, p := range peers {
				p.expel()
			}
			h.Report(request("stale"), model.Refusal{Status: 401, By: model.RefusedByUpstream})
		}
		s := snapshot(t, h)
		storm := s.Storm()
		if storm == nil || storm.Flapping != n || storm.NeverIn != 1 || storm.Clients != n+1 || storm.Away != n+1 || storm.Back50 != 0 {
			t.Fatalf("%+v", storm)
		}
		if want := []model.StormCause{{Code: 4401, By: model.ByApp, Count: n}}; !slices.Equal(storm.Flaps, want) || storm.FlapRate < 9 || storm.FlapRate > 11 {
			t.Errorf("%+v, %.1f/s", storm.Flaps, storm.FlapRate)
		}
		if len(storm.Refusals) != 1 || storm.Refusals[0].Status != 401 || storm.Refusals[0].By != model.RefusedByUpstream {
			t.Errorf("%+v", storm.Refusals)
		}
		time.Sleep(time.Second)
		for i := range peers {
			peers[i] = connect(t, h, fmt.Sprint(i))
		}
		time.Sleep(70 * time.Second) // so long it takes until the other one has given up
		if s := snapshot(t, h); s.Storm() != nil || s.Storms[0].Away != 1 || s.Storms[0].GaveUp != 1 || s.Storms[0].Flapping != 0 {
			t.Errorf("when they have stayed: %+v", s.Storms)
		}
		var told []model.EventType
		for _, e := range events(h) {
			if e.Storm != nil {
				told = append(told, e.Type)
			}
		}
		if want := []model.EventType{model.StormStarted, model.StormFlapping, model.StormEnded}; !slices.Equal(told, want) {
			t.Errorf("%v", told)
		}
	})
}
