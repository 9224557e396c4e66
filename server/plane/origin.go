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
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// AllowedOrigin reports whether r is of the same origin, or of one in the list, where * stands for all.
func AllowedOrigin(r *http.Request, allow []string) bool {
	if SameOrigin(r) || slices.Contains(allow, "*") {
		return true
	}
	origin := r.Header.Get("Origin")
	return slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, origin) })
}

// OwnHost reports whether r was sent to a name of this machine itself. If a plane listens on a loopback
// address, another name means an attack: the author of a page let the page's domain point at that address, so that
// the browser takes the plane for the page's own origin (DNS rebinding).
func OwnHost(r *http.Request) bool { return Loopback(hostname(r.Host)) }

// hostname returns the host of a Host header in lower case, without port and brackets.
func hostname(host string) string {
	host = strings.ToLower(host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
