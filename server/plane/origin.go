package plane

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SameOrigin reports whether r comes from no browser page, or from one that its own host served. A page
// of another site says so in its Origin, which scripts cannot change.
func SameOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// AllowedOrigin reports whether r has sameOrigin, or an origin of the list, in which * stands for all.
func AllowedOrigin(r *http.Request, allow []string) bool {
	if SameOrigin(r) || slices.Contains(allow, "*") {
		return true
	}
	origin := r.Header.Get("Origin")
	return slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, origin) })
}

// OwnHost reports whether r was sent to a name of this machine itself. On a loopback address a request under
// another name comes from a page whose domain has been pointed at it, and so passes for the same origin (DNS
// rebinding).
func OwnHost(r *http.Request) bool { return Loopback(hostname(r.Host)) }

// hostname is the host of a Host header in lower case, without port and brackets.
func hostname(host string) string {
	host = strings.ToLower(host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
