package hub

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
	"holter/server/tap"
)

// asking returns a request with an address and a user agent, and fields of its header as name, value, ….
func asking(url, remote string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, url, nil)
	r.RemoteAddr = remote
	r.Header.Set("User-Agent", "pusher-js/8")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// raised returns the warnings that were published.
func raised(h *Hub) (all []model.Warning) {
	for _, e := range events(h) {
		if e.Type == model.WarningRaised {
			all = append(all, *e.Warning)
		}
	}
	return all
}

// names are those of the clients on the list.
func names(t *testing.T, h *Hub) (all []string) {
	for _, c := range snapshot(t, h).Clients {
		all = append(all, c.ID)
	}
	return all
}

// kickAll closes all connections, and waits until they are.
func kickAll(t *testing.T, h *Hub, peers []*peer) {
	t.Helper()
	if n, err := h.Kick(t.Context(), model.Kick{Query: "all", Code: 1012}); n != len(peers) || err != nil {
		t.Fatal(n, err)
	}
	for _, p := range peers {
		<-p.over
	}
	synctest.Wait()
}

// Sixteen clients whose library sends client=js for all are sixteen clients, and a storm when all are kicked.
func TestNameThatAllShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		const n = 16
		gather := func() (peers []*peer) {
			for i := range n {
				url := fmt.Sprintf("/app/key?client=js&version=8.4.0&t=%d&device=d%d", time.Now().UnixNano(), i)
				peers = append(peers, connectBy(t, h, asking(url, fmt.Sprintf("10.0.0.%d:%d", 1+i%2, 4000+i))))
			}
			return peers
		}
		peers := gather()
		connect(t, h, "ann")
		time.Sleep(5 * time.Second)
		if all := names(t, h); len(all) != n+1 || all[1] == "js" || !slices.Contains(all, "ann") || !slices.Contains(all, "js 10.0.0.2 pusher-js/8 #8") {
			t.Fatalf("%d clients: %q", len(all), all)
		}
		warnings := raised(h)
		if len(warnings) != 1 {
			t.Fatalf("%d warnings", len(warnings))
		}
		w := warnings[0]
		if w.Kind != model.SharedIdentity || w.Client != "js" || w.Connections != n || w.Addresses != 2 || w.Identity != "query:device" ||
			!strings.HasPrefix(w.Detail, "16 connections at once from 2 addresses are named js: ") || !strings.Contains(w.Detail, "would tell them apart if each comes back with its own") {
			t.Errorf("%+v", w)
		}
		for _, c := range snapshot(t, h).Clients {
			if shared := c.ID != "ann"; shared != (c.Shared == "js") || shared != c.ByOrder || c.Generation != 1 || c.State != model.Normal {
				t.Errorf("%+v", c)
			}
		}

		time.Sleep(15 * time.Second)
		if n, err := h.Kick(t.Context(), model.Kick{Query: "client~^js", Code: 1012}); n != len(peers) || err != nil {
			t.Fatal(n, err)
		}
		for _, p := range peers {
			<-p.over
		}
		time.Sleep(time.Second)
		h.Refused(asking("/app/key?client=js", "10.0.0.1:9"), 503, "full")
		time.Sleep(time.Second)
		gather()
		time.Sleep(8 * time.Second)
		s := snapshot(t, h)
		if len(s.Storms) != 1 || s.Storms[0].Clients != n || s.Storms[0].Away != 0 || s.Storms[0].Refused != 1 {
			t.Fatalf("%+v", s.Storms)
		}
		back := 0
		for _, c := range s.Clients {
			if c.Generation == 2 && len(c.Reconnects) == 1 {
				back++
			}
		}
		if len(s.Clients) != n+1 || back != n {
			t.Errorf("%d clients, %d are back", len(s.Clients), back)
		}
		if len(raised(h)) != 1 || len(s.Warnings) != 1 || !strings.HasSuffix(s.Warnings[0].Detail, "; --identity query:device tells them apart") {
			t.Errorf("%d warnings, now %+v", len(raised(h)), s.Warnings)
		}
		refused := slices.IndexFunc(events(h), func(e model.Event) bool { return e.Refusal != nil })
		if id := events(h)[refused].Refusal.Client; !slices.Contains(names(t, h), id) {
			t.Errorf("%q was refused", id)
		}
	})
}

