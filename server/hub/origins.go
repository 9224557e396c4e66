package hub

import (
	"net/http"
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
	client string      // "" for one that is not counted
	over   atomic.Bool // cancelled, or taken by a connection
}

// Sizes are numbers of connections, including those that are being upgraded.
type Sizes struct {
	All        int
	FromOrigin int // from one address or, if the address is in one of Options.Networks, from that network
	OfClient   int // of the client by its name, 0 if Options.PerClient is not set or the client has none
	Network    int // the index of that network, -1 for none
}

// Reserve makes a reservation for the client of r, whose RemoteAddr is the client's. It returns the numbers of connections
// with that one. The caller cancels it if no connection comes.
func (h *Hub) Reserve(r *http.Request) (Sizes, *Reservation) {
	reserved := &Reservation{hub: h, origin: addrPort(r.RemoteAddr).Addr()}
	if h.o.PerClient {
		reserved.client = h.o.Identity.counted(r)
	}
	fromOrigin, ofClient, network := h.origins.add(reserved.origin, reserved.client)
	return Sizes{int(h.count.size.Add(1)), fromOrigin, ofClient, network}, reserved
}

// Cancel gives the place back, unless a connection has taken it or it was given back before. Nil has none.
func (r *Reservation) Cancel() {
	if r.take() {
		r.hub.leave(r.origin, r.client)
	}
}

// take reports whether the place was still there to be taken.
func (r *Reservation) take() bool { return r != nil && r.over.CompareAndSwap(false, true) }

// leave counts one connection less.
func (h *Hub) leave(origin netip.Addr, client string) {
	h.origins.remove(origin, client)
	h.count.size.Add(-1)
}

// Sizes returns the numbers of connections that a reservation for r would return, without that one.
func (h *Hub) Sizes(r *http.Request) Sizes {
	client := ""
	if h.o.PerClient {
		client = h.o.Identity.counted(r)
	}
	fromOrigin, ofClient, network := h.origins.count(addrPort(r.RemoteAddr).Addr(), client)
	return Sizes{h.Size(), fromOrigin, ofClient, network}
}

// origins counts connections by their origin: an IPv4 address, or the IPv6 network of 64 bits that one machine has, or one
// of the networks that count as one. It also counts them by the names of their clients.
type origins struct {
	networks []netip.Prefix // never change

	mu      sync.Mutex // protects all following
	counts  map[netip.Prefix]int
	clients map[string]int
}

func (o *origins) count(a netip.Addr, client string) (fromOrigin, ofClient, network int) {
	key, network := o.origin(a)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[key], o.clients[client], network
}

// add returns the counts with the one that it adds.
func (o *origins) add(a netip.Addr, client string) (fromOrigin, ofClient, network int) {
	key, network := o.origin(a)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts, o.clients = make(map[netip.Prefix]int), make(map[string]int)
	}
	o.counts[key]++
	if client != "" {
		o.clients[client]++
	}
	return o.counts[key], o.clients[client], network
}

func (o *origins) remove(a netip.Addr, client string) {
	key, _ := o.origin(a)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts[key]--; o.counts[key] == 0 {
		delete(o.counts, key)
	}
	if client == "" {
		return
	}
	if o.clients[client]--; o.clients[client] == 0 {
		delete(o.clients, client)
	}
}

// origin returns where a counts: in the smallest of the networks that has it, with the index of that one, else at the
// address itself, or the IPv6 network that a machine with this address has.
func (o *origins) origin(a netip.Addr) (key netip.Prefix, network int) {
	network = -1
	for i, n := range o.networks {
		if n.Contains(a) && (network < 0 || n.Bits() > o.networks[network].Bits()) {
			network = i
		}
	}
	if network >= 0 {
		return o.networks[network], network
	}
	return machine(a), network
}

// machine returns the addresses that the machine with this address has: an IPv6 network, or this address alone.
func machine(a netip.Addr) (p netip.Prefix) {
	switch {
	case a.Is6():
		p, _ = a.Prefix(64) // which all IPv6 addresses have
	case a.IsValid():
		p, _ = a.Prefix(32)
	}
	return p
}
