package hub

import (
	"net/netip"
	"sync"
)

// Expect counts a connection that is about to be upgraded, from a client with this RemoteAddr, so that many upgrades at
// a time cannot all take the last place. It returns the numbers of connections with that one, in all and from its
// origin. The caller calls over when the connection was adopted, and so counts by itself, or when it will not come. A
// second call of over does nothing.
func (h *Hub) Expect(remote string) (all, fromOrigin int, over func()) {
	a := addrPort(remote).Addr()
	all, fromOrigin = int(h.count.size.Add(1)), h.origins.add(a)
	return all, fromOrigin, sync.OnceFunc(func() {
		h.origins.remove(a)
		h.count.size.Add(-1)
	})
}

// origins counts connections by their origin: an IPv4 address, or the IPv6 network of 64 bits that one machine has.
type origins struct {
	mu     sync.Mutex // protects all following
	counts map[netip.Addr]int
}

func (o *origins) count(a netip.Addr) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[origin(a)]
}

// add returns the count with the one that it adds.
func (o *origins) add(a netip.Addr) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = make(map[netip.Addr]int)
	}
	a = origin(a)
	o.counts[a]++
	return o.counts[a]
}

func (o *origins) remove(a netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a = origin(a)
	if o.counts[a]--; o.counts[a] == 0 {
		delete(o.counts, a)
	}
}

// origin returns a itself, or the IPv6 network that a machine with this address has.
func origin(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	p, _ := a.Prefix(64) // which all IPv6 addresses have
	return p.Addr()
}
