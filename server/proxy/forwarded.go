package proxy

import (
	"net/http"
	"net/netip"
	"strings"

	"holter/server/plane"
)

// forward sets the X-Forwarded headers of out, the request to the upstream, for a request in. Such headers of in
// are passed on if a trusted proxy sent it, and replaced otherwise.
func forward(t plane.Trusted, out http.Header, in *http.Request) {
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
	if t.Has(peer.Addr()) {
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
