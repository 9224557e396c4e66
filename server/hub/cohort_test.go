package hub

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// passive are options to watch and send nothing.
func passive() Options {
	o := observing()
	o.Rhythm.Scheme = model.SchemeNone
	return o
}

// causes are the ends that events have named: those that came when they closed, and those after the fact.
func causes(h *Hub) (atOnce, later map[model.ID]model.Cause, found []model.Cohort) {
	atOnce, later = map[model.ID]model.Cause{}, map[model.ID]model.Cause{}
	for _, e := range events(h) {
		switch e.Type {
		case model.ConnectionClosed:
			if c := e.Connection.Diagnosis.Cause; c != "" {
				atOnce[e.Connection.ID] = c
			}
		case model.CauseFound:
			later[e.Connection.ID] = e.Connection.Diagnosis.Cause
		case model.CohortFound:
			found = append(found, *e.Cohort)
		}
	}
	return atOnce, later, found
}

// A box cuts connections after the same silence, at different ages. The first ones teach; the later ones have the cause in
// the event of their end, and in the list and the detail all have it.
func TestIdleCutIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := passive()
		o.Linger = time.Hour
		h, _ := start(t, o)
		const n = 8
		for i := range n {
			p := connect(t, h, fmt.Sprint("client-", i))
			time.Sleep(time.Duration(7+13*i) * time.Second)
			p.say("the last word")
			time.Sleep(time.Minute + time.Duration(i)*ms/10)
			p.conn.Close()
			time.Sleep(time.Second)
		}
		atOnce, later, found := causes(h)
		if len(later) != fewestThatTeach || len(atOnce) != n-fewestThatTeach || len(found) != 1 || found[0].Kind != model.CohortSilence {
			t.Errorf("at once %v, later %v, found %+v", atOnce, later, found)
		}
		s := snapshot(t, h)
		for _, c := range s.Connections {
			d, err := h.Detail(t.Context(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			last := d.Transitions[len(d.Transitions)-1]
			if c.Diagnosis.Cause != model.CauseIdleCut || d.Diagnosis.Cause != model.CauseIdleCut || last.Diagnosis.Cause != model.CauseIdleCut {
				t.Errorf("%s: %+v, %+v, %+v", c.ID, c.Diagnosis, d.Diagnosis, last)
			}
		}
		if len(s.Cohorts) != 1 || s.Cohorts[0].Count != n || s.Cohorts[0].Of != n || len(s.Cohorts[0].Members) != n {
			t.Errorf("%+v", s.Cohorts)
		}
	})
}

const fewestThatTeach = 3

// What holter ends itself, or disturbs, is no cut.
func TestOwnEndsTeachNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, passive())
		for i := range 12 {
			p := connect(t, h, fmt.Sprint("client-", i))
			time.Sleep(time.Duration(7+5*i) * time.Second)
			p.say("the last word")
			time.Sleep(30 * time.Second)
			if i%2 == 0 {
				h.Kick(t.Context(), model.Kick{IDs: []model.ID{p.id}, Reset: true})
			} else {
				f, err := model.ParseFaults("latency=10ms")
				if err != nil {
					t.Fatal(err)
				}
				h.SetFaults(t.Context(), model.FaultOrder{IDs: []model.ID{p.id}, Faults: f})
				p.conn.Close()
			}
			<-p.over
			time.Sleep(time.Second)
		}
		if s := snapshot(t, h); len(s.Cohorts) > 0 {
			t.Errorf("%+v", s.Cohorts)
		}
	})
}

// An application beside holter that closes what sends no message, while holter's pings are answered all the time.
func TestCutsOfTheApplicationAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observing()
		o.Linger = time.Hour
		h, _ := start(t, o)
		const n = 6
		for i := range n {
			p := connect(t, h, fmt.Sprint("client-", i))
			time.Sleep(time.Duration(7+13*i) * time.Second)
			p.say("the last word")
			time.Sleep(7*time.Second + time.Duration(i)*ms/10)
			p.app.Close()
			<-p.over
			time.Sleep(time.Second)
		}
		s := snapshot(t, h)
		if len(s.Cohorts) != 1 || s.Cohorts[0].Count != n || s.Cohorts[0].Kind != model.CohortData || s.Cohorts[0].Cause != "" ||
			!strings.HasPrefix(s.Cohorts[0].Detail, "Your application closes connections after 7.0 s") {
			t.Errorf("%+v", s.Cohorts)
		}
		for _, c := range s.Connections {
			if c.Diagnosis.Cause != "" {
				t.Errorf("%s: %+v", c.ID, c.Diagnosis)
			}
		}
	})
}

// A backend that closes what sends no message, with a close frame, while pings are answered.
func TestCutsOfTheBackendAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observing()
		o.Linger = time.Hour
		h, _ := start(t, o)
		const n = 6
		farewell := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1011, "keepalive timeout")))
		for i := range n {
			client, upstream := proxied(t, h)
			time.Sleep(time.Duration(7+13*i) * time.Second)
			client.say("the last word")
			ws.WriteFrame(upstream.conn, ws.NewTextFrame([]byte("the last answer")))
			time.Sleep(20*time.Second + time.Duration(i)*ms/10)
			upstream.conn.Write(farewell)
			synctest.Wait()
			client.app.Write(farewell) // the proxy passes it on
			synctest.Wait()
			client.conn.Close()
			<-client.over
			upstream.conn.Close()
			<-upstream.over
			time.Sleep(time.Second)
		}
		s := snapshot(t, h)
		if len(s.Cohorts) != 1 || s.Cohorts[0].Count != n || s.Cohorts[0].Kind != model.CohortData || s.Cohorts[0].Cause != "" ||
			!strings.HasPrefix(s.Cohorts[0].Detail, "The upstream closes connections after 20.0 s") {
			t.Errorf("%+v", s.Cohorts)
		}
	})
}

