package endpoint

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"holter/model"
	"holter/server/plane"
)

// requireHost keeps out pages whose author lets their name point at this machine (DNS rebinding): to a browser they are of
// the same origin as holter's own page. It matters only where nobody else can reach the plane.
func (d *endpoint) requireHost(c *gin.Context) {
	if !d.private() || d.goodHost(c.Request) {
		return
	}
	host := model.Clean(c.Request.Host, 200)
	reason := fmt.Sprintf("host %s is no name of this machine", host)
	if plane.Handshaking(c.Request) {
		d.refused(c.Request, model.Refusal{
			Status: http.StatusForbidden, Reason: reason, By: model.RefusedByHolter,
			Diagnosis: model.Diagnosis{Cause: model.CauseHandshakeBroken, Detail: reason + ", and only this machine can reach --listen, so it may be a page that was made to point here: if the name is yours, --allow-origin https://" + host + " lets its pages in"},
		})
	}
	fail(c, model.Errorf(model.Forbidden, "%s; --allow-origin https://%s would allow it", reason, host))
}

// goodHost reports whether r was not sent by a page of a stranger's name. The browser resolves a name for such a page, so
// an address is no danger. It sends an Origin with each handshake, which other clients do not. And a page cannot set header
// fields of a handshake, so what has those of a proxy came through one that stands on this machine. (It can set them
// elsewhere, where it would get no more than the page that everybody gets.)
func (d *endpoint) goodHost(r *http.Request) bool {
	_, notAddress := netip.ParseAddr(plane.Hostname(r))
	switch {
	case r.Host == "", plane.OwnHost(r), notAddress == nil, proxied(r):
		return true
	case plane.Handshaking(r) && len(r.Header["Origin"]) == 0:
		return true
	}
	return slices.Contains(d.allowOrigin, "*") || plane.KnownHost(r, hostsOf(d.allowOrigin))
}

// proxied reports whether r has a field by which proxies say for whom they ask.
func proxied(r *http.Request) bool {
	return slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}, func(name string) bool {
		return r.Header[name] != nil
	})
}

func hostsOf(origins []string) (hosts []string) {
	for _, origin := range origins {
		if u, err := url.Parse(origin); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}
