package hub

import (
	"net/netip"
	"sync"
)

// SizeFrom returns the number of connections from the origin of a request with this RemoteAddr, including
// those that are being upgraded. An origin is an IPv4 address, or an IPv6 network of 64 bits: that is what one
// machine has.
func (h *Hub) SizeFrom(remote string) int { return h.origins.count(addrPort(remote).Addr()) }

// origins counts connections by their origin.
type origins struct {
	mu     sync.Mutex // protects all following
	counts map[netip.Addr]int
}

func (o *origins) count(a netip.Addr) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[origin(a)]
}

func (o *origins) add(a netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = make(map[netip.Addr]int)
	}
	o.counts[origin(a)]++
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