// Nobody has a name, and all come from one address with one user agent.
func TestClientsBehindOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for i := range 12 {
			peers = append(peers, connectBy(t, h, asking("/ws", fmt.Sprintf("10.0.0.1:%d", 4000+i))))
		}
		time.Sleep(5 * time.Second)
		all := names(t, h)
		if len(all) != 12 || all[0] != "10.0.0.1 pusher-js/8" || !slices.Contains(all, "10.0.0.1 pusher-js/8 #12") {
			t.Errorf("%q", all)
		}
		if w := raised(h); len(w) != 1 || w[0].Identity != "" || !strings.HasSuffix(w[0].Detail, "; nothing in their requests differs") {
			t.Errorf("%+v", w)
		}
		kickAll(t, h, peers)
		time.Sleep(2 * time.Minute)
		if s := snapshot(t, h); len(s.Clients) != 0 || len(s.Warnings) != 0 {
			t.Errorf("%+v", s.Clients)
		}
		connectBy(t, h, asking("/ws", "10.0.0.1:9"))
		connectBy(t, h, asking("/ws", "10.0.0.1:10"))
		if all := names(t, h); len(all) != 2 { // it is known by now
			t.Errorf("%q", all)
		}
	})
}

// silent opens a connection on which nothing is said, not even a ping of holter's for a while.
func silent(t *testing.T, h *Hub, r *http.Request) *peer {
	t.Helper()
	server, end := inMemory()
	p := newPeer(end)
	p.app, p.server = h.Adopt(r, server, nil, nil), server
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		io.WriteString(p.app, switching)
		io.Copy(io.Discard, p.app)
		p.app.Close()
	}()
	go p.run()
	t.Cleanup(func() {
		end.Close()
		<-p.over
		<-handled
	})
	return p
}

// Sixteen sockets of one name that are open are enough to see it: they are a storm when a deploy follows at once.
func TestNameThatAllShareIsFoundAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.Rhythm.Interval = 5 * time.Second
		h, _ := start(t, o)
		var peers []*peer
		for i := range 16 {
			peers = append(peers, silent(t, h, asking("/app/key?client=js", fmt.Sprintf("10.0.0.1:%d", 4000+i))))
			time.Sleep(30 * ms)
		}
		time.Sleep(2 * time.Second)
		if w := raised(h); len(w) != 1 || w[0].Connections != 16 || len(names(t, h)) != 16 {
			t.Fatalf("%+v, %q", w, names(t, h))
		}
		kickAll(t, h, peers)
		for range 4 {
			time.Sleep(time.Second)
			for range 16 {
				h.Refused(asking("/app/key?client=js", "10.0.0.1:5000"), 503, "full")
			}
		}
		time.Sleep(time.Second)
		if s := snapshot(t, h); s.Storm() == nil || s.Storm().Clients != 16 || s.Storm().Refused != 64 {
			t.Errorf("%+v", s.Storms)
		}
	})
}

