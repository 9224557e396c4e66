package hub

import (
	"net/netip"
	"testing"
	"testing/synctest"
)

func TestOrigins(t *testing.T) {
	var h Hub
	for _, remote := range []string{"192.0.2.1:1000", "192.0.2.1:1001", "[::ffff:192.0.2.1]:1002", "[2001:db8::1]:1", "[2001:db8::2:1]:1", "@"} {
		h.origins.add(addrPort(remote).Addr(), "")
	}
	for remote, want := range map[string]int{
		"192.0.2.1:9": 3, "192.0.2.2:9": 0, "[2001:db8::ffff:0:0:7]:9": 2, "[2001:db8:0:1::1]:9": 0, "somewhere": 1,
	} {
		if n, _, _ := h.origins.count(addrPort(remote).Addr(), ""); n != want {
			t.Errorf("%s: %d connections, want %d", remote, n, want)
		}
	}
	h.origins.remove(addrPort("192.0.2.1:1000").Addr(), "")
	h.origins.remove(addrPort("@").Addr(), "")
	if n, _, _ := h.origins.count(addrPort("192.0.2.1:9").Addr(), ""); n != 2 || len(h.origins.counts) != 2 {
		t.Errorf("%d connections left, of %d origins", n, len(h.origins.counts))
	}
}

// A connection has one place from its reservation to its end: nothing counts twice, nor not at all.
func TestReservedPlaceIsTheConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := quick()
		o.PerClient = true
		h, _ := start(t, o)
		r := request("ann")
		sizes := func(when string, want int) {
			t.Helper()
			if n := h.Sizes(r); n != (Sizes{want, want, want, -1}) {
				t.Errorf("%s: %+v, want %d", when, n, want)
			}
		}
		n, reserved := h.Reserve(r)
		if n != (Sizes{1, 1, 1, -1}) {
			t.Errorf("the first is %+v", n)
		}
		sizes("reserved", 1)
		server, _ := inMemory()
		c := h.Adopt(r, server, nil, reserved)
		sizes("adopted", 1)
		reserved.Cancel()
		sizes("cancelled too late", 1)
		c.Close()
		synctest.Wait()
		sizes("closed", 0)

		_, reserved = h.Reserve(r)
		reserved.Cancel()
		reserved.Cancel()
		sizes("cancelled twice", 0)
		if len(h.origins.counts)+len(h.origins.clients) > 0 {
			t.Errorf("kept: %v", &h.origins)
		}
	})
}

// A client that only has its address and user agent shares them with others, so it is not counted by that.
func TestNamelessClientsAreNotCounted(t *testing.T) {
	h := New(Options{PerClient: true, Identity: mustIdentity(t, "query:client")})
	for range 2 {
		if n, _ := h.Reserve(request("")); n.OfClient != 0 {
			t.Errorf("%+v", n)
		}
	}
	h.Reserve(request("ann"))
	if n, _ := h.Reserve(request("ann")); n.OfClient != 2 || n.All != 4 {
		t.Errorf("%+v", n)
	}
}

// A network counts as one address, and the smallest one that has an address wins.
func TestNetworksCountAsOne(t *testing.T) {
	h := New(Options{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}})
	for _, tc := range []struct {
		remote  string
		count   int
		network int
	}{{"10.0.0.1:1", 1, 0}, {"10.9.0.1:1", 2, 0}, {"10.1.0.1:1", 1, 1}, {"10.1.255.1:1", 2, 1}, {"192.0.2.1:1", 1, -1}, {"10.0.0.1:2", 3, 0}} {
		r := request("ann")
		r.RemoteAddr = tc.remote
		if n, _ := h.Reserve(r); n.FromOrigin != tc.count || n.Network != tc.network {
			t.Errorf("%s: %+v, want number %d of network %d", tc.remote, n, tc.count, tc.network)
		}
	}
}

func mustIdentity(t *testing.T, text string) Identity {
	t.Helper()
	i, err := ParseIdentity(text)
	if err != nil {
		t.Fatal(err)
	}
	return i
}
