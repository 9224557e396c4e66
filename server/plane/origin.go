package plane

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SameOrigin reports whether r comes from a page that the same host served, or from no page at all. The browser
// sends the origin of the page in a header that scripts cannot change.
func SameOrigin(r *http.Request) bool {
	if len(r.Header["Origin"]) == 0 {
		return true
	}
	host, ok := OriginHost(r)
	return ok && strings.EqualFold(host, r.Host)
}

// AllowedOrigin reports whether r is of the same origin, or of one in the list, where * stands for all.
func AllowedOrigin(r *http.Request, allow []string) bool {
	if SameOrigin(r) || slices.Contains(allow, "*") {
		return true
	}
	origin := r.Header.Get("Origin")
	return slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, origin) })
}

// OriginHost returns the host, with the port if it is written there, of the page that r comes from. There is none if r
// comes from no page, or from one without a host of its own.
func OriginHost(r *http.Request) (host string, ok bool) {
	origins := r.Header["Origin"]
	if len(origins) != 1 {
		return "", false
	}
	u, err := url.Parse(origins[0])
	if err != nil {
		return "", false
	}
	return u.Host, u.Host != ""
}

// OwnHost reports whether r was sent to a name of this machine itself. If a plane listens on a loopback
// address, another name means an attack: the author of a page let the page's domain point at that address, so that
// the browser takes the plane for the page's own origin (DNS rebinding). Names under localhost lead to this machine
// alone (RFC 6761 section 6.3).
func OwnHost(r *http.Request) bool {
	host := Hostname(r)
	return Loopback(host) || strings.HasSuffix(host, ".localhost")
}

// KnownHost reports whether r was sent to one of the names, each with or without a port.
func KnownHost(r *http.Request, names []string) bool {
	host, port := splitHost(r.Host)
	return slices.ContainsFunc(names, func(name string) bool {
		known, its := splitHost(name)
		return host == known && (its == "" || port == its)
	})
}

// SameHost reports whether two hosts, each with a port or without, are written alike but for the case and for the point at the end
// of a name, which says that it is whole (RFC 1034 section 3.1).
func SameHost(a, b string) bool {
	hostA, portA := splitHost(a)
	hostB, portB := splitHost(b)
	return hostA == hostB && portA == portB
}

// Hostname returns the host that r was sent to in lower case, without port, brackets and the point at the end of a name.
func Hostname(r *http.Request) string {
	host, _ := splitHost(r.Host)
	return host
}

func splitHost(text string) (host, port string) {
	text = strings.ToLower(text)
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), ""
	}
	return strings.TrimSuffix(host, "."), port
}
