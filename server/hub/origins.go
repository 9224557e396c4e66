package hub

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// Reservation is a place for a connection that is about to be upgraded. It counts as a connection, so that many upgrades at
// a time cannot all take the last place. The connection that is adopted with it takes the place over: nothing counts
// twice, or another client would be refused for which there is a place.
type Reservation struct {
	hub    *Hub
	origin netip.Addr
	over   atomic.Bool // cancelled, or taken by a connection
}

// Reserve makes a reservation for a client with this RemoteAddr. It returns the numbers of connections with that one, in
// all and from its origin. The caller cancels it if no connection comes.
func (h *Hub) Reserve(remote string) (all, fromOrigin int, r *Reservation) {
	r = &Reservation{hub: h, origin: addrPort(remote).Addr()}
	return int(h.count.size.Add(1)), h.origins.add(r.origin), r
}

// Cancel gives the place back, unless a connection has taken it or it was given back before. Nil has none.
func (r *Reservation) Cancel() {
	if r.take() {
		r.hub.leave(r.origin)
	}
}

// take reports whether the place was still there to be taken.
func (r *Reservation) take() bool { return r != nil && r.over.CompareAndSwap(false, true) }

// leave counts one connection less.
func (h *Hub) leave(origin netip.Addr) {
	h.origins.remove(origin)
	h.count.size.Add(-1)
}

// Sizes returns the numbers of connections, in all and from the origin of a client with this RemoteAddr, including those
// that are being upgraded.
func (h *Hub) Sizes(remote string) (all, fromOrigin int) {
	return h.Size(), h.origins.count(addrPort(remote).Addr())
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
