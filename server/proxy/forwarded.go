package proxy

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// trusted are the networks of proxies in front of holter. holter passes their X-Forwarded headers on.
type trusted []netip.Prefix

func parseTrusted(texts []string) (trusted, error) {
	var t trusted
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if addr, e := netip.ParseAddr(text); e == nil {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies %q is no network: write addresses or CIDR blocks, such as 10.0.0.0/8,192.168.1.7", text)
		}
		t = append(t, p.Masked())
	}
	return t, nil
}

func (t trusted) has(a netip.Addr) bool {
	for _, p := range t {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// origin returns the address of the client of r: that of the peer, or, if the peer is a trusted proxy, the last
// address in X-Forwarded-For that is not one (addresses before it can be forged). The port of such a client is
// not known, and 0.
func (t trusted) origin(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !t.has(peer.Addr().Unmap()) {
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
		if !t.has(hop) {
			break
		}
	}
	if !client.IsValid() {
		return r.RemoteAddr
	}
	return netip.AddrPortFrom(client, 0).String()
}

// parseHop reads an address, with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if p, err := netip.ParseAddrPort(text); err == nil {
		return p.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err == nil
}

// forward sets the X-Forwarded headers of out, the request to the upstream, for a request in. Such headers of in
// are passed on if a trusted proxy sent it, and replaced otherwise.
func (t trusted) forward(out http.Header, in *http.Request) {
	proto := "http"
	if in.TLS != nil {
		proto = "https"
	}
	out.Set("X-Forwarded-Host", in.Host)
	out.Set("X-Forwarded-Proto", proto)
	out.Del("X-Forwarded-For")
	peer, err := netip.ParseAddrPort(in.RemoteAddr)
	if err != nil {
		return
	}
	hops := peer.Addr().Unmap().String()
	if t.has(peer.Addr().Unmap()) {
		if before := in.Header["X-Forwarded-For"]; len(before) > 0 {
			hops = strings.Join(before, ", ") + ", " + hops
		}
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
			if values := in.Header[name]; len(values) > 0 {
				out[name] = values
			}
		}
	}
	out.Set("X-Forwarded-For", hops)
}