// Clients of one name whose connections are closed again at once are as many clients, all of them flapping.
func TestNameOfConnectionsThatDoNotLast(t *testing.T) {
	for _, tt := range []struct {
		name      string
		n         int
		wait, and time.Duration // between two connections: a fixed part and a random one
		clients   int           // that are told apart, at least
	}{
		{"in step", 20, 3 * time.Second, 0, 15},
		{"out of step", 20, 2 * time.Second, 2 * time.Second, several},
		{"tabs of one client", 3, 100 * ms, 100 * ms, 1},
		{"tabs of one client in step", 7, time.Second, 0, 1},
		{"one client", 1, 0, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, quick())
				const lasts = 40 * time.Second
				over := time.Now().Add(lasts)
				var all sync.WaitGroup
				defer all.Wait()
				for i := range tt.n {
					random := rand.New(rand.NewPCG(1, uint64(i)))
					all.Go(func() {
						time.Sleep(time.Duration(random.Int64N(int64(300 * ms))))
						for time.Now().Before(over) {
							url := fmt.Sprintf("/sockjs/%03d/%08x/websocket?client=websocket", i, random.Int32())
							p := silent(t, h, asking(url, "10.0.0.1:4000"))
							time.Sleep(200 * ms)
							p.app.Drop(tap.Ending{By: model.ByApp, Code: 4401}, false)
							<-p.over
							time.Sleep(tt.wait + time.Duration(random.Int64N(int64(tt.and)+1)))
						}
					})
				}
				time.Sleep(10 * time.Second)
				warned := raised(h)
				if (len(warned) == 1) != (tt.clients > 1) || len(warned) > 1 {
					t.Fatalf("%+v, %q", warned, names(t, h))
				}
				time.Sleep(lasts - 11*time.Second)
				s := snapshot(t, h)
				if n := len(s.Clients); n < tt.clients || n > tt.n || s.Count().Flapping != n {
					t.Errorf("%d clients, of which %d flap", n, s.Count().Flapping)
				}
				if on := s.Storm(); (on != nil) != (tt.clients >= 10) || on != nil && on.Flapping < tt.clients {
					t.Errorf("%+v", s.Storms)
				}
				if len(raised(h)) != len(warned) || len(warned) > 0 && !strings.HasSuffix(s.Warnings[0].Detail, "; --identity path:2 tells them apart") {
					t.Errorf("%d warnings, %+v", len(raised(h)), s.Warnings)
				}
			})
		})
	}
}

// What a client has several of is not shared.
func TestNamesOfSeveralConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range 7 {
			connect(t, h, "tabs")
			connectBy(t, h, asking("/ws?client=devices", fmt.Sprintf("10.0.%d.1:4000", i%4)))
		}
		for _, route := range strings.Fields("chat orders prices news alerts presence typing voice files board") {
			connectBy(t, h, asking("/"+route+"?client=routes", "10.0.0.1:4000"))
		}
		for range 20 { // the network goes, and each old connection stays until it is found dead
			connect(t, h, "flaps").frozen.Store(true)
			time.Sleep(500 * ms)
		}
		time.Sleep(10 * time.Second)
		if w := raised(h); len(w) != 0 {
			t.Errorf("%+v", w)
		}
		if all := names(t, h); !slices.Equal(all, []string{"devices", "flaps", "routes", "tabs"}) {
			t.Errorf("%q", all)
		}
	})
}

// The advice names what is each client's own, and neither what is new in each connection nor a secret's value.
func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		name, want, end string
		request         func(client, connection int) *http.Request
	}{
		{"chargers", "path:-1", "--identity path:-1 tells them apart", func(i, _ int) *http.Request {
			return asking(fmt.Sprintf("/ocpp/CP%d?client=js", i), "10.0.0.1:4000")
		}},
		{"kernels", "path:3", "--identity path:3 tells them apart", func(i, _ int) *http.Request {
			return asking(fmt.Sprintf("/api/kernels/%032x/channels?client=js", i), "10.0.0.1:4000")
		}},
		{"SockJS", "", "what differs in their requests is new in each connection", func(_, n int) *http.Request {
			return asking(fmt.Sprintf("/sockjs/%03d/%08x/websocket?client=js", n%1000, n*7919), "10.0.0.1:4000", "X-Forwarded-For", fmt.Sprintf("10.0.0.1:%d", n))
		}},
		{"a proxy", "header:X-Forwarded-For", "--identity header:X-Forwarded-For tells them apart", func(i, _ int) *http.Request {
			return asking("/ws?client=js", "10.0.0.1:4000", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		}},
		{"cookies", "cookie:session", "--identity cookie:session tells them apart", func(i, n int) *http.Request {
			return asking("/ws?client=js", "10.0.0.1:4000", "Cookie", fmt.Sprintf("lang=de; session=s3cret%d", i), "X-Request-Id", fmt.Sprint(n))
		}},
		{"addresses", "ip", "--identity ip tells them apart", func(i, _ int) *http.Request {
			return asking("/ws?client=js", fmt.Sprintf("10.0.0.%d:4000", i))
		}},
		{"two of each", "", "nothing in their requests differs", func(i, _ int) *http.Request {
			return asking(fmt.Sprintf("/ws?client=js&user=%d", i/2), "10.0.0.1:4000")
		}},
		{"a token before another", "query:user", "--identity query:user tells them apart", func(i, _ int) *http.Request {
			return asking(fmt.Sprintf("/ws?client=js&token=s3cret%d&user=%d", i, i), "10.0.0.1:4000")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, quick())
				connection := 0
				for range 2 {
					var peers []*peer
					for i := range 12 {
						connection++
						peers = append(peers, connectBy(t, h, c.request(i, connection)))
					}
					time.Sleep(5 * time.Second)
					w := snapshot(t, h).Warnings
					if len(w) != 1 || strings.Contains(w[0].Detail, "s3cret") {
						t.Fatalf("%+v", w)
					}
					if w := w[0]; connection > 12 && (w.Identity != c.want || !strings.HasSuffix(w.Detail, "; "+c.end)) {
						t.Errorf("%q: %s", w.Identity, w.Detail)
					}
					kickAll(t, h, peers)
				}
			})
		})
	}
}

