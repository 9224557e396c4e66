package proxy

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// rename gives out the upstream's own name as Host. An Origin that names the host which the client used becomes the
// upstream's too, because a server that checks its origin compares the two. Any other Origin is not holter's to
// change: the upstream has to know that a foreign page asks.
func (u *upstream) rename(out *http.Request) {
	if origins := out.Header["Origin"]; len(origins) == 1 && namesHost(origins[0], out.Host) {
		out.Header["Origin"] = []string{u.url.Scheme + "://" + u.url.Host}
	}
	out.Host = u.url.Host
}

// namesHost reports whether origin is that of a page from host, which is HOST or HOST:PORT. The scheme is not
// compared: a proxy in front of holter may have taken TLS off. A port that is not written is that of origin's scheme.
func namesHost(origin, host string) bool {
	o, err := url.Parse(origin)
	if err != nil || o.Hostname() == "" || !strings.EqualFold(o.Scheme+"://"+o.Host, origin) {
		return false
	}
	usual := map[string]string{"http": "80", "https": "443"}[o.Scheme]
	h, err := url.Parse("//" + host)
	return err == nil && usual != "" && h.Host == host &&
		strings.EqualFold(o.Hostname(), h.Hostname()) && cmp.Or(o.Port(), usual) == cmp.Or(h.Port(), usual)
}