// A backend that shuts down in good order closes each connection once, whichever of its sockets is closed first.
func TestShutdownOfTheUpstreamIsOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := passive()
		o.Linger = time.Hour
		h, _ := start(t, o)
		const n = 14
		var clients, upstreams []*peer
		for range n {
			client, upstream := proxied(t, h)
			clients, upstreams = append(clients, client), append(upstreams, upstream)
			time.Sleep(11 * time.Second)
		}
		for i := range n {
			farewell := ws.MustCompileFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1001, "shutting down")))
			upstreams[i].conn.Write(farewell)
			synctest.Wait()
			clients[i].app.Write(farewell) // the proxy passes it on
		}
		synctest.Wait()
		for i := range n {
			first, second := clients[i], upstreams[i]
			if i%2 == 0 {
				first, second = second, first
			}
			first.conn.Close()
			<-first.over
			synctest.Wait()
			second.conn.Close()
			<-second.over
		}
		time.Sleep(10 * time.Second)
		s := snapshot(t, h)
		if len(s.Cohorts) != 1 || s.Cohorts[0].Count != n || !s.Cohorts[0].Farewell() || s.Cohorts[0].Side != model.UpstreamSide {
			t.Errorf("%+v", s.Cohorts)
		}
		for _, c := range s.Connections {
			if c.Close.Code != 1001 || c.Close.By != model.ByApp {
				t.Errorf("%s: %+v", c.ID, c.Close)
			}
		}
		if ends := s.Paths[0].Ends; len(ends) != 1 || ends[0].By != model.ByApp || ends[0].Code != 1001 {
			t.Errorf("%+v", ends)
		}
	})
}

// Who closed is told alike of a connection and of its path, as the client sees it.
func TestWhoClosedIsToldAlike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := passive()
		o.Linger = time.Hour
		h, _ := start(t, o)
		client, upstream := proxied(t, h)
		time.Sleep(3 * time.Second)
		upstream.conn.Close() // without a close frame, as a box does that cuts
		<-upstream.over
		synctest.Wait()
		client.app.Close() // the proxy passes it on
		<-client.over
		time.Sleep(2 * time.Second)
		s := snapshot(t, h)
		c, ends := s.Connections[0].Close, s.Paths[0].Ends
		if len(ends) != 1 || ends[0].By != c.By || ends[0].Code != c.Code || c.By != model.ByApp {
			t.Errorf("the connection says %+v, its path %+v", c, ends)
		}
	})
}

// A box before the upstream cuts: the connection has the cause, although the client's leg shows nothing.
func TestCutOfTheUpstreamIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := passive()
		o.Linger = time.Hour
		h, _ := start(t, o)
		for i := range 5 {
			client, upstream := proxied(t, h)
			time.Sleep(time.Duration(7+13*i) * time.Second)
			client.say("the last word")
			ws.WriteFrame(upstream.conn, ws.NewTextFrame([]byte("the last answer")))
			time.Sleep(30*time.Second + time.Duration(i)*ms)
			upstream.conn.Close()
			<-upstream.over
			synctest.Wait() // or the other end may be noticed first
			client.conn.Close()
			<-client.over
			time.Sleep(time.Second)
		}
		s := snapshot(t, h)
		for _, c := range s.Connections {
			if c.Diagnosis.Cause != model.CauseIdleCut || !strings.Contains(c.Diagnosis.Detail, "on the side of the upstream") {
				t.Errorf("%s: %+v", c.ID, c.Diagnosis)
			}
			if d, err := h.Detail(t.Context(), c.ID); err != nil || d.Diagnosis != c.Diagnosis || d.Legs[1].Diagnosis != c.Diagnosis || d.Legs[0].Diagnosis.Cause != "" {
				t.Errorf("%s: %+v, %v", c.ID, d, err)
			}
		}
		if len(s.Connections) != 5 || len(s.Cohorts) != 1 || s.Cohorts[0].Side != model.UpstreamSide {
			t.Errorf("%d connections, %+v", len(s.Connections), s.Cohorts)
		}
	})
}

// Many clients that fall silent together are told as one, with those whose beat comes last.
func TestSuspicionsTogetherAreTold(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			o := observing()
			o.Rhythm.Interval = every
			h, _ := start(t, o)
			var peers []*peer
			const n, dead = 90, 60
			for i := range n {
				peers = append(peers, connect(t, h, fmt.Sprint("client-", i)))
			}
			time.Sleep(time.Minute)
			for _, p := range peers[:dead] {
				p.frozen.Store(true)
			}
			time.Sleep(time.Minute)
			_, _, found := causes(h)
			if len(found) != 1 || found[0].Kind != model.CohortSuspects || found[0].Of != n {
				t.Fatalf("every %v: %+v", every, found)
			}
			if all := snapshot(t, h).Cohorts; len(all) != 1 || all[0].Count != dead || all[0].Of != n {
				t.Errorf("every %v: %+v", every, all)
			}
		})
	}
}

// After the machine has slept it is not known when a connection ended.
func TestEndsAfterASleepTeachNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(passive())
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- h.maintain(ctx) }()
		defer func() { stop(); <-over }()
		var peers []*peer
		for i := range 12 {
			peers = append(peers, connect(t, h, fmt.Sprint("client-", i)))
			time.Sleep(3 * time.Second)
		}
		h.late.Observe(h.now(), 20*time.Second) // in place of the scheduler
		for _, p := range peers {
			p.conn.Close()
			<-p.over
		}
		time.Sleep(20 * time.Second)
		if s := snapshot(t, h); len(s.Cohorts) > 0 {
			t.Errorf("%+v", s.Cohorts)
		}
	})
}
