package hub

import "testing"

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