// The refused attempts of a crowd go round among those that are away.
func TestRefusedCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		var peers []*peer
		for range 10 {
			peers = append(peers, connectBy(t, h, asking("/ws?client=js", "10.0.0.1:4000")))
		}
		time.Sleep(5 * time.Second)
		kickAll(t, h, peers)
		for range 2 {
			time.Sleep(time.Second)
			for range 10 {
				h.Refused(asking("/ws?client=js", "10.0.0.1:5000"), 503, "full")
			}
		}
		h.Refused(asking("/ws?client=js", "10.9.9.9:5000"), 503, "from where none is")
		for _, c := range snapshot(t, h).Clients {
			if len(c.Attempts) != 2 || c.Attempts[1].Number > 2 || c.Attempts[1].Delay < time.Second {
				t.Errorf("%s: %+v", c.ID, c.Attempts)
			}
		}
	})
}

// However many names there are, and whatever is in them, what is kept is bounded.
func TestCrowdsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		h := New(o)
		const each = crowded + 1
		for i := range 400 {
			for range each {
				forged(t, h, fmt.Sprintf("%03d %s", i, strings.Repeat("\x1bé", 100)))
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		r := &h.registry
		if n := len(*h.samplers.byName.Load()); n != maxWatched {
			t.Errorf("%d names are watched", n)
		}
		for cl := range maps.Clone(r.many) {
			r.share(cl, h.now())
		}
		if len(r.crowds) != maxCrowds || len(r.conns) != 400*each || len(r.clients) != 400-maxCrowds+maxCrowds*each {
			t.Errorf("%d crowds, %d connections, %d clients", len(r.crowds), len(r.conns), len(r.clients))
		}
		for name := range r.clients {
			if len(name) > maxClient {
				t.Errorf("%d bytes: %q", len(name), name)
			}
		}
	})
}

// A crowd is compared although there are too many other names to look at: when its clients come back.
func TestAdviceWhenManyNamesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for i := range maxWatched {
			for range severalOpen {
				forged(t, h, fmt.Sprint("tabs ", i))
			}
		}
		var peers []*peer
		gather := func() model.Warning {
			peers = nil
			for i := range 16 {
				peers = append(peers, silent(t, h, asking(fmt.Sprintf("/app?client=js&device=d%d", i), "10.0.0.1:4000")))
			}
			time.Sleep(3 * time.Second)
			w := snapshot(t, h).Warnings
			if len(w) != 1 {
				t.Fatalf("%+v", w)
			}
			return w[0]
		}
		if w := gather(); !strings.HasSuffix(w.Detail, "; which --identity tells them apart is found when they connect again") {
			t.Error(w.Detail)
		}
		if _, err := h.Kick(t.Context(), model.Kick{Query: "client~js", Code: 1012}); err != nil {
			t.Fatal(err)
		}
		for _, p := range peers {
			<-p.over
		}
		if w := gather(); w.Identity != "query:device" {
			t.Error(w.Detail)
		}
	})
}

