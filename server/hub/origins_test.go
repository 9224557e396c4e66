package hub

import (
	"testing"
	"testing/synctest"
)

func TestOrigins(t *testing.T) {
	var h Hub
	for _, remote := range []string{"192.0.2.1:1000", "192.0.2.1:1001", "[::ffff:192.0.2.1]:1002", "[2001:db8::1]:1", "[2001:db8::2:1]:1", "@"} {
		h.origins.add(addrPort(remote).Addr())
	}
	for remote, want := range map[string]int{
		"192.0.2.1:9": 3, "192.0.2.2:9": 0, "[2001:db8::ffff:0:0:7]:9": 2, "[2001:db8:0:1::1]:9": 0, "somewhere": 1,
	} {
		if n := h.origins.count(addrPort(remote).Addr()); n != want {
			t.Errorf("%s: %d connections, want %d", remote, n, want)
		}
	}
	h.origins.remove(addrPort("192.0.2.1:1000").Addr())
	h.origins.remove(addrPort("@").Addr())
	if n := h.origins.count(addrPort("192.0.2.1:9").Addr()); n != 2 || len(h.origins.counts) != 2 {
		t.Errorf("%d connections left, of %d origins", n, len(h.origins.counts))
	}
}

// A connection has one place from its reservation to its end: nothing counts twice, nor not at all.
func TestReservedPlaceIsTheConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := start(t, quick())
		r := request("ann")
		sizes := func(when string, want int) {
			t.Helper()
			if all, fromOrigin := h.Sizes(r.RemoteAddr); all != want || fromOrigin != want {
				t.Errorf("%s: %d connections, %d from there, want %d", when, all, fromOrigin, want)
			}
		}
		all, fromOrigin, reserved := h.Reserve(r.RemoteAddr)
		if all != 1 || fromOrigin != 1 {
			t.Errorf("the first is number %d, and %d from there", all, fromOrigin)
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

		_, _, reserved = h.Reserve(r.RemoteAddr)
		reserved.Cancel()
		reserved.Cancel()
		sizes("cancelled twice", 0)
	})
}
