package server

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"holter/model"
)

// sameOrigin reports whether r comes from no browser page, or from one that its own host served. A page
// of another site says so in its Origin, which scripts cannot change.
func sameOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return err == nil && len(origins) == 1 && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// allowedOrigin reports whether r has sameOrigin, or an origin of the list, in which * stands for all.
func allowedOrigin(r *http.Request, allow []string) bool {
	if sameOrigin(r) || slices.Contains(allow, "*") {
		return true
	}
	origin := r.Header.Get("Origin")
	return slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, origin) })
}

// refuseForeignOrigins turns pages of other sites away: they could read and kick what their visitor can.
func refuseForeignOrigins(c *gin.Context) {
	if !sameOrigin(c.Request) {
		fail(c, model.Errorf(model.Forbidden, "pages of other origins have no access"))
	}
}

// refuseForeignHosts turns away requests under any name but this machine's own. On a loopback address
// they come from a page whose domain has been pointed at it, and so passes for the same origin (DNS
// rebinding).
func refuseForeignHosts(c *gin.Context) {
	if !loopback(hostname(c.Request.Host)) {
		fail(c, model.Errorf(model.Forbidden, "on a loopback address the host must be localhost, 127.0.0.1 or [::1]"))
	}
}

// hostname is the host of a Host header in lower case, without port and brackets.
func hostname(host string) string {
	host = strings.ToLower(host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