// Nothing is left of a crowd whose clients are gone, but its name.
func TestCrowdIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		for range 3 {
			var peers []*peer
			for i := range 30 {
				peers = append(peers, connectBy(t, h, asking(fmt.Sprintf("/ws?client=js&n=%d", i), fmt.Sprintf("10.0.0.%d:4000", i%3))))
			}
			time.Sleep(5 * time.Second)
			kickAll(t, h, peers)
			time.Sleep(2 * time.Minute)
			h.mu.Lock()
			r := &h.registry
			if d := r.crowds["js"]; d == nil || len(d.spots) != 0 || d.open != 0 || len(r.clients) != 0 || len(r.many) != 0 {
				t.Errorf("%+v", d)
			}
			if s := h.samplers.of("js"); s == nil || len(s.present) != 0 || len(s.past) > maxSamples {
				t.Errorf("%+v", s)
			}
			h.mu.Unlock()
		}
	})
}

// BenchmarkFindShared is a check of 4000 clients with five connections each, which runs once a second.
func BenchmarkFindShared(b *testing.B) {
	h := New(quick())
	for i := range 20_000 {
		forged(b, h, fmt.Sprint("client ", i%4000))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b.ReportAllocs()
	for b.Loop() {
		h.registry.findShared(h.now())
	}
}

// Of the clients that are refused only so many are counted, until they are told apart.
func TestManyRefusedClientsAreAtLeastSoMany(t *testing.T) {
	for refused, want := range map[int]string{maxSamples - 1: "63 clients that are refused", maxSamples: "At least 64 clients that are refused"} {
		d := &crowd{name: "js", refused: refused, spots: map[spot]*group{}}
		if w := d.warning(); !strings.HasPrefix(w.Detail, want) {
			t.Error(w.Detail)
		}
	}
}

// Twenty clients without a name that are never let in are as many clients, each with its own delays, if something in their
// requests is each one's own. One client that tries fast, or with a new value each time, is one.
func TestClientsOfOneNameThatNeverGetIn(t *testing.T) {
	for _, tt := range []struct {
		name     string
		path     func(i, try int) string
		n        int
		every    time.Duration
		identity string
	}{
		{"chargers", func(i, _ int) string { return fmt.Sprintf("/never/ID%d", i) }, 20, time.Second, "path:-1"},
		{"many chargers", func(i, _ int) string { return fmt.Sprintf("/never/ID%d", i) }, 300, 2 * time.Second, "path:-1"},
		{"a client in a hurry", func(int, int) string { return "/never/ID" }, 1, 50 * ms, ""},
		{"a new session each time", func(_, try int) string { return fmt.Sprintf("/never/%x", try*7919) }, 1, 50 * ms, ""},
		{"two hosts in turn", func(_, try int) string { return fmt.Sprintf("/never/%d", try%2) }, 1, 50 * ms, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := start(t, quick())
				var all sync.WaitGroup
				for i := range tt.n {
					all.Go(func() {
						time.Sleep(time.Duration(i) * tt.every / time.Duration(tt.n))
						for try := range int(20 * time.Second / tt.every) {
							h.Report(asking(tt.path(i, try), "10.0.0.1:4000"), model.Refusal{Status: 401, By: model.RefusedByUpstream})
							time.Sleep(tt.every)
						}
					})
				}
				all.Wait()
				s := snapshot(t, h)
				if len(s.Clients) != tt.n || (len(s.Warnings) == 1) != (tt.n > 1) {
					t.Fatalf("%d clients, %+v", len(s.Clients), s.Warnings)
				}
				for _, c := range s.Clients {
					for _, a := range c.Attempts {
						if a.Delay != tt.every {
							t.Fatalf("%s: %+v", c.ID, c.Attempts)
						}
					}
				}
				if tt.n == 1 {
					return
				}
				w := s.Warnings[0]
				if w.Identity != tt.identity || w.Connections != 0 || w.Touched != tt.n || !strings.HasSuffix(w.Detail, "; --identity path:-1 tells them apart") {
					t.Errorf("%+v", w)
				}
				if on := s.Storm(); on == nil || on.NeverIn != tt.n || on.Clients != tt.n {
					t.Errorf("%+v", on)
				}
				for i := range tt.n {
					silent(t, h, asking(tt.path(i, 0), "10.0.0.1:4000"))
				}
				time.Sleep(10 * time.Second)
				s = snapshot(t, h)
				if n := s.Count(); n.Present != tt.n || n.Away != 0 || len(s.Clients) != tt.n {
					t.Errorf("when they are let in: %+v", n)
				}
			})
		})
	}
}
