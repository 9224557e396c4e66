package plane

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Trusted are the networks of proxies in front of holter, whose X-Forwarded headers it believes.
type Trusted []netip.Prefix

// ParseTrusted parses addresses and CIDR blocks. The error names the setting that they are from.
func ParseTrusted(setting string, texts []string) (Trusted, error) {
	var t Trusted
	for _, text := range texts {
		p, ok := ParseNetwork(text)
		if !ok {
			return nil, fmt.Errorf("%s %q is no network: write addresses or CIDR blocks, such as 10.0.0.0/8,192.168.1.7", setting, text)
		}
		t = append(t, p)
	}
	return t, nil
}

// ParseNetwork parses a CIDR block, or an address, which is a network of one. One of IPv4 that is written as IPv6, such as
// ::ffff:10.0.0.0/104, is one of IPv4, as the addresses of clients are.
func ParseNetwork(text string) (network netip.Prefix, ok bool) {
	network, err := netip.ParsePrefix(text)
	if a, e := netip.ParseAddr(text); e == nil {
		network, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if a, bits := network.Addr(), network.Bits()-96; a.Is4In6() && bits >= 0 {
		network = netip.PrefixFrom(a.Unmap(), bits)
	}
	return network.Masked(), err == nil
}

// Has reports whether a is the address of a trusted proxy, in any of its forms.
func (t Trusted) Has(a netip.Addr) bool {
	a = plain(a)
	for _, p := range t {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Origin returns the address of the client of r: that of the peer, or, if the peer is a trusted proxy, the last
// address in X-Forwarded-For that is not one (addresses before it can be forged). The port of such a client is
// not known, and 0.
func (t Trusted) Origin(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !t.Has(peer.Addr()) {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	client := netip.Addr{}
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		client = hop
		if !t.Has(hop) {
			break
		}
	}
	if !client.IsValid() {
		return r.RemoteAddr
	}
	return netip.AddrPortFrom(client, 0).String()
}

// plain returns an address in the form that a Trusted has: one of IPv4 not as one of IPv6, and without the zone, which is the
// name of a network card.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// parseHop reads an address, with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if p, err := netip.ParseAddrPort(text); err == nil {
		return plain(p.Addr()), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return plain(a), err == nil
}
