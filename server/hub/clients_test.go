package hub

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"holter/model"
)

// leave closes the connection as a client does.
func (p *peer) leave() {
	p.send(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))
	p.conn.Close()
	<-p.over
	synctest.Wait()
}

// theClient returns the client ann and those of her connections that are on the list.
func theClient(t *testing.T, h *Hub) (model.Client, []model.Connection) {
	t.Helper()
	ann, connections, err := h.Client("ann")
	if err != nil {
		t.Fatal(err)
	}
	if listed := snapshot(t, h).Clients; len(listed) != 1 || listed[0].State != ann.State || listed[0].Generation != ann.Generation {
		t.Errorf("the snapshot says %+v, the client %+v", listed, ann)
	}
	return ann, connections
}

func TestClientComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		begin := time.Now()
		delays := []time.Duration{3 * time.Second, 500 * ms, 7 * time.Second}
		for i, delay := range delays {
			p := connect(t, h, "ann")
			if ann, _ := theClient(t, h); ann.State != model.Normal || ann.Generation != i+1 || ann.Connection != p.id {
				t.Errorf("generation %d: %+v", i+1, ann)
			}
			time.Sleep(time.Second)
			p.leave()
			ended := time.Now()
			time.Sleep(delay)
			if ann, _ := theClient(t, h); ann.State != model.Away || ann.Connection != 0 || !ann.Since.Equal(ended) {
				t.Errorf("after generation %d, which ended at %v: %+v", i+1, ended, ann)
			}
		}
		connect(t, h, "ann")
		ann, connections := theClient(t, h)
		if !slices.Equal(ann.Reconnects, delays) || ann.State != model.Normal || !ann.FirstSeen.Equal(begin) || ann.UserAgent != "peer/1" {
			t.Errorf("%+v, want the delays %v", ann, delays)
		}
		for i, c := range connections {
			if c.Generation != i+1 || c.Open() != (i == 3) {
				t.Errorf("connection %d has generation %d, open %t", i, c.Generation, c.Open())
			}
		}
		if len(connections) != 4 {
			t.Errorf("%d connections", len(connections))
		}
	})
}

func TestReconnectsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range model.MaxReconnects + 5 {
			connect(t, h, "ann").leave()
			time.Sleep(time.Duration(i+1) * ms)
		}
		connect(t, h, "ann")
		ann, _ := theClient(t, h)
		if n := len(ann.Reconnects); n != model.MaxReconnects || ann.Reconnects[0] != 6*ms || ann.Reconnects[n-1] != 21*ms {
			t.Errorf("%v", ann.Reconnects)
		}
	})
}

func TestClientHasTheStateOfItsNewestConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.OnFail = model.OnFailObserve
		h, _ := start(t, o)
		a, b, c := connect(t, h, "ann"), connect(t, h, "ann"), connect(t, h, "ann")
		check := func(newest *peer, state model.State) {
			t.Helper()
			if ann, _ := theClient(t, h); ann.Connection != newest.id || ann.State != state || ann.Generation != 3 {
				t.Errorf("%+v, want %s to say %s", ann, newest.id, state)
			}
		}
		check(c, model.Normal)
		a.frozen.Store(true)
		time.Sleep(20 * time.Second)
		check(c, model.Normal)
		b.leave() // from the middle
		check(c, model.Normal)
		c.leave()
		check(a, model.Failed)
		a.leave()
		if ann, _ := theClient(t, h); ann.State != model.Away || len(ann.Reconnects) != 0 {
			t.Errorf("%+v", ann)
		}
	})
}

func TestClosedConnectionsLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		h, _ := start(t, o)
		gone, back := connect(t, h, "gone"), connect(t, h, "ann")
		gone.leave()
		back.leave()
		again := connect(t, h, "ann")
		time.Sleep(o.Linger - ms)
		if s := snapshot(t, h); len(s.Connections) != 3 || len(s.Clients) != 2 {
			t.Errorf("%d connections and %d clients are on the list before the linger time is over", len(s.Connections), len(s.Clients))
		}
		time.Sleep(time.Second + ms)
		synctest.Wait()
		s := snapshot(t, h)
		if len(s.Connections) != 1 || s.Connections[0].ID != again.id || len(s.Clients) != 1 || s.Clients[0].ID != "ann" {
			t.Errorf("%+v, %+v, want ann's second connection alone", s.Connections, s.Clients)
		}
		if ann := s.Clients[0]; ann.Generation != 2 || len(ann.Reconnects) != 1 {
			t.Errorf("%+v", ann)
		}
		if _, err := h.Detail(t.Context(), gone.id); model.ErrorCode(err) != model.NotFound {
			t.Errorf("detail of a forgotten connection: %v", err)
		}
		if _, _, err := h.Client("gone"); model.ErrorCode(err) != model.NotFound {
			t.Errorf("a forgotten client: %v", err)
		}
	})
}

// A client leaves the list together with the last of its connections on it.
func TestClientIsListedWithItsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(quick())
		for range 2 {
			_, c, _ := forged(t, h, "ann")
			c.Close() // both at the same instant
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.registry.forget(1)
		if len(h.registry.conns) != 1 || len(h.registry.clients) != 1 {
			t.Errorf("%d connections and %d clients", len(h.registry.conns), len(h.registry.clients))
		}
		h.registry.forget(1)
		if len(h.registry.conns) != 0 || len(h.registry.clients) != 0 {
			t.Errorf("%d connections and %d clients", len(h.registry.conns), len(h.registry.clients))
		}
	})
}

func TestLingeringIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(quick())
		for i := range maxLingering + 100 {
			_, c, _ := forged(t, h, fmt.Sprint("client ", i%1000))
			c.Close()
		}
		s := snapshot(t, h)
		if len(s.Connections) != maxLingering || len(s.Clients) != 1000 || s.Connections[0].ID != 101 {
			t.Errorf("%d connections from %s on and %d clients are on the list", len(s.Connections), s.Connections[0].ID, len(s.Clients))
		}
		if cap(h.registry.gone) > 4*maxLingering {
			t.Errorf("room for %d", cap(h.registry.gone))
		}
	})
}
